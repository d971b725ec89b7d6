/**
 * Conditions on paths as a domain's configuration writes them (match_type, match_value, priority), compiled.
 *
 * Works on the `match` form of canonical-path.ts. Conditions come validated; a value that does not fit its type matches nothing.
 */
import type { PathCondition } from "../../sdk/domain-policy.ts";
import {
  matchAll,
  matchDirectory,
  matchFullPath,
  matchHomePage,
  matchSuffix,
  splitMatchList,
  type PathMatcher,
} from "./path-match.ts";

const matchers: Readonly<Record<PathCondition["match_type"], (list: readonly string[]) => PathMatcher>> = {
  all: () => matchAll,
  home_page: () => matchHomePage,
  file_extension: matchSuffix,
  catalog: matchDirectory,
  full_path: (list) => {
    const paths = list.map(matchFullPath);
    return (path) => paths.some((matches) => matches(path));
  },
};

/** The matcher of one condition. */
export function compilePathCondition(condition: Omit<PathCondition, "priority">): PathMatcher {
  return matchers[condition.match_type](splitMatchList(condition.match_value ?? "", ";"));
}

/** A list in the order it decides: larger priority first. */
export function byPriority<T>(list: readonly T[], priorityOf: (entry: T) => number): readonly T[] {
  return list.toSorted((left, right) => priorityOf(right) - priorityOf(left));
}
