/**
 * A domain as one document, the thing that has versions: its configuration and its rules.
 *
 * In files and requests both stand side by side: the keys of the configuration, and `rules`.
 */
import type { DomainConfig } from "./domain.ts";
import { parseDomain, type DomainParseOptions } from "./domain-parser.ts";
import { domainLimits } from "./cdn-limits.ts";
import type { Parsed } from "./problem.ts";
import type { Rule } from "./rule.ts";
import { parseRules } from "./rule-parser.ts";

export interface DomainDocument {
  readonly config: DomainConfig;
  readonly rules: readonly Rule[];
}

/** What a document says; `rules` is null where it says nothing about them, and they stay as they are. */
export interface DomainInput {
  readonly config: DomainConfig;
  readonly rules: readonly Rule[] | null;
}

/** Problems of configuration and rules together. */
export function parseDomainInput(
  input: unknown,
  domain: string,
  options: DomainParseOptions = {},
): Parsed<DomainInput> {
  const { keys, rules } = splitRules(input);
  const config = parseDomain(keys, domain, options);
  const list = rules === undefined ? null : parseRules(rules);
  if (config.ok && list?.ok !== false) return { ok: true, value: { config: config.value, rules: list?.value ?? null } };
  const problems = [config, list].flatMap((parsed) => (parsed === null || parsed.ok ? [] : parsed.problems));
  return { ok: false, problems: problems.slice(0, domainLimits.problemsMax) };
}

/** The document as a file has it; without rules, none are written. */
export function toDomainInput({ config, rules }: DomainDocument): Readonly<Record<string, unknown>> {
  return rules.length === 0 ? { ...config } : { ...config, rules };
}

function splitRules(input: unknown): { readonly keys: unknown; readonly rules: unknown } {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return { keys: input, rules: undefined };
  const { rules, ...keys } = input as Readonly<Record<string, unknown>>;
  return { keys, rules };
}
