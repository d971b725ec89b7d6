/**
 * One spelling for each path, so that no rule is escaped by writing a path differently.
 *
 * `path` is what functions see, what the cache keys on and what the origin gets: dot segments removed (also `%2e`), runs of `/` merged,
 * percent-encoded unreserved characters decoded, escapes in upper case (RFC 3986 §6.2.2). `match` is what rules are compared with: all
 * escapes of visible ASCII decoded as well, `%2F`, `%5C` and `\` read as `/`, because origins differ in whether they decode those before they look
 * a path up. Letter case is significant in both (RFC 9110 §4.2.3), and `;parameters` are part of their segment.
 * Invariant: a path whose `match` still holds a dot segment, also one with parameters or blanks behind the dots, a NUL or a byte outside the grammar
 * has no canonical form.
 */

export interface CanonicalPath {
  readonly path: string;
  readonly match: string;
}

const PLAIN = /^\/[A-Za-z0-9_~!$&'()*+,;=:@/.-]*$/;
const ALLOWED = /^\/(?:[A-Za-z0-9_~!$&'()*+,;=:@/.[\]|^-]|%[0-9A-Fa-f]{2})*$/;
const UNRESERVED = /[A-Za-z0-9._~-]/;
/** The escapes that `match` has decoded. */
const VISIBLE_ESCAPE = /^%(?!7F)[2-7][0-9A-F]/;
/** Some origins take `..;x` and `.. ` for `..`, and would go another way than the rules did. */
const DOT_SEGMENT = /\/\.\.? *(?:[;/]|$)/;

/** The canonical form of a path without query, or null when there is none (the request is refused). */
export function canonicalPath(raw: string): CanonicalPath | null {
  if (PLAIN.test(raw) && !raw.includes("//") && !raw.includes("/.")) return { path: raw, match: raw };
  if (!ALLOWED.test(raw) || raw.includes("%00")) return null;
  const path = removeDotSegments(decodeUnreserved(raw)).replace(/\/{2,}/g, "/");
  const match = decodeVisible(path)
    .replaceAll("\\", "/")
    .replace(/\/{2,}/g, "/");
  return DOT_SEGMENT.test(match) ? null : { path, match };
}

/** The form in which a rule's own content is compared: the rule `/caf%C3%A9/a+b` also means `/café/a%2Bb`. */
export function canonicalRuleContent(content: string): string {
  const escaped = content.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  return decodeVisible(decodeUnreserved(escaped))
    .replaceAll("\\", "/")
    .replace(/\/{2,}/g, "/");
}

/**
 * Where each character of `match` came from in `path`: `places[i]` is the offset of the piece that `match[i]` stands for, and the last one the
 * path's length. So what a pattern matched in `match` can be taken from `path` as it is spelled there.
 */
export function matchPlaces(path: string): readonly number[] {
  const places: number[] = [];
  let wasSlash = false;
  for (let at = 0; at < path.length;) {
    const escape = VISIBLE_ESCAPE.exec(path.slice(at, at + 3))?.[0];
    const decoded = escape === undefined ? path.charAt(at) : decodeVisible(escape);
    const isSlash = decoded === "/" || decoded === "\\";
    if (!isSlash || !wasSlash) places.push(at);
    wasSlash = isSlash;
    at += escape?.length ?? 1;
  }
  return [...places, path.length];
}

function decodeUnreserved(path: string): string {
  if (!path.includes("%")) return path;
  return path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
}

function decodeVisible(path: string): string {
  if (!path.includes("%")) return path;
  return path.replace(/%[2-7][0-9A-F]/g, (escape) => {
    return escape === "%7F" ? escape : String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  });
}

/** RFC 3986 §5.2.4; `..` at the root stays at the root. */
function removeDotSegments(path: string): string {
  if (!path.includes("/.")) return path;
  const segments = path.split("/");
  const last = segments.at(-1);
  const kept: string[] = [];
  for (const segment of segments.slice(1)) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
  }
  if (last === "." || last === "..") kept.push("");
  return `/${kept.join("/")}`;
}
