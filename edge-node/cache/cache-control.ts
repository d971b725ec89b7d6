/**
 * Reads a `Cache-Control` response field (RFC 9111 §5.2.2, RFC 5861) into what a shared cache needs.
 *
 * Invariant: doubt makes a response less cacheable, never more: an unreadable or repeated age counts as the smallest one, and a list of
 * fields that cannot be read stands for all of them.
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
  const directives = new Map<string, string>();
  for (const [name, value] of list) {
    const before = directives.get(name);
    directives.set(name, before === undefined ? value : smallerOf(name, before, value));
  }
  const noCache = fieldsOf(directives.get("no-cache"));
  const privacy = fieldsOf(directives.get("private"));
  return {
    noStore: directives.has("no-store"),
    noCache: noCache === "all",
    private: privacy === "all",
    excludedFields: [...(noCache === "all" ? [] : noCache), ...(privacy === "all" ? [] : privacy)],
    public: directives.has("public"),
    mustRevalidate: directives.has("must-revalidate") || directives.has("proxy-revalidate"),
    mustUnderstand: directives.has("must-understand"),
    immutable: directives.has("immutable"),
    maxAgeSeconds: ageOf(directives.get("max-age")),
    sharedMaxAgeSeconds: ageOf(directives.get("s-maxage")),
    staleWhileRevalidateSeconds: ageOf(directives.get("stale-while-revalidate")),
    staleIfErrorSeconds: ageOf(directives.get("stale-if-error")),
  };
}

const DIRECTIVE = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[\t ]*(?:=[\t ]*("(?:[^"\\]|\\.)*"|[^,"]*))?[^,]*(?:,|$)/gy;
/** Deltas beyond this are as good as for ever (RFC 9111 §1.2.2). */
const AGE_SECONDS_MAX = 2_147_483_648;

/** Directives of a request or response, in order; names in lower case, values without quotes, "" where there is none. */
export function splitDirectives(text: string): [name: string, value: string][] {
  const result: [string, string][] = [];
  const pattern = new RegExp(DIRECTIVE);
  for (let at = 0; at < text.length;) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) {
      at++;
      continue;
    }
    result.push([(match[1] ?? "").toLowerCase(), (match[2] ?? "").trim().replaceAll('"', "")]);
    at = pattern.lastIndex;
  }
  return result;
}

/** A number of seconds; undefined without one, 0 for what is none. */
export function ageOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), AGE_SECONDS_MAX) : 0;
}

const AGES: ReadonlySet<string> = new Set(["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"]);

/** Of a directive that came twice: the smaller age; the whole response rather than some fields, and otherwise all fields of both. */
function smallerOf(name: string, a: string, b: string): string {
  if (AGES.has(name)) return (ageOf(a) ?? 0) <= (ageOf(b) ?? 0) ? a : b;
  if (name === "no-cache" || name === "private") return a === "" || b === "" ? "" : `${a},${b}`;
  return b;
}

const FIELD_LIST = /^[!#$%&'*+\-.^_`|~0-9a-z]+(?:[\t ]*,[\t ]*[!#$%&'*+\-.^_`|~0-9a-z]+)*$/;

/** What a directive with an optional list of fields is about. */
function fieldsOf(value: string | undefined): readonly string[] | "all" {
  if (value === undefined) return [];
  const list = value.trim().toLowerCase();
  return FIELD_LIST.test(list) ? list.split(",").map((name) => name.trim()) : "all";
}
