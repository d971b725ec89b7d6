/** Rows of the store as REST shows them. Pure. */
import type { AliasResource, FunctionResource, VersionResource } from "../../sdk/api.ts";
import type { AliasRow, FunctionRow, StoreView, VersionRow } from "../store.ts";

export function toAliasResource({ name, version, grey, previous, updatedAt }: AliasRow): AliasResource {
  return { name, version, grey, previous, updatedAt };
}

export function toVersionResource(row: VersionRow, aliases: readonly AliasRow[]): VersionResource {
  return {
    function: row.function,
    version: row.version,
    description: row.description,
    createdAt: row.createdAt,
    digest: row.digest,
    hooks: row.hooks,
    limits: row.limits,
    services: row.services,
    dependencies: row.dependencies,
    isolation: row.isolation,
    allowEval: row.allowEval,
    egress: row.egress,
    event: row.event,
    moduleBytes: row.moduleBytes,
    snapshot: row.snapshot,
    aliases: aliases.filter(({ version }) => version === row.version).map(({ name }) => name),
  };
}

export async function readFunctionResource(view: StoreView, row: FunctionRow): Promise<FunctionResource> {
  const latest = await view.versions.latest(row.name);
  const aliases = await view.aliases.list(row.name);
  return { ...row, latest: latest?.version ?? null, aliases: aliases.map(toAliasResource) };
}
