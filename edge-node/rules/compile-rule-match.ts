/**
 * A rule's match as a function of the path. Rules come validated; content that does not fit its type matches nothing.
 */
import type { Rule, RuleMatchType } from "../../sdk/rule.ts";
import {
  matchAll,
  matchDirectory,
  matchFullPath,
  matchSuffix,
  splitMatchList,
  type PathMatcher,
} from "./path-match.ts";

const compilers: Readonly<Record<RuleMatchType, (content: string) => PathMatcher>> = {
  all: () => matchAll,
  suffix: (content) => matchSuffix(splitMatchList(content, ",")),
  directory: (content) => matchDirectory(splitMatchList(content, ",")),
  path: matchFullPath,
};

/** The matcher of one rule. */
export function compileRuleMatch(rule: Pick<Rule, "matchType" | "matchContent">): PathMatcher {
  return compilers[rule.matchType](rule.matchContent ?? "");
}
