/** `node:querystring` (https://nodejs.org/api/querystring.html). */

type Values = Record<string, string | string[]>;

interface ParseOptions {
  /** Pairs that are read; 0 means all. Default 1,000. */
  readonly maxKeys?: number;
  readonly decodeURIComponent?: (text: string) => string;
}

interface StringifyOptions {
  readonly encodeURIComponent?: (text: string) => string;
}

/** Percent-decoding that never throws: bytes that are no UTF-8 become U+FFFD. */
function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return new TextDecoder().decode(unescapeBuffer(text));
  }
}

function unescapeBuffer(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const digits = text.slice(at + 1, at + 3);
    if (text[at] === "%" && /^[\da-f]{2}$/i.test(digits)) {
      bytes.push(Number.parseInt(digits, 16));
      at += 2;
    } else bytes.push(text.charCodeAt(at) & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** encodeURIComponent, which leaves the same characters alone as Node does. */
function escape(value: unknown): string {
  return encodeURIComponent(typeof value === "object" ? String(value) : (value as string));
}

function parse(text: unknown, between?: string | null, within?: string | null, options: ParseOptions = {}): Values {
  const result = Object.create(null) as Values;
  const separator = between || "&";
  const equals = within || "=";
  if (typeof text !== "string" || text === "") return result;
  const { maxKeys = 1_000 } = options;
  const decode = options.decodeURIComponent ?? unescape;
  const pairs = text.split(separator);
  for (const pair of maxKeys > 0 ? pairs.slice(0, maxKeys) : pairs) {
    if (pair === "") continue;
    const at = pair.indexOf(equals);
    const key = decoded(at < 0 ? pair : pair.slice(0, at), decode);
    add(result, key, at < 0 ? "" : decoded(pair.slice(at + equals.length), decode));
  }
  return result;
}

function decoded(text: string, decode: (text: string) => string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decode(spaced);
  } catch {
    return unescape(spaced);
  }
}

function add(result: Values, key: string, value: string): void {
  const present = result[key];
  if (present === undefined) result[key] = value;
  else if (typeof present === "string") result[key] = [present, value];
  else present.push(value);
}

function stringify(
  values: unknown,
  between?: string | null,
  within?: string | null,
  options: StringifyOptions = {},
): string {
  const separator = between || "&";
  const equals = within || "=";
  if (typeof values !== "object" || values === null) return "";
  const encode = options.encodeURIComponent ?? exported.escape;
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const name = encode(key) + equals;
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value])
      pairs.push(name + encode(primitive(item)));
  }
  return pairs.join(separator);
}

/** What has no text of its own gives an empty value. */
function primitive(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  return typeof value === "bigint" || typeof value === "boolean" ? String(value) : "";
}

const decode: typeof parse = parse;
const encode: typeof stringify = stringify;

const exported = { decode, encode, escape, parse, stringify, unescape, unescapeBuffer };
export { decode, encode, escape, parse, stringify, unescape, unescapeBuffer };
export default exported as Readonly<Record<string, unknown>>;
