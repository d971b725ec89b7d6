/** Names of tags and attributes as strings. Short ones are remembered: they repeat, and making a string costs more than finding one. */
import { decodeUtf8, latin1ToString } from "../../web/encoding/utf8.ts";

/** As many as fit into a whole number, a byte each. */
const packedMax = 6;
const namesMax = 4_096;

export class Names {
  readonly #known = new Map<number, string>();

  /** `bytes[from..to)` with letters of ASCII in lower case. */
  at(bytes: Uint8Array, from: number, to: number): string {
    if (to - from > packedMax) return lowerName(bytes.subarray(from, to));
    let key = 0;
    for (let i = from; i < to; i++) key = key * 256 + (bytes[i] as number);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = lowerName(bytes.subarray(from, to));
    if (this.#known.size < namesMax) this.#known.set(key, name);
    return name;
  }
}

export function textOf(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? "";
}

function lowerName(bytes: Uint8Array): string {
  let isPlain = true;
  for (const c of bytes) if ((c >= 0x41 && c <= 0x5a) || c >= 0x80) isPlain = false;
  if (isPlain) return latin1ToString(bytes);
  return textOf(bytes).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
