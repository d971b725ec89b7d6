/**
 * The ways a path can match, compiled once: shared by rules and by cache rules.
 *
 * Works on the `match` form of canonical-path.ts. Invariant: linear in the path's length for every pattern; there is no backtracking.
 */
import { canonicalRuleContent } from "./canonical-path.ts";
import { compileWildcard } from "./wildcard.ts";

/** Decides about the `match` form of a path. */
export type PathMatcher = (path: string) => boolean;

export const matchAll: PathMatcher = () => true;

/** `/` alone. */
export const matchHomePage: PathMatcher = (path) => path === "/";

/** Whether the path ends with one of the suffixes, such as `.jpg`. */
export function matchSuffix(list: readonly string[]): PathMatcher {
  const suffixes = list.map(canonicalRuleContent);
  return (path) => suffixes.some((suffix) => path.endsWith(suffix));
}

/** Whether the path is one of the directories or inside one: whole segments, so `/a` holds `/a` and `/a/b` but not `/ab`. */
export function matchDirectory(list: readonly string[]): PathMatcher {
  const directories = list.map((entry) => canonicalRuleContent(entry).replace(/\/$/, ""));
  return (path) =>
    directories.some(
      (directory) => path.startsWith(directory) && (path.length === directory.length || path[directory.length] === "/"),
    );
}

/** Whether the whole path matches; `*` stands for any run of characters, `/` included. */
export function matchFullPath(pattern: string): PathMatcher {
  const match = compileWildcard(canonicalRuleContent(pattern));
  return (path) => match(path) !== null;
}

/** Splits a list as rules (`,`) and cache rules (`;`) write it. */
export function splitMatchList(content: string, separator: "," | ";"): readonly string[] {
  return content
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
