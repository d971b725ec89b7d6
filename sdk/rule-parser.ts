/**
 * Turns untrusted input into a domain's list of rules, or into everything that is wrong with it (spec: programmable CDN, "Rules").
 *
 * Pure: whether a function, version, alias or hook exists is the store's to know. Invariant: in a parsed list priorities
 * are unique within each phase, match contents fit their types, and each rule names exactly one of version and alias.
 */
import { FieldReader, parsedUnless, showValue } from "./field-reader.ts";
import { refuseAliasName, refuseFunctionName, refuseVersionReference } from "./function-name.ts";
import { storeLimits } from "./limits.ts";
import { isResponsePhase, type Phase } from "./phase.ts";
import type { Parsed, Problem } from "./problem.ts";
import type { Rule, RuleMatchType } from "./rule.ts";

/** All rules of a domain; defaults filled in, order kept. Problem paths start with `rules`. */
export function parseRules(input: unknown): Parsed<readonly Rule[]> {
  const problems: Problem[] = [];
  if (!Array.isArray(input)) {
    problems.push({ path: "rules", message: `received ${showValue(input)}, allowed: a list of rules` });
    return { ok: false, problems };
  }
  const { rulesPerDomainMax: max } = storeLimits;
  if (input.length > max) {
    problems.push({ path: "rules", message: `received ${input.length} rules, allowed: at most ${max}` });
  }
  const rules = input
    .slice(0, max)
    .map((item: unknown, index) => readRule(new FieldReader(item, { path: `rules[${index}]`, problems })));
  reportDuplicatePriorities(rules, problems);
  return parsedUnless(problems, rules);
}

/** What a rule does with a failing function when it does not say. */
export function defaultOnError(phase: Phase): Rule["onError"] {
  return isResponsePhase(phase) ? "continue" : "fail";
}

/** The entries of a suffix or directory list. */
export function matchEntries(matchContent: string): readonly string[] {
  return matchContent.split(",").map((entry) => entry.trim());
}

function readRule(fields: FieldReader): Rule {
  const phase = fields.choice("phase", {
    values: ["clientRequest", "originPull", "originResponse", "clientResponse", "fetch"],
  });
  const matchType = fields.choice("matchType", { values: ["all", "suffix", "directory", "path"] });
  const matchContent = readMatchContent(fields, matchType);
  const rule: Rule = {
    phase,
    matchType,
    ...(matchContent === undefined ? {} : { matchContent }),
    function: fields.string("function", { check: refuseFunctionName }),
    ...readTarget(fields),
    priority: fields.integer("priority", { min: storeLimits.rulePriorityMin, max: storeLimits.rulePriorityMax }),
    enabled: fields.boolean("enabled", { default: true }),
    stop: fields.boolean("stop", { default: false }),
    onError: fields.choice("onError", { values: ["fail", "continue"], default: defaultOnError(phase) }),
  };
  fields.finish();
  return rule;
}

function readTarget(fields: FieldReader): Pick<Rule, "version" | "alias"> {
  const version = fields.optionalString("version", { check: refuseVersionReference });
  const alias = fields.optionalString("alias", { check: refuseAliasName });
  if ((version === undefined) === (alias === undefined)) {
    const received = version === undefined ? "neither" : "both";
    fields.report("version", `received ${received} of version and alias, allowed: exactly one of them`);
  }
  return { ...(version === undefined ? {} : { version }), ...(alias === undefined ? {} : { alias }) };
}

function readMatchContent(fields: FieldReader, matchType: RuleMatchType): string | undefined {
  // Nothing is said about the content while its type is not known.
  if (fields.raw("matchType") !== matchType) return void fields.raw("matchContent");
  if (matchType === "all") {
    if (fields.raw("matchContent") !== undefined) {
      fields.report(
        "matchContent",
        `received ${showValue(fields.raw("matchContent"))}, allowed: absent for matchType all`,
      );
    }
    return undefined;
  }
  const content = fields.string("matchContent", { check: (value) => refuseMatchContent(value, matchType) });
  return matchType === "path" ? content : matchEntries(content).join(",");
}

function refuseMatchContent(content: string, matchType: Exclude<RuleMatchType, "all">): string | null {
  const { ruleMatchContentCharsMax: charsMax, ruleMatchListMax: entriesMax } = storeLimits;
  if (content.length > charsMax) return `at most ${charsMax} characters`;
  if (matchType === "path") {
    return /^\/[^\s?#]*$/.test(content)
      ? null
      : `one path that starts with "/", with "*" as wildcard, without blanks, "?" and "#"`;
  }
  const entries = matchEntries(content);
  if (entries.length > entriesMax) return `at most ${entriesMax} entries separated by ","`;
  if (new Set(entries).size !== entries.length) return `entries that differ`;
  const pattern = matchType === "suffix" ? /^\.[^\s/*?#]+$/ : /^(?:\/[^\s/*?#]+)*\/?$/;
  if (entries.every((entry) => entry !== "" && pattern.test(entry))) return null;
  return matchType === "suffix"
    ? `entries separated by ",", each "." and characters other than blanks, "/", "*", "?" and "#"`
    : `entries separated by ",", each a path of whole segments that starts with "/", without blanks, "*", "?" and "#"`;
}

function reportDuplicatePriorities(rules: readonly Rule[], problems: Problem[]): void {
  const holders = new Map<string, number>();
  const broken = new Set(problems.map((problem) => problem.path));
  for (const [index, { phase, priority }] of rules.entries()) {
    const path = `rules[${index}].priority`;
    if (broken.has(path) || broken.has(`rules[${index}].phase`)) continue;
    const holder = holders.get(`${phase} ${priority}`);
    if (holder === undefined) {
      holders.set(`${phase} ${priority}`, index);
      continue;
    }
    const message = `received ${priority}, allowed: a priority no other rule of phase ${phase} has; rules[${holder}] has it`;
    problems.push({ path, message });
  }
}
