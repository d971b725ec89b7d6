/**
 * Regular expressions of a domain's configuration: the RE2 syntax, matched in time linear in the text.
 *
 * An expression of the configuration meets paths that clients choose, so backtracking is ruled out by the engine and not by guessing which
 * expressions are harmless: whoever matches must match with what is compiled here. RE2 has no look-around and no back-references.
 * The only file that imports re2js.
 */
import { RE2JS } from "re2js";
import { domainLimits } from "./cdn-limits.ts";
import type { Parsed } from "./problem.ts";

export interface DomainRegex {
  /** Number of groups, `$1` being the first. */
  readonly groups: number;
  /** What the groups of the first match anywhere in `text` stand for (a group that took no part: ""), or null. */
  match(text: string): readonly string[] | null;
}

/** The compiled expression, or what is wrong with it. */
export function compileDomainRegex(source: string): Parsed<DomainRegex> {
  if (source === "" || source.length > domainLimits.regexCharsMax) {
    return refuse(`1..${domainLimits.regexCharsMax} characters`);
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "not understood";
    return refuse(`RE2 syntax, which has no look-around and no back-references (${reason})`);
  }
  const groups = compiled.groupCount();
  return { ok: true, value: { groups, match: (text) => matchGroups(compiled, text) } };
}

function matchGroups(compiled: RE2JS, text: string): readonly string[] | null {
  const matcher = compiled.matcher(text);
  if (!matcher.find()) return null;
  return Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1) ?? "");
}

/** The message completes "allowed: …". */
function refuse(message: string): Parsed<never> {
  return { ok: false, problems: [{ path: "regex", message }] };
}
