/**
 * Patterns in which `*` stands for any run of characters.
 *
 * Knows no paths. Invariant: there is no backtracking, so no text makes a pattern slow: each `*` stands for the shortest run that lets the next
 * piece follow, the last one for what is left.
 */

/** What each `*` of a pattern stands for in a text, as [from, to), or null when the text does not match. */
export type WildcardMatcher = (text: string) => readonly (readonly [from: number, to: number])[] | null;

const NOTHING: readonly (readonly [number, number])[] = [];

/** Compiles a pattern that the whole text must match. */
export function compileWildcard(pattern: string): WildcardMatcher {
  const [prefix = "", ...rest] = pattern.split("*");
  const suffix = rest.pop();
  if (suffix === undefined) return (text) => (text === prefix ? NOTHING : null);
  return (text) => {
    const end = text.length - suffix.length;
    if (end < prefix.length || !text.startsWith(prefix) || !text.endsWith(suffix)) return null;
    const spans: [number, number][] = [];
    let at = prefix.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0) return null;
      spans.push([at, found]);
      at = found + part.length;
    }
    if (at > end) return null;
    spans.push([at, end]);
    return spans;
  };
}
