/**
 * Compresses bodies on libuv's threads: whole ones at once, streams as they come, and keeps what stored answers became.
 *
 * Knows no HTTP. A stored body is recognised by the identity of its bytes, or of what stands for them, so the cache knows nothing of this, and what was
 * kept for a body that is gone ages out. Invariants: work and kept bytes are bounded; who finds no room gets null and sends the body as it is.
 */
import { LRUCache } from "lru-cache";
import zlib from "node:zlib";
import { promisify } from "node:util";
import type { Body } from "../../runtime/body.ts";
import { compressionStepLimits } from "../../sdk/cdn-limits.ts";
import type { Coding } from "./accept-encoding.ts";
import { compressStream } from "./compress-stream.ts";
import { zlibOptions } from "./zlib-options.ts";

/** The forms of one stored body. */
type Forms = Map<Coding, Uint8Array | Promise<Uint8Array | null>>;

const whole: Readonly<Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  br: (bytes) => promisify(zlib.brotliCompress)(bytes, zlibOptions.br),
  zstd: (bytes) => promisify(zlib.zstdCompress)(bytes, zlibOptions.zstd),
  gzip: (bytes) => promisify(zlib.gzip)(bytes, zlibOptions.gzip),
};

export class Compressor {
  readonly #forms = new WeakMap<object, Forms>();
  /** Holds the compressed bytes only; a form that leaves it is forgotten by its body, too. */
  readonly #kept: LRUCache<Uint8Array, () => void>;
  #running = 0;
  #streams = 0;

  constructor({ keptBytesMax = compressionStepLimits.keptBytesMax }: { readonly keptBytesMax?: number } = {}) {
    this.#kept = new LRUCache({
      maxSize: Math.max(1, keptBytesMax),
      sizeCalculation: (_forget, bytes) => bytes.byteLength + 200,
      dispose: (forget) => forget(),
    });
  }

  /** Bytes of compressed forms that are kept. */
  get keptBytes(): number {
    return this.#kept.calculatedSize;
  }

  /** The form of a stored body if it is there already. */
  found(identity: object, coding: Coding): Uint8Array | undefined {
    const form = this.#forms.get(identity)?.get(coding);
    if (!(form instanceof Uint8Array)) return undefined;
    this.#kept.get(form);
    return form;
  }

  /** The form of a stored body, made once however many ask; null: no room. */
  async stored(
    { identity, bytes }: { readonly identity: object; readonly bytes: Uint8Array },
    coding: Coding,
  ): Promise<Uint8Array | null> {
    let forms = this.#forms.get(identity);
    if (forms === undefined) {
      forms = new Map();
      this.#forms.set(identity, forms);
    }
    const present = forms.get(coding);
    if (present !== undefined) return await present;
    const owner = forms;
    const making = this.#make(bytes, coding);
    owner.set(coding, making);
    try {
      const made = await making;
      if (made === null) return null;
      owner.set(coding, made);
      this.#kept.set(made, () => owner.delete(coding));
      return made;
    } finally {
      if (owner.get(coding) === making) owner.delete(coding);
    }
  }

  /** A whole body that is sent once. */
  once(bytes: Uint8Array, coding: Coding): Promise<Uint8Array | null> {
    return this.#make(bytes, coding);
  }

  /** A body that is compressed while it arrives; null: too many are. */
  stream(body: Extract<Body, { kind: "stream" }>, coding: Coding): Body | null {
    if (this.#streams >= compressionStepLimits.streamsMax) return null;
    this.#streams++;
    const chunks = compressStream(body, { coding, onEnd: () => this.#streams-- });
    return { kind: "stream", chunks, lengthBytes: undefined };
  }

  async #make(bytes: Uint8Array, coding: Coding): Promise<Uint8Array | null> {
    if (this.#running >= compressionStepLimits.wholeMax) return null;
    this.#running++;
    try {
      return await whole[coding](bytes);
    } finally {
      this.#running--;
    }
  }
}
