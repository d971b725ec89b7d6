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
  const data = toDomString(parameters[0]);
  const bytes = decoded(data) ?? (/[\t\n\f\r ]/.test(data) ? decoded(data.replaceAll(/[\t\n\f\r ]/g, "")) : null);
  if (bytes === null) throw invalidBase64();
  return latin1ToString(bytes);
}

/** Null when it is not well-formed, or holds white space. */
function decoded(data: string): Uint8Array | null {
  const length = data.length - paddingOf(data);
  if (length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let at = 0;
  let written = 0;
  // Above 63 as soon as one character is none of the alphabet.
  let all = 0;
  for (; at + 3 < length; at += 4) {
    const a = sextet(data, at);
    const b = sextet(data, at + 1);
    const c = sextet(data, at + 2);
    const d = sextet(data, at + 3);
    all |= a | b | c | d;
    bytes[written] = (a << 2) | (b >> 4);
    bytes[written + 1] = (b << 4) | (c >> 2);
    bytes[written + 2] = (c << 6) | d;
    written += 3;
  }
  if (at < length) {
    const a = sextet(data, at);
    const b = sextet(data, at + 1);
    const c = at + 2 < length ? sextet(data, at + 2) : 0;
    all |= a | b | c;
    bytes[written] = (a << 2) | (b >> 4);
    if (at + 2 < length) bytes[written + 1] = (b << 4) | (c >> 2);
  }
  return all > 63 ? null : bytes;
}

function paddingOf(data: string): number {
  if (data.length % 4 !== 0 || !data.endsWith("=")) return 0;
  return data.endsWith("==") ? 2 : 1;
}

const notInAlphabet = 0x80;
const sextets: Uint8Array = new Uint8Array(256).fill(notInAlphabet);
for (let value = 0; value < alphabet.length; value += 1) sextets[alphabet.charCodeAt(value)] = value;

function sextet(data: string, at: number): number {
  return sextets[data.charCodeAt(at)] ?? notInAlphabet;
}

function invalidBase64(): DOMException {
  return new DOMException("Cannot decode base64: the text is not well-formed", "InvalidCharacterError");
}
