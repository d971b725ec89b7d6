/** `createHash`, `createHmac` and `hash` of `node:crypto`. They are no streams: `update` and `digest` are all they have. */
import { hmac } from "@noble/hashes/hmac.js";
import type { HashOptions } from "./crypto-types.ts";
import { bytesOf, encoded } from "./crypto-bytes.ts";
import { keyBytesOf } from "./crypto-key-object.ts";
import { digestNames, digestOf } from "./crypto-digests.ts";
import { invalidArgument, nodeError } from "./node-error.ts";

interface State {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
  clone(): State;
}

class Digester {
  #state: State | null;

  constructor(state: State) {
    this.#state = state;
  }

  update(data: unknown, encoding?: string): this {
    this.#open().update(bytesOf("data", data, encoding));
    return this;
  }

  digest(encoding?: string): Uint8Array | string {
    const state = this.#open();
    this.#state = null;
    return encoded(state.digest(), encoding);
  }

  protected copyState(): State {
    return this.#open().clone();
  }

  #open(): State {
    if (this.#state === null) throw nodeError(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    return this.#state;
  }
}

class Hash extends Digester {
  copy(): Hash {
    return new Hash(this.copyState());
  }
}

class Hmac extends Digester {}

function createHash(algorithm: string, options?: HashOptions): Hash {
  const digest = digestOf(algorithm);
  const length = options?.outputLength;
  if (length !== undefined && length !== digest.outputLen) {
    throw nodeError(Error, "ERR_CRYPTO_INVALID_DIGEST", `Unsupported output length of ${algorithm}: ${String(length)}`);
  }
  return new Hash(digest.create());
}

function createHmac(algorithm: string, key: unknown): Hmac {
  const digest = digestOf(algorithm);
  if (key === null || key === undefined)
    throw invalidArgument("key", "of type string or an instance of Buffer or TypedArray", key);
  return new Hmac(hmac.create(digest, keyBytesOf("key", key)));
}

/** A whole digest at once; text in hex unless said otherwise. */
function hash(algorithm: string, data: unknown, encoding = "hex"): Uint8Array | string {
  return encoded(digestOf(algorithm)(bytesOf("data", data)), encoding);
}

function getHashes(): string[] {
  return [...digestNames];
}

export { Hash, Hmac, createHash, createHmac, getHashes, hash };
