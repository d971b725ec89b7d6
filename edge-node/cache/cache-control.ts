/**
 * Reads a `Cache-Control` response field (RFC 9111 §5.2.2) into what a shared cache needs.
 *
 * Invariant: doubt makes a response less cacheable, never more: an unreadable or repeated age counts as the smallest one.
 */

export interface CacheControl {
  readonly noStore: boolean;
  /** Also with field names: this cache does not keep parts of a response. */
  readonly noCache: boolean;
  readonly private: boolean;
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  readonly maxAgeSeconds: number | undefined;
  readonly sharedMaxAgeSeconds: number | undefined;
}

const NOTHING: CacheControl = {
  noStore: false,
  noCache: false,
  private: false,
  public: false,
  mustRevalidate: false,
  maxAgeSeconds: undefined,
  sharedMaxAgeSeconds: undefined,
};

/** All lines of the field, joined or not. An empty list gives no directive at all. */
export function parseCacheControl(lines: readonly string[]): CacheControl {
  if (lines.length === 0) return NOTHING;
  const directives = new Map<string, string>();
  for (const [name, value] of splitDirectives(lines.join(","))) {
    const before = directives.get(name);
    directives.set(name, before !== undefined && isAge(name) ? smallerAge(before, value) : value);
  }
  return {
    noStore: directives.has("no-store"),
    noCache: directives.has("no-cache"),
    private: directives.has("private"),
    public: directives.has("public"),
    mustRevalidate: directives.has("must-revalidate") || directives.has("proxy-revalidate"),
    maxAgeSeconds: ageOf(directives.get("max-age")),
    sharedMaxAgeSeconds: ageOf(directives.get("s-maxage")),
  };
}

const DIRECTIVE = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[\t ]*(?:=[\t ]*("(?:[^"\\]|\\.)*"|[^,"]*))?[^,]*(?:,|$)/gy;
/** Deltas beyond this are as good as for ever (RFC 9111 §1.2.2). */
const AGE_SECONDS_MAX = 2_147_483_648;

function splitDirectives(text: string): [name: string, value: string][] {
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

function isAge(name: string): boolean {
  return name === "max-age" || name === "s-maxage";
}

function smallerAge(a: string, b: string): string {
  return (ageOf(a) ?? 0) <= (ageOf(b) ?? 0) ? a : b;
}

function ageOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), AGE_SECONDS_MAX) : 0;
}
