/**
 * The head of an answer (RFC 9112 §4, §5, §6), from the socket's bytes to `HeaderText`, with what its framing says.
 *
 * Takes nothing that another parser could read differently: bytes outside the grammar, folded lines, line feeds alone, two lengths, a length
 * beside a coding, and any coding but one `chunked` are refused. Knows no socket and keeps nothing of what it was given.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import { getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { hopByHopNames, removeHopByHop } from "../pipeline/hop-headers.ts";

export interface AnswerHead {
  readonly kind: "head";
  /** 100..599. */
  readonly status: number;
  readonly statusText: string;
  /** Without hop-by-hop fields. */
  readonly headers: HeaderText;
  /** The field Content-Length; undefined: there is none. Beyond 2^53 not exact, and never reached. */
  readonly lengthBytes: number | undefined;
  readonly isChunked: boolean;
  /** The connection may carry another request (RFC 9112 §9.3). */
  readonly keepsAlive: boolean;
  /** How long the server says that it keeps an idle connection; undefined: it says nothing. */
  readonly keepAliveMs: number | undefined;
  /** Where in the given bytes the head is over. */
  readonly end: number;
}

/** Why an answer is not taken. `message` is for logs. */
export interface AnswerRefused {
  readonly kind: "refused";
  readonly code: ErrorCode;
  readonly message: string;
}

const CR = 13;
const LF = 10;
const SP = 32;
const TAB = 9;
const COLON = 58;
const PREFIX = Buffer.from("HTTP/1.");
/** Version, a blank, three digits, a line's end. */
const STATUS_LINE_BYTES_MIN = "HTTP/1.1 200\r\n".length;
const LENGTH = /^\d{1,19}$/;
const TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";

const incomplete = { kind: "incomplete" } as const;

/** Reads heads one after the other; one object for any number of connections, since each is read in one go. */
export class AnswerHeadParser {
  /** A byte of a field name → the same in lower case; 0: it is none. */
  readonly #nameBytes = new Uint8Array(256);
  /** 1: a byte of a field value. */
  readonly #valueBytes = new Uint8Array(256);
  /** 1: a field name of this length may be one that is looked at here. */
  readonly #specialLengths = new Uint8Array(256);
  readonly #text = Buffer.allocUnsafeSlow(messageLimits.headerBytesMax);
  #connection = "";
  #length: string | undefined;
  #coding: string | undefined;
  #keepAlive = "";

  constructor() {
    for (const byte of Buffer.from(TOKEN)) this.#nameBytes[byte] = byte;
    for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) this.#nameBytes[byte] = byte + 32;
    this.#valueBytes.fill(1, SP);
    this.#valueBytes[TAB] = 1;
    this.#valueBytes[0x7f] = 0;
    for (const name of [...hopByHopNames, "content-length"]) this.#specialLengths[name.length] = 1;
  }

  /** The head that begins at `from`; `to` is the end of what has come so far. */
  parse(bytes: Buffer, from: number, to: number): AnswerHead | AnswerRefused | typeof incomplete {
    if (to - from < STATUS_LINE_BYTES_MIN)
      return beginsWell(bytes, from, to) ? incomplete : malformed("no status line");
    if (!beginsWell(bytes, from, to)) return malformed("no status line");
    const minor = digit(bytes, from + 7);
    const status = digit(bytes, from + 9) * 100 + digit(bytes, from + 10) * 10 + digit(bytes, from + 11);
    if ((minor !== 0 && minor !== 1) || bytes[from + 8] !== SP) return malformed("another version than 1.0 and 1.1");
    if (!(status >= 100 && status <= 599)) return malformed("a status outside 100..599");
    const lineEnd = this.#statusLineEnd(bytes, from + 12, to);
    if (lineEnd < 0) return lineEnd === MORE ? incomplete : malformed("a reason outside the grammar");
    this.#reset();
    const fields = this.#fields(bytes, lineEnd + 2, to);
    if (fields.kind !== "fields") return fields;
    return this.#judge({
      status,
      statusText: reason(bytes, from + 13, lineEnd),
      isVersion11: minor === 1,
      textEnd: fields.textEnd,
      end: fields.end,
    });
  }

  #reset(): void {
    this.#connection = "";
    this.#length = undefined;
    this.#coding = undefined;
    this.#keepAlive = "";
  }

  /** Where the carriage return is. */
  #statusLineEnd(bytes: Buffer, from: number, to: number): number {
    let at = from;
    if (bytes[at] !== SP && bytes[at] !== CR) return BAD;
    while (at < to && this.#valueBytes[bytes[at] as number] === 1) at++;
    return lineEndAt(bytes, at, to);
  }

  /** Writes `name:value\n` for each line but those of the connection, byte by byte: one string is made of all of them at the end. */
  #fields(
    bytes: Buffer,
    from: number,
    to: number,
  ): { readonly kind: "fields"; readonly textEnd: number; readonly end: number } | AnswerRefused | typeof incomplete {
    const [nameBytes, valueBytes, text] = [this.#nameBytes, this.#valueBytes, this.#text];
    const limit = from + messageLimits.headerBytesMax;
    let at = from;
    let textAt = 0;
    for (let lines = 0; ; lines++) {
      const lineAt = textAt;
      for (let byte = 0; at < to && at < limit && (byte = nameBytes[bytes[at] as number] as number) !== 0; at++)
        text[textAt++] = byte;
      if (at >= limit) return tooLarge;
      if (at >= to) return incomplete;
      if (textAt === lineAt && bytes[at] === CR) {
        const end = lineEndAt(bytes, at, to);
        if (end < 0) return end === MORE ? incomplete : malformed("a carriage return alone");
        // One that goes on is too large before it has too many lines.
        if (lines > messageLimits.headerLinesMax) return malformed("too many header lines");
        return { kind: "fields", textEnd: textAt, end: at + 2 };
      }
      if (bytes[at] !== COLON || textAt === lineAt) return malformed("a field name outside the grammar");
      at++;
      text[textAt++] = COLON;
      const valueAt = textAt;
      while (at < to && (bytes[at] === SP || bytes[at] === TAB)) at++;
      for (let byte = 0; at < to && at < limit && valueBytes[(byte = bytes[at] as number)] === 1; at++)
        text[textAt++] = byte;
      if (at >= limit) return tooLarge;
      const end = lineEndAt(bytes, at, to);
      if (end < 0) return end === MORE ? incomplete : malformed("a field value outside the grammar");
      while (textAt > valueAt && isBlank(text[textAt - 1])) textAt--;
      text[textAt++] = LF;
      at += 2;
      if (this.#specialLengths[valueAt - 1 - lineAt] === 1 && !this.#note(lineAt, valueAt, textAt)) {
        if (this.#isTwice) return malformed("Content-Length or Transfer-Encoding more than once");
        textAt = lineAt;
      }
    }
  }

  #isTwice = false;

  /** Whether the field goes on. */
  #note(lineAt: number, valueAt: number, textAt: number): boolean {
    const name = this.#text.toString("latin1", lineAt, valueAt - 1);
    const isLength = name === "content-length";
    if (!isLength && !hopByHopNames.has(name)) return true;
    const value = this.#text.toString("latin1", valueAt, textAt - 1);
    this.#isTwice = false;
    if (isLength) {
      this.#isTwice = this.#length !== undefined;
      this.#length = value;
      return !this.#isTwice;
    }
    if (name === "transfer-encoding") {
      this.#isTwice = this.#coding !== undefined;
      this.#coding = value;
    } else if (name === "connection") this.#connection += `connection:${value.toLowerCase()}\n`;
    else if (name === "keep-alive") this.#keepAlive = value;
    return false;
  }

  #judge(read: {
    readonly status: number;
    readonly statusText: string;
    readonly isVersion11: boolean;
    readonly textEnd: number;
    readonly end: number;
  }): AnswerHead | AnswerRefused {
    const { status, statusText, isVersion11, end } = read;
    const [length, coding] = [this.#length, this.#coding];
    if (length !== undefined && !LENGTH.test(length)) return malformed("a Content-Length that is no number");
    if (coding !== undefined) {
      // Any other coding would have to be undone here, and one that is not known hides where the body ends (§6.3).
      if (coding.toLowerCase() !== "chunked") return malformed("a transfer coding that is not chunked");
      if (length !== undefined) return malformed("a length beside a transfer coding");
      if (!isVersion11 || status < 200) return malformed("a transfer coding where there can be none");
    }
    if (status < 200 && length !== undefined && Number(length) > 0)
      return malformed("content of an informational answer");
    const text = this.#text.toString("latin1", 0, read.textEnd);
    const connection = this.#connection;
    return {
      kind: "head",
      status,
      statusText,
      headers: namesFields(connection) ? removeHopByHop(connection + text) : text,
      lengthBytes: length === undefined ? undefined : Number(length),
      isChunked: coding !== undefined,
      keepsAlive: keepsAlive(connection, isVersion11),
      keepAliveMs: keepAliveMs(this.#keepAlive),
      end,
    };
  }
}

const MORE = -1;
const BAD = -2;

/** `at` itself when a line's end is there, MORE when it is not all there yet, else BAD. */
function lineEndAt(bytes: Buffer, at: number, to: number): number {
  if (at >= to) return MORE;
  if (bytes[at] !== CR) return BAD;
  if (at + 1 >= to) return MORE;
  return bytes[at + 1] === LF ? at : BAD;
}

function beginsWell(bytes: Buffer, from: number, to: number): boolean {
  const count = Math.min(PREFIX.byteLength, to - from);
  for (let index = 0; index < count; index++) if (bytes[from + index] !== PREFIX[index]) return false;
  return true;
}

/** NaN when it is none. */
function digit(bytes: Buffer, at: number): number {
  const value = (bytes[at] ?? 0) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SP || byte === TAB;
}

function reason(bytes: Buffer, from: number, to: number): string {
  if (to <= from) return "";
  return to - from === 2 && bytes[from] === 79 && bytes[from + 1] === 75 ? "OK" : bytes.toString("latin1", from, to);
}

function namesFields(connection: string): boolean {
  return connection !== "" && connection !== "connection:keep-alive\n" && connection !== "connection:close\n";
}

function keepsAlive(connection: string, isVersion11: boolean): boolean {
  if (connection === "") return isVersion11;
  const options = getAllHeaders(connection, "connection").flatMap((line) => line.split(","));
  const has = (name: string): boolean => options.some((option) => option.trim() === name);
  return !has("close") && (isVersion11 || has("keep-alive"));
}

function keepAliveMs(value: string): number | undefined {
  if (value === "") return undefined;
  const seconds = /(?:^|,)[ \t]*timeout[ \t]*=[ \t]*"?(\d{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

function malformed(message: string): AnswerRefused {
  return { kind: "refused", code: "ORIGIN_MALFORMED", message };
}

const tooLarge: AnswerRefused = { kind: "refused", code: "ORIGIN_HEADERS_TOO_LARGE", message: "too many header bytes" };
