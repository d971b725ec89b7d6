/**
 * How `crypto.subtle` crosses from the isolate (guest/web/crypto) to the host (host-operations/subtle.ts): types only.
 *
 * Operation `crypto.<method>`, its parameters in the standard's order as a JSON array of WireValue; buffers beside the JSON.
 * `crypto.release` takes the numbers of keys that nobody holds any more.
 */

export type SubtleMethod =
  | "digest"
  | "sign"
  | "verify"
  | "encrypt"
  | "decrypt"
  | "generateKey"
  | "importKey"
  | "exportKey"
  | "deriveBits"
  | "deriveKey"
  | "wrapKey"
  | "unwrapKey"
  | "encapsulateBits"
  | "encapsulateKey"
  | "decapsulateBits"
  | "decapsulateKey"
  | "getPublicKey";

export type WireValue =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  /** The buffer of that index. */
  | { readonly kind: "buffer"; readonly index: number }
  /** The key of that number. */
  | { readonly kind: "key"; readonly handle: number }
  | { readonly kind: "algorithm"; readonly members: Readonly<Record<string, WireValue>> }
  | { readonly kind: "jwk"; readonly jwk: Readonly<Record<string, unknown>> };

/** A key that stays on the host. */
export interface WireKey {
  readonly handle: number;
  readonly type: string;
  readonly extractable: boolean;
  /** `publicExponent` as a list of bytes. */
  readonly algorithm: Readonly<Record<string, unknown>>;
  readonly usages: readonly string[];
}

export type WireResult =
  | { readonly kind: "none" }
  /** The first buffer beside the JSON. */
  | { readonly kind: "buffer" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "jwk"; readonly jwk: Readonly<Record<string, unknown>> }
  | { readonly kind: "key"; readonly key: WireKey }
  | { readonly kind: "pair"; readonly publicKey: WireKey; readonly privateKey: WireKey }
  /** The first buffer is the ciphertext; the second the shared bits, unless they became a key. */
  | { readonly kind: "encapsulated"; readonly sharedKey: WireKey | null }
  /** These keys are no longer on the host; an imported one can be imported again. */
  | { readonly kind: "dropped"; readonly handles: readonly number[] };

/** Members of the dictionaries in the Web Cryptography API and its modern algorithms (wicg.github.io/webcrypto-modern-algos); others are not copied. */
export const algorithmMembers: readonly string[] = [
  "name",
  "hash",
  "namedCurve",
  "length",
  "modulusLength",
  "publicExponent",
  "iv",
  "additionalData",
  "tagLength",
  "counter",
  "salt",
  "info",
  "iterations",
  "label",
  "saltLength",
  "public",
  "context",
  "outputLength",
  "functionName",
  "customization",
  "nonce",
  "memory",
  "passes",
  "parallelism",
  "version",
  "secretValue",
  "associatedData",
];
