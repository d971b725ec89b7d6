/** TextEncoder (https://encoding.spec.whatwg.org/#interface-textencoder). */
import { finishInterface } from "../core/interface.ts";
import { toDomString } from "../core/webidl.ts";
import { typedArrayName } from "./buffer-source.ts";
import { encodeUtf8, encodeUtf8Into } from "./utf8.ts";

export class TextEncoder {
  get encoding(): "utf-8" {
    return "utf-8";
  }

  encode(input: string = ""): Uint8Array<ArrayBuffer> {
    return encodeUtf8(toDomString(input));
  }

  /** Fills `destination` with whole characters; says how much was read (UTF-16 units) and written (bytes). */
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number } {
    if (typedArrayName(destination) !== "Uint8Array") {
      throw new TypeError("Cannot call TextEncoder.encodeInto: the destination is not a Uint8Array");
    }
    return encodeUtf8Into(toDomString(source), destination);
  }
}

finishInterface(TextEncoder, "TextEncoder");
