/**
 * The globals that two libraries (whatwg-url, web-streams-polyfill) look up while they load, so they must exist before.
 * Imported first by the files that import those libraries; `installGlobals` defines the same properties again for good.
 */
import { TextDecoder } from "../encoding/text-decoder.ts";
import { TextEncoder } from "../encoding/text-encoder.ts";
import { DOMException } from "./dom-exception.ts";

for (const [name, value] of Object.entries({ TextEncoder, TextDecoder, DOMException })) {
  if (!(name in globalThis)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}
