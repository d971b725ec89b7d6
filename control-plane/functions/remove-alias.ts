/** Deleting an alias, as part of a change. Invariant: no rule is left without its alias. */
import { conflict } from "../control-error.ts";
import { describeBinding } from "../domains/rule-references.ts";
import type { StoreTables } from "../store.ts";
import { requireAlias } from "./require-row.ts";

export interface AliasName {
  readonly functionName: string;
  readonly alias: string;
}

/** @throws ControlError NOT_FOUND, CONFLICT while a rule names it. */
export async function removeAlias(tables: StoreTables, { functionName, alias }: AliasName): Promise<void> {
  await requireAlias(tables, { functionName, alias });
  const bound = (await tables.domains.rulesOf(functionName)).filter(({ rule }) => rule.alias === alias);
  if (bound.length > 0) throw conflict(`Rules name alias "${alias}": remove them first.`, bound.map(describeBinding));
  await tables.aliases.delete(functionName, alias);
}
