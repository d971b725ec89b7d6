/** What the part's library takes of the global object: user code may have replaced it before the part is loaded. */
export { TextDecoder } from "../../web/encoding/text-decoder.ts";
export { TextEncoder } from "../../web/encoding/text-encoder.ts";
