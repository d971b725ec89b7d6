/**
 * Part: the encodings that nobody should write any more but some origins still send (https://encoding.spec.whatwg.org/#legacy-single-byte-encodings);
 * those of several bytes a character are a part of their own, for their tables.
 */
import { createSinglebyteDecoder } from "@exodus/bytes/single-byte.js";
import { normalizeEncoding } from "@exodus/bytes/encoding-lite.js";
import { loadPart } from "../load-part.ts";

/** Decodes a chunk; `stream`: more will come. Throws a TypeError for ill-formed bytes when fatal. */
export type LegacyDecoder = (bytes: Uint8Array, stream: boolean) => string;

const multiByte: ReadonlySet<string> = new Set([
  "big5",
  "euc-jp",
  "euc-kr",
  "gb18030",
  "gbk",
  "iso-2022-jp",
  "shift_jis",
]);

/** The encoding that a label names, or null when there is none a TextDecoder may have. */
export function encodingNamed(label: string): string | null {
  const name = normalizeEncoding(label);
  return name === "replacement" ? null : name;
}

/** A decoder with a state of its own. `name` is what `encodingNamed` gave. */
export function createLegacyDecoder(name: string, fatal: "fatal" | "replace"): LegacyDecoder {
  const isLoose = fatal === "replace";
  return multiByte.has(name)
    ? loadPart("multi-byte-encodings").createMultibyteDecoder(name, isLoose)
    : createSinglebyteDecoder(name, isLoose);
}
