/**
 * Which request fields choose between the answers stored for one URL, and what of them matters (RFC 9111 §4.1).
 *
 * Invariant: two requests get one variant only when no origin that follows the field's grammar could answer them differently. The order of languages
 * stays, since origins take it as a preference although RFC 9110 §12.5.4 does not make it one.
 */
import { getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";

/** The names in Vary, lower case, sorted, each once; "*" among them when it is there. */
export function varyNames(headers: HeaderText): readonly string[] {
  if (!headers.includes("vary:")) return [];
  const names = getAllHeaders(headers, "vary")
    .join(",")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  return [...new Set(names)].sort();
}

/** What the answers under one key vary with. */
export interface VaryMark {
  /** Sorted, each once. */
  readonly names: readonly string[];
  /** When the first of these answers was asked for, milliseconds since the epoch: tells the mark from those before it. */
  readonly since: number;
}

/** Where the answer to such a request stands. What stood under an earlier mark of the key is not found under this one. */
export function variantKeyUnder(key: string, { names, since }: VaryMark, requestHeaders: HeaderText): string {
  return variantKeyOf(variantPrefix(key, since), names, requestHeaders);
}

/** No field name begins with "@". */
function variantPrefix(key: string, since: number): string {
  return `${key}\n@${since}`;
}

/** Whether an answer at `variantKey` stands under this mark of `key`, with these names or others. */
export function isUnderMark(
  variantKey: string,
  { key, since }: { readonly key: string; readonly since: number },
): boolean {
  return variantKey.startsWith(`${variantPrefix(key, since)}\n`);
}

/** Cannot collide with a plain key or another variant: keys and values hold no line feed. */
export function variantKeyOf(key: string, names: readonly string[], requestHeaders: HeaderText): string {
  let result = key;
  for (const name of names) result += `\n${name}${selectingValue(name, getAllHeaders(requestHeaders, name))}`;
  return result;
}

/** An absent field is not an empty one. */
function selectingValue(name: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const value = lines.join(",");
  if (name === "accept-encoding") return `:${acceptedCodings(value)}`;
  if (name === "accept-language") return `:${withoutBlanks(value.toLowerCase())}`;
  return `:${withoutBlanks(value)}`;
}

/** Blanks around commas say nothing, except inside of quotes. */
function withoutBlanks(value: string): string {
  return value.includes('"') ? value : value.replaceAll(/[\t ]*,[\t ]*/g, ",").trim();
}

/** What may be sent, sorted; order and weight do not make a coding readable or not. */
function acceptedCodings(value: string): string {
  const codings = new Set<string>();
  for (const part of value.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    if (name === "") continue;
    const isRefused = parameters.some((parameter) => /^q[\t ]*=[\t ]*0(?:\.0*)?$/.test(parameter));
    if (!isRefused) codings.add(name === "x-gzip" ? "gzip" : name);
    else if (name === "identity" || name === "*" || value.includes("*")) codings.add(`!${name}`);
  }
  return [...codings].sort().join(",");
}
