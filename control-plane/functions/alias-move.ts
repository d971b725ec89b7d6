/**
 * Moving an alias to a version, as part of a change: every check, and the history it leaves.
 *
 * Invariant: an alias never names a version that lacks a hook which a rule using the alias binds.
 */
import { parseAliasName } from "../../sdk/function-name.ts";
import { storeLimits } from "../../sdk/limits.ts";
import { conflict, ControlError, requireValid } from "../control-error.ts";
import { missingHooks } from "../domains/rule-references.ts";
import type { AliasRow, StoreTables, VersionRow } from "../store.ts";

/** Versions an alias remembers. */
const previousMax = 20;

export interface AliasMove {
  readonly alias: string;
  readonly to: VersionRow;
  readonly movedAt: string;
}

/**
 * Creates or moves the alias; `moved` is false when it named the version already.
 * @throws ControlError INPUT_INVALID, CONFLICT, LIMIT_REACHED.
 */
export async function moveAlias(
  tables: StoreTables,
  { alias, to, movedAt }: AliasMove,
): Promise<{ readonly row: AliasRow; readonly moved: boolean }> {
  const name = requireValid(parseAliasName(alias));
  const row = await tables.aliases.get(to.function, name);
  if (row?.version === to.version) return { row, moved: false };
  if (row === null) await refuseNewAlias(tables, { functionName: to.function, name });
  const bound = await tables.domains.rulesOf(to.function);
  const problems = missingHooks(
    bound.filter(({ rule }) => rule.alias === name),
    to,
  );
  if (problems.length > 0) {
    const message = `Version "${to.version}" lacks hooks that rules bind through alias "${name}".`;
    throw conflict(message, problems);
  }
  const previous = row === null ? [] : [row.version, ...row.previous.filter((version) => version !== row.version)];
  const next: AliasRow = {
    function: to.function,
    name,
    version: to.version,
    previous: previous.filter((version) => version !== to.version).slice(0, previousMax),
    updatedAt: movedAt,
  };
  await tables.aliases.put(next);
  return { row: next, moved: true };
}

async function refuseNewAlias(
  { aliases, versions }: StoreTables,
  { functionName, name }: { readonly functionName: string; readonly name: string },
): Promise<void> {
  if ((await versions.get(functionName, name)) !== null) {
    throw conflict(`"${name}" is the name of a version of function "${functionName}".`);
  }
  const max = storeLimits.aliasesPerFunctionMax;
  if ((await aliases.list(functionName)).length < max) return;
  throw new ControlError("LIMIT_REACHED", {
    message: `Function "${functionName}" has ${String(max)} aliases, no more are allowed.`,
  });
}
