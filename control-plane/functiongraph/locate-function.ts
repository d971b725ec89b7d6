/** What a URN names in the store, for clients of FunctionGraph. */
import type { StoreView, VersionRow } from "../store.ts";
import { FgsError } from "./fgs-error.ts";
import type { FgsFunctionRow } from "./fgs-row.ts";
import type { FunctionUrn } from "./urn.ts";

/** Names of versions that stand for `latest`; clients cannot choose them, and do not see them. */
export const draftPrefix = "draft.";

export interface Located {
  readonly row: FgsFunctionRow;
  /** Null: latest. */
  readonly version: VersionRow | null;
}

/** @throws FgsError FSS.1051, FSS.1052, FSS.1053. */
export async function locate({ aliases, fgsFunctions, versions }: StoreView, urn: FunctionUrn): Promise<Located> {
  const { name, qualifier } = urn;
  const row = await fgsFunctions.get(name);
  if (row === null || row.package !== urn.package) throw unknownFunction();
  if (qualifier === null || (qualifier.kind === "version" && qualifier.name === "latest"))
    return { row, version: null };
  const alias = qualifier.kind === "alias" ? await aliases.get(name, qualifier.name) : null;
  if (qualifier.kind === "alias" && alias === null) throw new FgsError("FSS.1053", "Not found the alias");
  const version = await versions.get(name, alias?.version ?? qualifier.name);
  if (version !== null && !version.version.startsWith(draftPrefix)) return { row, version };
  throw new FgsError("FSS.1052", "Not found the version");
}

export function unknownFunction(): FgsError {
  return new FgsError("FSS.1051", "Not found the function");
}
