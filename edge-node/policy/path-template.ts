/**
 * Targets such as `/new/$1`: what a pattern matched in a path, put into another path.
 *
 * Patterns are compared with the `match` form of a path; what they matched is taken from its canonical spelling, so that an escaped character
 * stays escaped. Pure.
 */
import type { WireUrl } from "../pipeline/wire-url.ts";
import { canonicalRuleContent, matchPlaces } from "../rules/canonical-path.ts";
import { compileWildcard } from "../rules/wildcard.ts";

/** What each `*` or group stands for, or null: no match. */
export type PathCapture = (url: WireUrl) => readonly string[] | null;

/** Compiles a pattern that the whole path must match. */
export function captureWildcard(pattern: string): PathCapture {
  const match = compileWildcard(canonicalRuleContent(pattern));
  return ({ path, match: compared }) => {
    const spans = match(compared);
    if (spans === null || spans.length === 0) return spans === null ? null : [];
    if (path === compared) return spans.map(([from, to]) => path.slice(from, to));
    const places = matchPlaces(path);
    return spans.map(([from, to]) => path.slice(places[from], places[to]));
  };
}

/** What follows `prefix` in the path, or null. */
export function captureRest(prefix: string): (url: WireUrl) => string | null {
  const start = canonicalRuleContent(prefix);
  return ({ path, match }) => {
    if (!match.startsWith(start)) return null;
    return path.slice(path === match ? start.length : matchPlaces(path)[start.length]);
  };
}

/** The template with `$1` to `$9` replaced; one that stands for nothing is left out. */
export function fillTemplate(template: string, captured: readonly string[]): string {
  if (!template.includes("$")) return template;
  return template.replace(/\$([1-9])/g, (_reference, digit: string) => captured[Number(digit) - 1] ?? "");
}
