/** Base64: `atob` and `btoa` (https://html.spec.whatwg.org/#atob), and bytes to text for those who need it. */
import { DOMException } from "../core/dom-exception.ts";
import { requireArguments, toDomString } from "../core/webidl.ts";
import { latin1ToString } from "./utf8.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 of a string whose characters are bytes. */
export function btoa(...parameters: [data: string]): string {
  requireArguments(parameters.length, 1, "btoa");
  const data = toDomString(parameters[0]);
  let text = "";
  for (let at = 0; at < data.length; at += 3) {
    const a = data.charCodeAt(at);
    const b = at + 1 < data.length ? data.charCodeAt(at + 1) : 0;
    const c = at + 2 < data.length ? data.charCodeAt(at + 2) : 0;
    if ((a | b | c) > 0xff) {
      throw new DOMException("Cannot encode as base64: a character is beyond U+00FF", "InvalidCharacterError");
    }
    text += alphabet[a >> 2];
    text += alphabet[((a & 3) << 4) | (b >> 4)];
    text += at + 1 < data.length ? alphabet[((b & 15) << 2) | (c >> 6)] : "=";
    text += at + 2 < data.length ? alphabet[c & 63] : "=";
  }
  return text;
}

/** The bytes that base64 stands for, one character each (forgiving-base64 decode). */
export function atob(...parameters: [data: string]): string {
  requireArguments(parameters.length, 1, "atob");
  let data = toDomString(parameters[0]);
  if (/[\t\n\f\r ]/.test(data)) data = data.replaceAll(/[\t\n\f\r ]/g, "");
  if (data.length % 4 === 0 && data.endsWith("=")) data = data.endsWith("==") ? data.slice(0, -2) : data.slice(0, -1);
  if (data.length % 4 === 1) throw invalidBase64();
  const bytes = new Uint8Array(Math.floor((data.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let written = 0;
  for (let at = 0; at < data.length; at++) {
    held = ((held << 6) | sextet(data.charCodeAt(at))) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[written++] = (held >> bits) & 0xff;
    }
  }
  return latin1ToString(bytes);
}

function sextet(unit: number): number {
  if (unit >= 65 && unit <= 90) return unit - 65;
  if (unit >= 97 && unit <= 122) return unit - 71;
  if (unit >= 48 && unit <= 57) return unit + 4;
  if (unit === 43) return 62;
  if (unit === 47) return 63;
  throw invalidBase64();
}

function invalidBase64(): DOMException {
  return new DOMException("Cannot decode base64: the text is not well-formed", "InvalidCharacterError");
}
