/**
 * What the fronts of a node tell each other of their caches: keys that came from the origin, keys that the disk has now, URLs that changed.
 *
 * Gathers for a moment and sends one message at a time. Bounded: news that the channel does not take in time are dropped, which costs requests to
 * the origin, and for a changed URL what its lifetime allows anyway.
 */
import { cacheNewsLimits } from "../../sdk/cdn-limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { KeyWords } from "./disk/present-keys.ts";

export interface Invalidation {
  /** The cache's, with the domain. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface CacheNews {
  /** `packKeys`: came from the origin. */
  readonly used: string;
  /** `packKeys`: stand on the disk. */
  readonly written: string;
  readonly invalidated: readonly Invalidation[];
}

export interface NewsSenderOptions {
  /** Settles when the message is on its way. */
  readonly send: (news: CacheNews) => Promise<void>;
  readonly clock: Clock;
}

export class NewsSender {
  readonly #options: NewsSenderOptions;
  #used: KeyWords[] = [];
  #written: KeyWords[] = [];
  #invalidated: Invalidation[] = [];
  #timer: CancelTimer | null = null;
  #isSending = false;

  constructor(options: NewsSenderOptions) {
    this.#options = options;
  }

  used(key: KeyWords): void {
    if (this.#used.length < cacheNewsLimits.keysMax) this.#used.push(key);
    this.#send("soon");
  }

  written(key: KeyWords): void {
    if (this.#written.length < cacheNewsLimits.keysMax) this.#written.push(key);
    this.#send("soon");
  }

  invalidated(invalidation: Invalidation): void {
    if (this.#invalidated.length < cacheNewsLimits.invalidatedMax) this.#invalidated.push(invalidation);
    this.#send("now");
  }

  close(): void {
    this.#timer?.();
    this.#timer = null;
  }

  #send(when: "now" | "soon"): void {
    // What comes meanwhile goes with the next message.
    if (this.#isSending) return;
    if (when === "now") return this.#sendNow();
    this.#timer ??= this.#options.clock.after(cacheNewsLimits.gatherMs, () => this.#sendNow());
  }

  #sendNow(): void {
    this.close();
    const news = { used: packKeys(this.#used), written: packKeys(this.#written), invalidated: this.#invalidated };
    this.#used = [];
    this.#written = [];
    this.#invalidated = [];
    this.#isSending = true;
    // A channel that is gone takes this process with it.
    this.#options
      .send(news)
      .catch(() => {})
      .finally(() => this.#sent());
  }

  #sent(): void {
    this.#isSending = false;
    if (this.#invalidated.length > 0) this.#send("now");
    else if (this.#used.length + this.#written.length > 0) this.#send("soon");
  }
}

const KEY_BYTES = 8;

/** Base64 of eight bytes a key. */
export function packKeys(keys: readonly KeyWords[]): string {
  const bytes = Buffer.alloc(keys.length * KEY_BYTES);
  for (const [index, { b, c }] of keys.entries()) {
    bytes.writeUInt32LE(b, index * KEY_BYTES);
    bytes.writeUInt32LE(c, index * KEY_BYTES + 4);
  }
  return bytes.toString("base64");
}

export function* unpackKeys(text: string): Generator<KeyWords> {
  const bytes = Buffer.from(text, "base64");
  for (let at = 0; at + KEY_BYTES <= bytes.byteLength; at += KEY_BYTES) {
    yield { b: bytes.readUInt32LE(at), c: bytes.readUInt32LE(at + 4) };
  }
}
