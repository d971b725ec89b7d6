/** Part: WebCrypto's `crypto.subtle` and the keys it makes. */
export { CryptoKey } from "./crypto-key.ts";
export { createSubtleCrypto, SubtleCrypto } from "./subtle-crypto.ts";
