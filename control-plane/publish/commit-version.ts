/**
 * The last step of a publish: version and aliases become rows, with every check that only the transaction itself can make.
 *
 * Invariant: it writes nothing but rows; what they name is on the disk before.
 */
import { isDeepStrictEqual } from "node:util";
import type { ManifestBlob } from "../../bundler/artifact.ts";
import type { VersionManifest } from "../../sdk/artifact.ts";
import { conflict } from "../control-error.ts";
import { missingHooks } from "../domains/rule-references.ts";
import { moveAlias } from "../functions/alias-move.ts";
import { requireFunction } from "../functions/require-row.ts";
import type { AliasRow, StoreTables, VersionRow } from "../store.ts";
import { describeSnapshot, type PreparedBuild } from "./describe-snapshot.ts";
import { checkPlan, type PublishPlan } from "./publish-plan.ts";

export interface Committed {
  readonly version: VersionRow;
  readonly aliases: readonly AliasRow[];
}

/** @throws ControlError NOT_FOUND, CONFLICT, LIMIT_REACHED. */
export async function commitVersion(
  tables: StoreTables,
  parts: {
    readonly plan: PublishPlan;
    readonly manifest: VersionManifest;
    readonly sealed: ManifestBlob;
    readonly build: PreparedBuild;
  },
): Promise<Committed> {
  const { plan, manifest, sealed, build } = parts;
  await requireFunction(tables, plan.functionName);
  await checkPlan(tables, plan);
  const environment = await tables.functions.environment(plan.functionName);
  if (build.initializedWith !== null && !isDeepStrictEqual(build.initializedWith, environment)) {
    throw conflict("The environment was changed while the initializer ran with the one before: publish again.");
  }
  const row: VersionRow = {
    ...environment,
    function: manifest.function,
    version: manifest.version,
    description: plan.description,
    createdAt: manifest.createdAt,
    digest: sealed.digest,
    signature: sealed.signature,
    hooks: manifest.hooks,
    limits: manifest.limits,
    services: manifest.services,
    dependencies: plan.dependencies,
    isolation: manifest.isolation,
    allowEval: manifest.allowEval,
    egress: manifest.egress,
    event: manifest.event,
    moduleDigest: manifest.module.digest,
    moduleBytes: manifest.module.bytes,
    snapshot: describeSnapshot(build, manifest),
    blobs: blobsOf(manifest, sealed),
  };
  const floating = (await tables.domains.rulesOf(row.function)).filter(({ rule }) => rule.version === "latest");
  const problems = missingHooks(floating, row);
  if (problems.length > 0) throw conflict("The version lacks hooks that rules bind through latest.", problems);
  await tables.versions.insert(row);
  await moveAliases(tables, { aliases: plan.aliases, to: row, movedAt: manifest.createdAt });
  return { version: row, aliases: await tables.aliases.list(row.function) };
}

/** Whether any of them named another version before. */
export async function moveAliases(
  tables: StoreTables,
  { aliases, ...move }: { readonly aliases: readonly string[]; readonly to: VersionRow; readonly movedAt: string },
): Promise<boolean> {
  let moved = false;
  for (const alias of aliases) moved = (await moveAlias(tables, { alias, ...move })).moved || moved;
  return moved;
}

function blobsOf(manifest: VersionManifest, sealed: ManifestBlob): readonly string[] {
  const references = [
    manifest.module,
    ...(manifest.sourceMap === null ? [] : [manifest.sourceMap]),
    ...manifest.snapshots,
    ...manifest.wasm,
  ];
  return [...new Set([sealed.digest, ...references.map(({ digest }) => digest)])].sort();
}
