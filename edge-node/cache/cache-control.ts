/**
 * Reads a `Cache-Control` response field (RFC 9111 §5.2.2, RFC 5861) into what a shared cache needs.
 *
 * Invariant: doubt makes a response less cacheable, never more: an unreadable or repeated age counts as the smallest one, a list of fields that
 * cannot be read stands for all of them, and where a comma is missing the words count that forbid something.
 */

export interface CacheControl {
  readonly noStore: boolean;
  /** Of the whole response. */
  readonly noCache: boolean;
  /** The whole response. */
  readonly private: boolean;
  /** Fields that `no-cache="…"` and `private="…"` name: not to be stored. Lower case. */
  readonly excludedFields: readonly string[];
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  /** Forbids the same as mustRevalidate, and allows nothing (RFC 9111 §3.5, §5.2.2.8). */
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  /** RFC 8246. */
  readonly immutable: boolean;
  readonly maxAgeSeconds: number | undefined;
  readonly sharedMaxAgeSeconds: number | undefined;
  readonly staleWhileRevalidateSeconds: number | undefined;
  readonly staleIfErrorSeconds: number | undefined;
}

/** Of a response that says nothing. */
export const noCacheControl: CacheControl = {
  noStore: false,
  noCache: false,
  private: false,
  excludedFields: [],
  public: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  immutable: false,
  maxAgeSeconds: undefined,
  sharedMaxAgeSeconds: undefined,
  staleWhileRevalidateSeconds: undefined,
  staleIfErrorSeconds: undefined,
};

/** All lines of the field, joined or not. An empty list gives no directive at all. */
export function parseCacheControl(lines: readonly string[]): CacheControl {
  if (lines.length === 0) return noCacheControl;
  return readDirectives(splitDirectives(lines.join(",")));
}

/** From directives in the order they came, names in lower case, values without their quotes; "" where there is none. */
export function readDirectives(list: readonly (readonly [name: string, value: string])[]): CacheControl {
  const read = { ...noCacheControl };
  let noCache: string | undefined;
  let privacy: string | undefined;
  for (const [name, value] of list) {
    switch (name) {
      case "no-store":
        read.noStore = true;
        break;
      case "no-cache":
        noCache = bothLists(noCache, value);
        break;
      case "private":
        privacy = bothLists(privacy, value);
        break;
      case "public":
        read.public = true;
        break;
      case "must-revalidate":
        read.mustRevalidate = true;
        break;
      case "proxy-revalidate":
        read.proxyRevalidate = true;
        break;
      case "must-understand":
        read.mustUnderstand = true;
        break;
      case "immutable":
        read.immutable = true;
        break;
      case "max-age":
        read.maxAgeSeconds = smallerAge(read.maxAgeSeconds, value);
        break;
      case "s-maxage":
        read.sharedMaxAgeSeconds = smallerAge(read.sharedMaxAgeSeconds, value);
        break;
      case "stale-while-revalidate":
        read.staleWhileRevalidateSeconds = smallerAge(read.staleWhileRevalidateSeconds, value);
        break;
      case "stale-if-error":
        read.staleIfErrorSeconds = smallerAge(read.staleIfErrorSeconds, value);
    }
  }
  return noCache === undefined && privacy === undefined ? read : withFields(read, noCache, privacy);
}

type Directive = [name: string, value: string];

/** Directives of a request or response, in order; names in lower case, values without quotes, "" where there is none. */
export function splitDirectives(text: string): Directive[] {
  // A comma within quotes ends nothing; few lists have one.
  if (text.includes('"')) return splitQuoted(text);
  const result: Directive[] = [];
  for (let at = 0; at < text.length;) {
    const comma = text.indexOf(",", at);
    const end = comma < 0 ? text.length : comma;
    const directive = readDirective(text, at, end);
    if (hasStray(text, at, end)) result.push(...doubtful(text.slice(at, end), directive));
    else if (directive !== null) result.push(directive);
    at = end + 1;
  }
  return result;
}

/** Null: there is no name between the two. */
function readDirective(text: string, from: number, to: number): Directive | null {
  let nameAt = from;
  while (nameAt < to && !isTokenCode(text.charCodeAt(nameAt))) nameAt++;
  if (nameAt === to) return null;
  let at = nameAt + 1;
  while (at < to && isTokenCode(text.charCodeAt(at))) at++;
  const name = text.slice(nameAt, at).toLowerCase();
  while (at < to && isBlankCode(text.charCodeAt(at))) at++;
  const hasValue = at < to && text.charCodeAt(at) === EQUALS;
  return [name, hasValue ? text.slice(at + 1, to).trim() : ""];
}

const DIRECTIVE = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[\t ]*(?:=[\t ]*("(?:[^"\\]|\\.)*"|[^,"]*))?[^,]*(?:,|$)/gy;

function splitQuoted(text: string): Directive[] {
  const result: Directive[] = [];
  const pattern = new RegExp(DIRECTIVE);
  for (let at = 0; at < text.length;) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) {
      at++;
      continue;
    }
    const directive: Directive = [(match[1] ?? "").toLowerCase(), (match[2] ?? "").trim().replaceAll('"', "")];
    const bare = match[0].replaceAll(QUOTED, "x").replace(/,$/, "");
    if (hasStray(bare, 0, bare.length)) result.push(...doubtful(bare, directive));
    else result.push(directive);
    at = pattern.lastIndex;
  }
  return result;
}

/** Whether something stands there that belongs to no single directive, as where a comma is missing. */
function hasStray(text: string, from: number, to: number): boolean {
  let isWord = false;
  let isBehindWord = false;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (isBlankCode(code)) isBehindWord = isWord;
    else if (code === EQUALS) isWord = isBehindWord = false;
    else if (isBehindWord || !isTokenCode(code)) return true;
    else isWord = true;
  }
  return false;
}

const QUOTED = /"(?:[^"\\]|\\.)*"/g;
const TOKENS = /[!#$%&'*+\-.^_`|~0-9a-z]+/g;

/** Words that forbid something, and what they are read as: must-revalidate allows something as well (RFC 9111 §3.5). */
const warnings: ReadonlyMap<string, string> = new Map([
  ["no-store", "no-store"],
  ["no-cache", "no-cache"],
  ["private", "private"],
  ["must-revalidate", "proxy-revalidate"],
  ["proxy-revalidate", "proxy-revalidate"],
]);

/** What is read of a member that is more than one directive: `first`, or what it warns of, with its age if that is what it begins with. */
function doubtful(member: string, first: Directive | null): readonly Directive[] {
  const words = member.toLowerCase().match(TOKENS) ?? [];
  const found = words.flatMap((word): Directive[] => {
    const name = warnings.get(word);
    return name === undefined ? [] : [[name, ""]];
  });
  if (first === null) return found;
  const isAge = first[0] === "max-age" || first[0] === "s-maxage";
  return found.length === 0 || isAge ? [first, ...found] : found;
}

const EQUALS = 61;
const OTHER_TOKEN_CHARS = "!#$%&'*+-.^_`|~";

function isTokenCode(code: number): boolean {
  const lower = code | 32;
  if ((lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 45) return true;
  return OTHER_TOKEN_CHARS.includes(String.fromCharCode(code));
}

function isBlankCode(code: number): boolean {
  return code === 32 || code === 9;
}

/** Deltas beyond this are as good as for ever (RFC 9111 §1.2.2). */
const AGE_SECONDS_MAX = 2_147_483_648;

/** A number of seconds; undefined without one, 0 for what is none. */
export function ageOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), AGE_SECONDS_MAX) : 0;
}

/** Of a directive that came twice the smaller age counts. */
function smallerAge(before: number | undefined, value: string): number | undefined {
  const age = ageOf(value) ?? 0;
  return before === undefined ? age : Math.min(before, age);
}

/** Of a directive that came twice: the whole response rather than some fields, and otherwise all fields of both. */
function bothLists(before: string | undefined, value: string): string {
  if (before === undefined) return value;
  return before === "" || value === "" ? "" : `${before},${value}`;
}

function withFields(
  read: CacheControl,
  noCacheList: string | undefined,
  privateList: string | undefined,
): CacheControl {
  const noCache = fieldsOf(noCacheList);
  const privacy = fieldsOf(privateList);
  return {
    ...read,
    noCache: noCache === "all",
    private: privacy === "all",
    excludedFields: [...(noCache === "all" ? [] : noCache), ...(privacy === "all" ? [] : privacy)],
  };
}

const FIELD_LIST = /^[!#$%&'*+\-.^_`|~0-9a-z]+(?:[\t ]*,[\t ]*[!#$%&'*+\-.^_`|~0-9a-z]+)*$/;

/** What a directive with an optional list of fields is about. An answer without its Vary would be for everybody. */
function fieldsOf(value: string | undefined): readonly string[] | "all" {
  if (value === undefined) return [];
  const list = value.trim().toLowerCase();
  const names = FIELD_LIST.test(list) ? list.split(",").map((name) => name.trim()) : [];
  return names.length === 0 || names.includes("vary") ? "all" : names;
}
