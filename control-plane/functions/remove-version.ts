/** Deleting a version, as part of a change: every check, and what names it without needing it. Invariant: no alias and no rule is left without its version. */
import type { Problem } from "../../sdk/problem.ts";
import { conflict } from "../control-error.ts";
import { describeBinding } from "../domains/rule-references.ts";
import type { StoreTables } from "../store.ts";
import { requireVersion } from "./require-row.ts";

export interface VersionName {
  readonly functionName: string;
  readonly version: string;
}

/** @throws ControlError NOT_FOUND, CONFLICT while an alias or a rule names it, or a rule names `latest` and this is it. */
export async function removeVersion(tables: StoreTables, { functionName, version }: VersionName): Promise<void> {
  await requireVersion(tables, { functionName, version });
  const problems = await findUses(tables, { functionName, version });
  if (problems.length > 0) throw conflict(`Version "${version}" of function "${functionName}" is in use.`, problems);
  for (const alias of await tables.aliases.list(functionName)) {
    if (!alias.previous.includes(version)) continue;
    await tables.aliases.put({ ...alias, previous: alias.previous.filter((name) => name !== version) });
  }
  await tables.versions.delete(functionName, version);
}

async function findUses(tables: StoreTables, { functionName, version }: VersionName): Promise<readonly Problem[]> {
  const isLatest = (await tables.versions.latest(functionName))?.version === version;
  const aliases = (await tables.aliases.list(functionName)).filter(
    (alias) => alias.version === version || alias.grey?.version === version,
  );
  const bound = (await tables.domains.rulesOf(functionName)).filter(
    ({ rule }) => rule.version === version || (isLatest && rule.version === "latest"),
  );
  return [
    ...aliases.map(({ name }) => ({ path: `aliases.${name}`, message: "names this version" })),
    ...bound.map(describeBinding),
  ];
}
