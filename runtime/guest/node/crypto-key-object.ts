/** Secret keys of `node:crypto`: bytes with a type. Public and private keys do not exist here; `crypto.subtle` has them. */
import { Buffer } from "./buffer.ts";
import { bytesOf } from "./crypto-bytes.ts";
import { nodeError, refusing } from "./node-error.ts";

const internal: unique symbol = Symbol("internal");

export class KeyObject {
  readonly #bytes: Uint8Array;

  constructor(token: typeof internal, bytes: Uint8Array) {
    if (token !== internal) {
      throw nodeError(TypeError, "ERR_ILLEGAL_CONSTRUCTOR", "Illegal constructor: use crypto.createSecretKey()");
    }
    this.#bytes = bytes;
  }

  get type(): "secret" {
    void this.#bytes;
    return "secret";
  }

  /** Bytes. */
  get symmetricKeySize(): number {
    return this.#bytes.length;
  }

  export(options: { readonly format?: "buffer" | "jwk" } = {}): unknown {
    const bytes = Buffer.from(this.#bytes);
    return options.format === "jwk" ? { kty: "oct", k: bytes.toString("base64url") } : bytes;
  }

  equals(other: KeyObject): boolean {
    return Buffer.from(this.#bytes).equals(Buffer.from(other.#bytes));
  }

  static from(): never {
    return refusing("crypto.KeyObject.from", "crypto.subtle takes a CryptoKey as it is")();
  }

  static isSecret(value: unknown): value is KeyObject {
    return typeof value === "object" && value !== null && #bytes in value;
  }

  static bytes(key: KeyObject): Uint8Array {
    return key.#bytes;
  }
}

const { bytes: secretOf, isSecret } = KeyObject;
// Node's class has neither.
Reflect.deleteProperty(KeyObject, "bytes");
Reflect.deleteProperty(KeyObject, "isSecret");

export function createSecretKey(key: unknown, encoding?: string): KeyObject {
  return new KeyObject(internal, Uint8Array.from(bytesOf("key", key, encoding)));
}

/** The bytes of a secret key, or what else is taken as bytes. */
export function keyBytesOf(name: string, value: unknown): Uint8Array {
  return isSecret(value) ? secretOf(value) : bytesOf(name, value);
}
