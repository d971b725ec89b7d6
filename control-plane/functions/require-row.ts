/** Rows that a request names and that must exist. Each throws ControlError NOT_FOUND naming what is missing. */
import { notFound } from "../control-error.ts";
import type { AliasRow, FunctionRow, StoreView, VersionRow } from "../store.ts";

export async function requireFunction(view: StoreView, name: string): Promise<FunctionRow> {
  const row = await view.functions.get(name);
  if (row === null) throw notFound(`function "${name}"`);
  return row;
}

export async function requireVersion(
  view: StoreView,
  { functionName, version }: { readonly functionName: string; readonly version: string },
): Promise<VersionRow> {
  await requireFunction(view, functionName);
  const row = await view.versions.get(functionName, version);
  if (row === null) throw notFound(`version "${version}" of function "${functionName}"`);
  return row;
}

export async function requireAlias(
  view: StoreView,
  { functionName, alias }: { readonly functionName: string; readonly alias: string },
): Promise<AliasRow> {
  await requireFunction(view, functionName);
  const row = await view.aliases.get(functionName, alias);
  if (row === null) throw notFound(`alias "${alias}" of function "${functionName}"`);
  return row;
}

/** The version that `qualifier` names: `latest`, a version or an alias; the three never share a name within a function. */
export async function requireQualified(
  view: StoreView,
  { functionName, qualifier }: { readonly functionName: string; readonly qualifier: string },
): Promise<VersionRow> {
  await requireFunction(view, functionName);
  if (qualifier === "latest") {
    const latest = await view.versions.latest(functionName);
    if (latest === null) throw notFound(`version of function "${functionName}": publish one first`);
    return latest;
  }
  const alias = await view.aliases.get(functionName, qualifier);
  return requireVersion(view, { functionName, version: alias?.version ?? qualifier });
}
