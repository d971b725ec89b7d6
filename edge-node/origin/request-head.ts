/**
 * The head of a request as it goes out (RFC 9112 §3, §5), one Latin-1 text.
 *
 * Framing is written here and nowhere else. Invariant: what would be a line, a field or a framing of its own in another place is not sent at all;
 * every byte is looked at on its way, wherever it came from.
 */
import type { HeaderText } from "../../sdk/header-text.ts";

export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Without hop-by-hop fields; `content-length` in it is ignored, `host` is sent as it stands. */
  readonly headers: HeaderText;
  /** Bytes of the body; `chunked`; null: nothing is said. */
  readonly length: number | "chunked" | null;
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
const NAME_CHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
// eslint-disable-next-line no-control-regex -- what is beyond Latin-1 would lose bits, and could become a line feed
const BEYOND_LATIN1 = /[^\x00-\xff]/;
/** What most heads are shorter than; longer ones get memory of their own. */
const SCRATCH_BYTES = 16_384;
const UTF8_CHAR_BYTES_MAX = 4;
const VERSION = Buffer.from(" HTTP/1.1");
const [TAB, LF, CR, SP, ASTERISK, SLASH, COLON, DEL] = [9, 10, 13, 32, 42, 47, 58, 127] as const;

/** Writes heads one after the other; one object for any number of connections, since each is written in one go. */
export class RequestHeadWriter {
  /** 1: a byte of a field name. There are no names in upper case here: nobody would have looked at them. */
  readonly #nameBytes = new Uint8Array(256);
  /** 1: a byte of a field value. */
  readonly #valueBytes = new Uint8Array(256);
  readonly #source = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  readonly #written = Buffer.allocUnsafeSlow(2 * SCRATCH_BYTES);

  constructor() {
    for (const byte of Buffer.from(NAME_CHARS)) this.#nameBytes[byte] = 1;
    this.#valueBytes.fill(1, SP);
    this.#valueBytes[TAB] = 1;
    this.#valueBytes[DEL] = 0;
  }

  /** Null: a part of it is outside the grammar, or speaks of this connection or of the body's end. */
  write({ method, target, headers, length }: RequestHead): string | null {
    if (method !== "GET" && !METHOD.test(method)) return null;
    const text = `${method} ${target}\n${headers}connection:keep-alive\n${framing(length)}`;
    const sourceBytes = text.length + UTF8_CHAR_BYTES_MAX;
    const fits = sourceBytes <= SCRATCH_BYTES;
    const source = fits ? this.#source : Buffer.allocUnsafeSlow(sourceBytes);
    // As many bytes as characters, with room for more: all of them are ASCII.
    if (source.write(text, 0, "utf8") !== text.length) {
      if (BEYOND_LATIN1.test(text)) return null;
      source.write(text, 0, "latin1");
    }
    // A line becomes two bytes longer, and the shortest one has two.
    const written = fits ? this.#written : Buffer.allocUnsafeSlow(2 * text.length + VERSION.byteLength);
    const targetAt = method.length + 1;
    source.copy(written, 0, 0, targetAt);
    const targetEnd = copyTarget(source, written, { from: targetAt, to: targetAt + target.length });
    if (targetEnd === BAD) return null;
    const fields = { from: targetAt + target.length + 1, to: text.length };
    const givenTo = fields.from + headers.length;
    const end = this.#copyFields(source, written, { ...fields, givenTo, at: targetEnd });
    return end === BAD ? null : written.toString("latin1", 0, end);
  }

  /** Each line gets the blank after the colon that some servers are said to need. Those before `givenTo` are not this node's own. */
  #copyFields(
    source: Buffer,
    written: Buffer,
    range: { readonly from: number; readonly to: number; readonly givenTo: number; readonly at: number },
  ): number {
    const { to, givenTo } = range;
    const [nameBytes, valueBytes] = [this.#nameBytes, this.#valueBytes];
    let at = range.at;
    for (let from = range.from; from < to;) {
      const lineAt = at;
      const isGiven = from < givenTo;
      let byte = 0;
      while (from < to && nameBytes[(byte = source[from] as number)] === 1) {
        written[at++] = byte;
        from++;
      }
      if (at === lineAt || byte !== COLON) return BAD;
      const fate = isGiven ? fateOf(written, lineAt, at) : "sent";
      if (fate === "refused") return BAD;
      written[at++] = COLON;
      written[at++] = SP;
      from++;
      while (from < to && valueBytes[(byte = source[from] as number)] === 1) {
        written[at++] = byte;
        from++;
      }
      // A given line that does not end by itself would end with one of this node's.
      if (from >= to || byte !== LF || (isGiven && from >= givenTo)) return BAD;
      from++;
      if (fate === "dropped") at = lineAt;
      else at = endLine(written, at);
    }
    return endLine(written, at);
  }
}

const BAD = -1;

function framing(length: RequestHead["length"]): string {
  if (length === null) return "";
  return length === "chunked" ? "transfer-encoding:chunked\n" : `content-length:${length}\n`;
}

function copyTarget(
  source: Buffer,
  written: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  if (from === to || (source[from] !== SLASH && source[from] !== ASTERISK)) return BAD;
  let at = from;
  for (; at < to; at++) {
    const byte = source[at] as number;
    if (byte <= SP || byte === DEL) return BAD;
    written[at] = byte;
  }
  for (let index = 0; index < VERSION.byteLength; index++) written[at++] = VERSION[index] as number;
  return endLine(written, at);
}

function endLine(written: Buffer, at: number): number {
  written[at] = CR;
  written[at + 1] = LF;
  return at + 2;
}

/** Refused: fields that would speak of this connection or of the body's end. Dropped: the length, which is said anew. */
function fateOf(bytes: Buffer, from: number, to: number): "sent" | "dropped" | "refused" {
  // Few names have the length and the first letter of one of these.
  switch ((to - from) * 256 + (bytes[from] as number)) {
    case 10 * 256 + 99:
    case 10 * 256 + 107:
    case 14 * 256 + 99:
    case 17 * 256 + 116:
    case 7 * 256 + 117:
      break;
    default:
      return "sent";
  }
  switch (bytes.toString("latin1", from, to)) {
    case "connection":
    case "keep-alive":
    case "transfer-encoding":
    case "upgrade":
      return "refused";
    case "content-length":
      return "dropped";
    default:
      return "sent";
  }
}
