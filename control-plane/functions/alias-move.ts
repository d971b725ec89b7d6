/**
 * Moving an alias to a version, as part of a change: every check, and the history it leaves.
 *
 * Invariant: an alias never names a version that lacks a hook which a rule using the alias binds.
 */
import { isDeepStrictEqual } from "node:util";
import type { AliasGrey } from "../../sdk/alias-grey.ts";
import { parseAliasName } from "../../sdk/function-name.ts";
import { conflict, requireValid } from "../control-error.ts";
import { missingHooks } from "../domains/rule-references.ts";
import { requireRoom } from "../quotas/require-room.ts";
import type { AliasRow, StoreTables, VersionRow } from "../store.ts";
import { requireVersion } from "./require-row.ts";

/** Versions an alias remembers. */
const previousMax = 20;

export interface AliasMove {
  readonly alias: string;
  readonly to: VersionRow;
  /** Absent: none, and one that was there ends. */
  readonly grey?: AliasGrey | null;
  readonly movedAt: string;
}

/**
 * Creates or moves the alias; `moved` is false when it named just that already.
 * @throws ControlError INPUT_INVALID, NOT_FOUND, CONFLICT, LIMIT_REACHED.
 */
export async function moveAlias(
  tables: StoreTables,
  { alias, to, grey = null, movedAt }: AliasMove,
): Promise<{ readonly row: AliasRow; readonly moved: boolean }> {
  const name = requireValid(parseAliasName(alias));
  const row = await tables.aliases.get(to.function, name);
  if (row?.version === to.version && isDeepStrictEqual(row.grey, grey)) return { row, moved: false };
  if (row === null) await refuseNewAlias(tables, { functionName: to.function, name });
  await refuseMissingHooks(tables, { alias: name, to });
  if (grey !== null)
    await refuseMissingHooks(tables, { alias: name, to: await requireGrey(tables, { grey, main: to }) });
  const previous = row === null ? [] : [row.version, ...row.previous.filter((version) => version !== row.version)];
  const next: AliasRow = {
    function: to.function,
    name,
    version: to.version,
    grey,
    previous: previous.filter((version) => version !== to.version).slice(0, previousMax),
    updatedAt: movedAt,
  };
  await tables.aliases.put(next);
  return { row: next, moved: true };
}

/** Whichever version a request gets, the rules that use the alias find their hooks. */
async function refuseMissingHooks(
  { domains }: StoreTables,
  { alias, to }: { readonly alias: string; readonly to: VersionRow },
): Promise<void> {
  const bound = await domains.rulesOf(to.function);
  const problems = missingHooks(
    bound.filter(({ rule }) => rule.alias === alias),
    to,
  );
  if (problems.length === 0) return;
  throw conflict(`Version "${to.version}" lacks hooks that rules bind through alias "${alias}".`, problems);
}

async function requireGrey(
  tables: StoreTables,
  { grey, main }: { readonly grey: AliasGrey; readonly main: VersionRow },
): Promise<VersionRow> {
  if (grey.version === main.version) throw conflict(`The grey version is the alias's main version, "${main.version}".`);
  const version = await requireVersion(tables, { functionName: main.function, version: grey.version });
  if ((main.event === null) === (version.event === null)) return version;
  const [handles, other] = main.event === null ? [version, main] : [main, version];
  throw conflict(`Version "${handles.version}" handles events, and version "${other.version}" does not.`);
}

async function refuseNewAlias(
  tables: StoreTables,
  { functionName, name }: { readonly functionName: string; readonly name: string },
): Promise<void> {
  if ((await tables.versions.get(functionName, name)) !== null) {
    throw conflict(`"${name}" is the name of a version of function "${functionName}".`);
  }
  await requireRoom(tables, "aliasesPerFunction", functionName);
}
