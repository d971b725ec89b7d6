/**
 * The ordinary URL, recognised without parsing: http or https, and written exactly as the standard would write it.
 *
 * Invariant: `isOrdinary(text)` implies that parsing `text` and serialising it again gives `text`, that there are no credentials,
 * and that the path starts at the first slash after `//`. Whatever is not surely so is not ordinary and goes to the parser.
 */

/** A number 0..255 without leading zeros. */
const octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

/** Lower-case labels, none in Punycode, the last beginning with a letter (else it may be an IPv4 number); or plain IPv4. */
const host = `(?:(?:(?!xn--)[a-z0-9-]+\\.)*(?!xn--)[a-z][a-z0-9-]*|${octet}(?:\\.${octet}){3})`;

/** Only characters that the percent-encode sets of path, query and fragment leave alone; no segment of one or two dots. */
const rest =
  "(?:/(?!(?:\\.|%2[eE]){1,2}(?:[/?#]|$))[!$%&'()*+,\\-.0-9:;=@A-Z[\\]_a-z|~]*)+" +
  "(?:\\?[!$%&()*+,\\-./0-9:;=?@A-Z[\\\\\\]^_`a-z{|}~]*)?" +
  "(?:#[!#$%&'()*+,\\-./0-9:;=?@A-Z[\\\\\\]^_a-z{|}~]*)?$";

const withoutPort = new RegExp(`^https?://${host}${rest}`);
const withPort = new RegExp(`^http(s?)://${host}:([1-9][0-9]{0,4})${rest}`);

export function isOrdinary(text: string): boolean {
  return withoutPort.test(text) || isOrdinaryWithPort(text);
}

/** What `text` is as a URL, where that is ordinary: itself, or with the path that it left out. Null: only the parser knows. */
export function ordinaryForm(text: string): string | null {
  if (isOrdinary(text)) return text;
  const withPath = `${text}/`;
  return pathStart(text) < 0 && isOrdinary(withPath) ? withPath : null;
}

function isOrdinaryWithPort(text: string): boolean {
  const match = withPort.exec(text);
  if (match === null) return false;
  const port = Number(match[2]);
  return port <= 65_535 && port !== (match[1] === "s" ? 443 : 80);
}

/** Where the path of an ordinary URL begins. */
export function pathStart(href: string): number {
  // `http://h` is the shortest beginning, so no slash of `//` is at 8 or later.
  return href.indexOf("/", 8);
}

/** Where the path that begins at `start` ends. */
export function pathEnd(href: string, start: number): number {
  const query = href.indexOf("?", start);
  const hash = href.indexOf("#", start);
  if (query < 0) return hash < 0 ? href.length : hash;
  return hash < 0 || query < hash ? query : hash;
}

/** `?` and the query, or "" when there is none or it is empty. */
export function searchOf(href: string): string {
  const hash = href.indexOf("#");
  const end = hash < 0 ? href.length : hash;
  const start = href.indexOf("?");
  return start < 0 || start >= end - 1 ? "" : href.slice(start, end);
}

/** `#` and the fragment, or "" when there is none or it is empty. */
export function hashOf(href: string): string {
  const start = href.indexOf("#");
  return start < 0 || start === href.length - 1 ? "" : href.slice(start);
}
