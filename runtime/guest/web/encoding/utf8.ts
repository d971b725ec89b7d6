/**
 * UTF-8 both ways (https://encoding.spec.whatwg.org/#utf-8), pure functions over whole inputs.
 *
 * The isolate has no native coder, so the loops here are written for speed: runs of ASCII take the short way.
 * Invariant: ill-formed input becomes U+FFFD exactly as the standard's decoder has it (maximal subparts), lone surrogates too.
 */

const { fromCharCode } = String;
const apply: (target: unknown, self: unknown, list: ArrayLike<number>) => string = Reflect.apply as never;

/** Characters handed to one `String.fromCharCode` call; more would overflow the stack. */
const CHUNK = 4096;

/** The bytes of `text`; `text.length` bytes are taken for ASCII, three times as many at most. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  let bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      const wide = new Uint8Array(i + (length - i) * 3);
      wide.set(bytes.subarray(0, i));
      bytes = wide;
      const { written } = encodeUtf8Into(text, bytes, { read: i, written: i });
      return bytes.slice(0, written);
    }
    bytes[i] = unit;
  }
  return bytes;
}

/** The length of `text` in UTF-8. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      length += 2;
      i++;
    } else length += 2;
  }
  return length;
}

/** Encodes whole characters as long as they fit; starts at `from.read` and `from.written`. */
export function encodeUtf8Into(
  text: string,
  into: Uint8Array,
  from: { readonly read: number; readonly written: number } = { read: 0, written: 0 },
): { read: number; written: number } {
  let { read, written } = from;
  const { length } = text;
  const room = into.length;
  while (read < length) {
    const unit = text.charCodeAt(read);
    if (unit < 0x80) {
      if (written >= room) break;
      into[written++] = unit;
      read++;
      continue;
    }
    const pair = (unit & 0xfc00) === 0xd800 && (text.charCodeAt(read + 1) & 0xfc00) === 0xdc00;
    const point = pair
      ? 0x10000 + ((unit & 0x3ff) << 10) + (text.charCodeAt(read + 1) & 0x3ff)
      : (unit & 0xf800) === 0xd800
        ? 0xfffd
        : unit;
    const size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (written + size > room) break;
    if (size === 2) into[written++] = 0xc0 | (point >> 6);
    else {
      if (size === 3) into[written++] = 0xe0 | (point >> 12);
      else {
        into[written++] = 0xf0 | (point >> 18);
        into[written++] = 0x80 | ((point >> 12) & 0x3f);
      }
      into[written++] = 0x80 | ((point >> 6) & 0x3f);
    }
    into[written++] = 0x80 | (point & 0x3f);
    read += pair ? 2 : 1;
  }
  return { read, written };
}

/** Latin-1 bytes as a string: one character a byte. */
export function latin1ToString(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return shortLatin1(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK)
    text += apply(fromCharCode, undefined, bytes.subarray(at, at + CHUNK));
  return text;
}

/** Sixteen at a time takes half as long as a list of them all; V8 joins the pieces when they are read. */
function shortLatin1(bytes: Uint8Array): string {
  const { length } = bytes;
  let text = "";
  let at = 0;
  for (; at + 15 < length; at += 16) {
    // prettier-ignore
    text += fromCharCode(
      bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number, bytes[at + 3] as number,
      bytes[at + 4] as number, bytes[at + 5] as number, bytes[at + 6] as number, bytes[at + 7] as number,
      bytes[at + 8] as number, bytes[at + 9] as number, bytes[at + 10] as number, bytes[at + 11] as number,
      bytes[at + 12] as number, bytes[at + 13] as number, bytes[at + 14] as number, bytes[at + 15] as number,
    );
  }
  for (; at < length; at += 1) text += fromCharCode(bytes[at] as number);
  return text;
}

/** The bytes of a string whose characters are bytes. */
export function latin1ToBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The text of `bytes`, or null when `fatal` and they are ill-formed. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array, fatal: "fatal" | "replace" = "replace"): string | null {
  const ascii = asciiLength(bytes);
  if (ascii === bytes.length) return latin1ToString(bytes);
  let text = ascii === 0 ? "" : latin1ToString(bytes.subarray(0, ascii));
  const units = new Uint16Array(Math.min(CHUNK, bytes.length - ascii + 1));
  const fullAt = units.length - 2;
  let count = 0;
  for (let at = ascii; at < bytes.length;) {
    const first = bytes[at] as number;
    if (count > fullAt) {
      text += apply(fromCharCode, undefined, units.subarray(0, count));
      count = 0;
    }
    if (first < 0x80) {
      units[count++] = first;
      at++;
      continue;
    }
    const size = sequenceLength(bytes, at);
    if (size < 0) {
      if (fatal === "fatal") return null;
      units[count++] = 0xfffd;
      at -= size;
      continue;
    }
    const point = pointAt(bytes, at, size);
    if (point < 0x10000) units[count++] = point;
    else {
      units[count++] = 0xd800 + ((point - 0x10000) >> 10);
      units[count++] = 0xdc00 + (point & 0x3ff);
    }
    at += size;
  }
  return text + apply(fromCharCode, undefined, units.subarray(0, count));
}

/** How many bytes at the end of `bytes` are the beginning of a character that may still become well-formed: 0..3. */
export function incompleteTail(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    if (byte < 0xc2 || byte > 0xf4) return 0;
    const needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    if (back >= needed) return 0;
    return -sequenceLength(bytes, length - back) === back ? back : 0;
  }
  return 0;
}

function asciiLength(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let i = 0; i < length; i++) {
    if ((bytes[i] as number) >= 0x80) return i;
  }
  return length;
}

/** The size of the well-formed sequence at `at` (its first byte is not ASCII), or minus the bytes one U+FFFD stands for. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0xc2 || first > 0xf4) return -1;
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const second = bytes[at + 1];
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second === undefined || second < low || second > high) return -1;
  for (let i = 2; i < size; i++) {
    const next = bytes[at + i];
    if (next === undefined || (next & 0xc0) !== 0x80) return -i;
  }
  return size;
}

function pointAt(bytes: Uint8Array, at: number, size: number): number {
  const first = bytes[at] as number;
  const second = (bytes[at + 1] as number) & 0x3f;
  if (size === 2) return ((first & 0x1f) << 6) | second;
  const third = (bytes[at + 2] as number) & 0x3f;
  if (size === 3) return ((first & 0x0f) << 12) | (second << 6) | third;
  return ((first & 0x07) << 18) | (second << 12) | (third << 6) | ((bytes[at + 3] as number) & 0x3f);
}
