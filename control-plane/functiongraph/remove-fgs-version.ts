/**
 * Deleting a version with the aliases that name it and the triggers of both, as part of a change.
 *
 * Invariant: what a rule names stays, and then everything does.
 */
import { removeAlias } from "../functions/remove-alias.ts";
import { removeVersion, type VersionName } from "../functions/remove-version.ts";
import type { StoreTables } from "../store.ts";
import { FgsError } from "./fgs-error.ts";

/** @throws FgsError FSS.1094 for the grey version of an alias; ControlError NOT_FOUND, CONFLICT while a rule names it or one of its aliases. */
export async function removeFgsVersion(tables: StoreTables, { functionName, version }: VersionName): Promise<void> {
  const aliases = await tables.aliases.list(functionName);
  if (aliases.some(({ grey }) => grey?.version === version)) {
    throw new FgsError("FSS.1094", `version ${version} is the grey version of an alias`);
  }
  const named = aliases.filter((alias) => alias.version === version);
  for (const { name } of named) await removeAlias(tables, { functionName, alias: name });
  await removeVersion(tables, { functionName, version });
  const row = await tables.fgsFunctions.get(functionName);
  if (row === null) return;
  const gone = new Set([version, ...named.map(({ name }) => `!${name}`)]);
  await tables.fgsFunctions.put({ ...row, triggers: row.triggers.filter(({ qualifier }) => !gone.has(qualifier)) });
}
