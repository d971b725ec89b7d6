/** Part: the legacy encodings of several bytes a character, with their tables (https://encoding.spec.whatwg.org/#indexes). */
export { createMultibyteDecoder } from "@exodus/bytes/multi-byte.js";
