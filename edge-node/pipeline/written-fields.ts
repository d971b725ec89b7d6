/**
 * Header fields in the form they have on the wire, made when they are first written and kept beside them: an answer from the cache is written
 * many times.
 *
 * Invariant: what the connection and the server library write themselves is left out.
 */
import type { HeaderText } from "../../sdk/header-text.ts";
import { hopByHopNames, isHopByHop } from "./hop-headers.ts";

/**
 * Each call into the server library costs as much as all the rest, so that the fields go in one: the first one's name, and all from its value on.
 * A text is within ASCII; other fields are bytes of Latin-1, since the library would write them as UTF-8.
 */
export interface FieldBlock {
  /** "": there are no fields. */
  readonly first: string;
  readonly rest: string;
  readonly isAscii: boolean;
}

export class WrittenFields {
  readonly headers: HeaderText;
  #block: FieldBlock | null = null;

  constructor(headers: HeaderText) {
    this.headers = headers;
  }

  get block(): FieldBlock {
    this.#block ??= fieldBlock(this.headers);
    return this.#block;
  }
}

/** What is written for `headers`, which `written` may know already. */
export function blockOf(headers: HeaderText, written: WrittenFields | undefined): FieldBlock {
  return written !== undefined && written.headers === headers ? written.block : fieldBlock(headers);
}

const BEYOND_ASCII = /[\x80-\xff]/;

export function fieldBlock(headers: HeaderText): FieldBlock {
  let first = "";
  let rest = "";
  for (let at = 0; at < headers.length;) {
    const colon = headers.indexOf(":", at);
    const end = headers.indexOf("\n", colon);
    const isOwn = ((1 << (colon - at)) & OWN_LENGTHS) !== 0 && isOwnField(headers.slice(at, colon));
    if (!isOwn) {
      const name = headers.slice(at, colon);
      if (first === "") {
        first = name;
        rest = headers.slice(colon + 1, end);
      } else rest += `\r\n${name}: ${headers.slice(colon + 1, end)}`;
    }
    at = end + 1;
  }
  return { first, rest, isAscii: isAsciiText(rest) };
}

export function isAsciiText(latin1: string): boolean {
  return !BEYOND_ASCII.test(latin1);
}

/** How long their names are, a bit for each length up to 31, and for others of the same remainder: most names need not be looked up. */
const OWN_LENGTHS = [...hopByHopNames, "date", "content-length"].reduce((bits, { length }) => bits | (1 << length), 0);

/** Fields the library writes itself, and those that are of the connection. */
export function isOwnField(name: string): boolean {
  return name === "date" || name === "content-length" || isHopByHop(name);
}
