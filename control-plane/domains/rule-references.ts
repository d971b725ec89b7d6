/**
 * What a rule refers to: whether its function, version or alias exists and exports the hook of its phase.
 *
 * The form of a rule is `parseRules`' business. Invariant: after every change, each rule in the store binds a hook that each version it may
 * lead to exports, an alias's grey one included; whoever changes a rule, moves an alias or publishes a latest version asks here, in the same transaction.
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
  const found =
    rule.alias === undefined
      ? await findVersion(view, rule)
      : await findAliased(view, { functionName: rule.function, alias: rule.alias });
  if ("path" in found) return found;
  const lacking = found.find(({ hooks }) => !hooks.includes(rule.phase));
  if (lacking === undefined) return null;
  return { path: "phase", message: `received ${rule.phase}, but ${explainHooks(lacking)}` };
}

/** Every version that a request may get by the alias, its main one first. */
async function findAliased(
  view: StoreView,
  { functionName: name, alias }: { readonly functionName: string; readonly alias: string },
): Promise<readonly VersionRow[] | Problem> {
  const row = await view.aliases.get(name, alias);
  const main = row === null ? null : await view.versions.get(name, row.version);
  if (row === null || main === null) {
    return { path: "alias", message: `received "${alias}", allowed: an alias of function "${name}"` };
  }
  const grey = row.grey === null ? null : await view.versions.get(name, row.grey.version);
  return grey === null ? [main] : [main, grey];
}

async function findVersion(view: StoreView, rule: Rule): Promise<readonly VersionRow[] | Problem> {
  const version = rule.version ?? "";
  const row =
    version === "latest" ? await view.versions.latest(rule.function) : await view.versions.get(rule.function, version);
  if (row !== null) return [row];
  return { path: "version", message: `received "${version}", allowed: a version of function "${rule.function}"` };
}

function explainHooks({ function: name, version, hooks }: VersionRow): string {
  return `version "${version}" of function "${name}" exports ${hooks.join(", ")}`;
}
