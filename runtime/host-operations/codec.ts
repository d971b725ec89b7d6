/**
 * One compressor or decompressor on zlib's threads, driven step by step: it computes only what was asked for.
 *
 * Node's zlib streams stop at the back-pressure of their readable side, so that unread output never exceeds `outputBytesMax` and one
 * chunk, however far the input would expand. Invariant: after `dispose` nothing of it works any more.
 */
import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createDeflateRaw,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  type ZlibOptions,
} from "node:zlib";
import { compressionLimits } from "../../sdk/limits.ts";
import type { CodecDirection, CompressionFormat, WireProgress } from "../guest/compression-protocol.ts";
import { HostOperationError } from "./host-operation-error.ts";

export interface CodecProgress extends WireProgress {
  /** Null: none came out in this step. */
  readonly output: Uint8Array | null;
}

type ZlibStream = ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliCompress>;

export class Codec {
  readonly #stream: ZlibStream;
  readonly #direction: CodecDirection;
  #wake: (() => void) | null = null;
  #ended = false;

  constructor(direction: CodecDirection, format: CompressionFormat) {
    this.#direction = direction;
    this.#stream = openers[direction][format]();
    const wake = (): void => {
      this.#wake?.();
    };
    this.#stream.on("readable", wake);
    this.#stream.on("error", wake);
    this.#stream.on("close", wake);
    this.#stream.on("end", () => {
      this.#ended = true;
      wake();
    });
  }

  /**
   * Takes `input` in and gives what can be had: some output, or that all input was used, or the end. One call at a time.
   * @throws HostOperationError (a TypeError for the guest) once the output before the fault was given.
   */
  async step(input: Uint8Array | null, { isLast }: { readonly isLast: boolean }): Promise<CodecProgress> {
    if (input !== null) {
      this.#stream.write(input, () => {
        this.#wake?.();
      });
    }
    if (isLast && !this.#stream.writableEnded) this.#stream.end();
    for (;;) {
      const output = this.#stream.read() as Uint8Array | null;
      if (output !== null) return { output, state: this.#isHungry() ? "hungry" : "more" };
      if (this.#ended) return { output, state: "ended" };
      if (this.#stream.errored !== null || this.#stream.destroyed) throw this.#failure();
      if (this.#isHungry()) return { output, state: "hungry" };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  dispose(): void {
    this.#stream.destroy();
  }

  #isHungry(): boolean {
    const { writableLength, readableLength, writableEnded, errored } = this.#stream;
    return writableLength === 0 && readableLength === 0 && !writableEnded && errored === null;
  }

  #failure(): HostOperationError {
    const code = this.#stream.errored === null ? "closed" : codeOf(this.#stream.errored);
    return new HostOperationError(
      "TypeError",
      `Cannot ${this.#direction}: ${reasons[code] ?? "the data is not valid"}`,
    );
  }
}

const reasons: Readonly<Record<string, string>> = {
  closed: "the instance is stopping",
  Z_BUF_ERROR: "the data ends before its end",
  ERR_TRAILING_JUNK_AFTER_STREAM_END: "bytes follow the end of the data",
};

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

const zlibOptions: ZlibOptions & { readonly rejectGarbageAfterEnd: true } = {
  chunkSize: compressionLimits.chunkBytesMax,
  rejectGarbageAfterEnd: true,
};
const brotliCompressOptions = {
  chunkSize: compressionLimits.chunkBytesMax,
  params: {
    // Brotli's own defaults (11 and 22) cost 20 times the time of gzip and megabytes of memory a stream.
    [constants.BROTLI_PARAM_QUALITY]: 5,
    [constants.BROTLI_PARAM_LGWIN]: 18,
  },
};

const openers: { readonly [D in CodecDirection]: { readonly [F in CompressionFormat]: () => ZlibStream } } = {
  compress: {
    deflate: () => createDeflate(zlibOptions),
    "deflate-raw": () => createDeflateRaw(zlibOptions),
    gzip: () => createGzip(zlibOptions),
    brotli: () => createBrotliCompress(brotliCompressOptions),
  },
  decompress: {
    deflate: () => createInflate(zlibOptions),
    "deflate-raw": () => createInflateRaw(zlibOptions),
    gzip: () => createGunzip(zlibOptions),
    brotli: () => createBrotliDecompress(zlibOptions),
  },
};
