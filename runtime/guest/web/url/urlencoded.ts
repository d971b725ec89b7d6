/** application/x-www-form-urlencoded both ways (https://url.spec.whatwg.org/#application/x-www-form-urlencoded). */
import { decodeUtf8, encodeUtf8 } from "../encoding/utf8.ts";

export type Pair = [name: string, value: string];

export function parseUrlEncoded(text: string): Pair[] {
  const pairs: Pair[] = [];
  if (text === "") return pairs;
  for (const part of text.split("&")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    pairs.push(at < 0 ? [decode(part), ""] : [decode(part.slice(0, at)), decode(part.slice(at + 1))]);
  }
  return pairs;
}

export function serializeUrlEncoded(pairs: readonly Readonly<Pair>[]): string {
  let text = "";
  for (const [name, value] of pairs) text += `${text === "" ? "" : "&"}${encode(name)}=${encode(value)}`;
  return text;
}

function decode(part: string): string {
  const spaced = part.includes("+") ? part.replaceAll("+", " ") : part;
  return spaced.includes("%") ? percentDecode(spaced) : spaced.toWellFormed();
}

function percentDecode(text: string): string {
  return decodeUtf8(percentDecodeBytes(text)) ?? "";
}

/** The bytes of `text` with its percent-encoded ones decoded (https://url.spec.whatwg.org/#string-percent-decode). */
export function percentDecodeBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = encodeUtf8(text);
  let written = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    const high = byte === 0x25 ? hexDigit(bytes[at + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(bytes[at + 2]);
    if (low < 0) bytes[written++] = byte;
    else {
      bytes[written++] = high * 16 + low;
      at += 2;
    }
  }
  return bytes.subarray(0, written);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function encode(text: string): string {
  if (/^[A-Za-z0-9*\-._]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of encodeUtf8(text)) {
    const char = String.fromCharCode(byte);
    if (byte === 0x20) encoded += "+";
    else if (/[A-Za-z0-9*\-._]/.test(char)) encoded += char;
    else encoded += `%${byte < 16 ? "0" : ""}${byte.toString(16).toUpperCase()}`;
  }
  return encoded;
}
