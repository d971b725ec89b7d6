/**
 * What a rule refers to: whether its function, version or alias exists and exports the hook of its phase.
 *
 * The form of a rule is `parseRules`' business. Invariant: after every change, each rule in the store binds a hook that the version it
 * leads to exports; whoever changes a rule, moves an alias or publishes a latest version asks here, in the same transaction.
 */
import type { Problem } from "../../sdk/problem.ts";
import type { Rule } from "../../sdk/rule.ts";
import type { BoundRule, StoreView, VersionRow } from "../store.ts";

/** Everything that is wrong with what `rules` refer to; paths start with `rules[index]`. */
export async function checkReferences(view: StoreView, rules: readonly Rule[]): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const [index, rule] of rules.entries()) {
    const problem = await checkReference(view, rule);
    if (problem !== null) problems.push({ path: `rules[${String(index)}].${problem.path}`, message: problem.message });
  }
  return problems;
}

/** Rules among `bound` whose phase `version` does not export. */
export function missingHooks(bound: readonly BoundRule[], version: VersionRow): readonly Problem[] {
  return bound
    .filter(({ rule }) => !version.hooks.includes(rule.phase))
    .map((entry) => ({
      path: describeBinding(entry).path,
      message: `binds ${entry.rule.phase}, but ${explainHooks(version)}`,
    }));
}

/** Where a rule is and what it names. */
export function describeBinding({ domain, rule }: BoundRule): Problem {
  const target = rule.alias === undefined ? `version "${rule.version ?? ""}"` : `alias "${rule.alias}"`;
  return {
    path: `domains.${domain}.rules[phase=${rule.phase},priority=${String(rule.priority)}]`,
    message: `names function "${rule.function}", ${target}`,
  };
}

async function checkReference(view: StoreView, rule: Rule): Promise<Problem | null> {
  if ((await view.functions.get(rule.function)) === null) {
    return { path: "function", message: `received "${rule.function}", allowed: an existing function` };
  }
  const found = await findTarget(view, rule);
  if ("path" in found) return found;
  if (found.hooks.includes(rule.phase)) return null;
  return { path: "phase", message: `received ${rule.phase}, but ${explainHooks(found)}` };
}

async function findTarget(view: StoreView, rule: Rule): Promise<VersionRow | Problem> {
  if (rule.alias !== undefined) {
    const alias = await view.aliases.get(rule.function, rule.alias);
    const row = alias === null ? null : await view.versions.get(rule.function, alias.version);
    return (
      row ?? { path: "alias", message: `received "${rule.alias}", allowed: an alias of function "${rule.function}"` }
    );
  }
  const version = rule.version ?? "";
  const row =
    version === "latest" ? await view.versions.latest(rule.function) : await view.versions.get(rule.function, version);
  return (
    row ?? { path: "version", message: `received "${version}", allowed: a version of function "${rule.function}"` }
  );
}

function explainHooks({ function: name, version, hooks }: VersionRow): string {
  return `version "${version}" of function "${name}" exports ${hooks.join(", ")}`;
}
