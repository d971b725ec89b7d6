/**
 * Part: SHA-256 and HMAC-SHA-256 of small messages inside the isolate, where crossing to the host would take longer than hashing.
 * The compression function is hash-wasm's; a message is one call, so nothing of it stays.
 */
import { createSHA256, type IHasher } from "hash-wasm";

const blockBytes = 64;

/** What a key makes of the two hashes of an HMAC (RFC 2104 §4), before any message. */
export interface HmacStart {
  readonly inner: Uint8Array;
  readonly outer: Uint8Array;
}

export class Sha256 {
  readonly #hasher: IHasher;

  private constructor(hasher: IHasher) {
    this.#hasher = hasher;
  }

  static async create(): Promise<Sha256> {
    return new Sha256(await createSHA256());
  }

  digest(bytes: Uint8Array): Uint8Array {
    return this.#hasher.init().update(bytes).digest("binary");
  }

  startHmac(key: Uint8Array): HmacStart {
    const block = new Uint8Array(blockBytes);
    block.set(key.length > blockBytes ? this.digest(key) : key);
    const [inner, outer] = [0x36, 0x5c].map((pad) => {
      return this.#hasher
        .init()
        .update(block.map((byte) => byte ^ pad))
        .save();
    });
    if (inner === undefined || outer === undefined) throw new Error("Cannot start an HMAC");
    return { inner, outer };
  }

  hmac({ inner, outer }: HmacStart, bytes: Uint8Array): Uint8Array {
    const digest = this.#hasher.load(inner).update(bytes).digest("binary");
    return this.#hasher.load(outer).update(digest).digest("binary");
  }
}
