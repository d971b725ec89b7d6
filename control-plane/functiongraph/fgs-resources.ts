/** Functions, versions and aliases as clients of FunctionGraph read them (interfaces.md §3.5). Pure. */
import type { AliasGrey } from "../../sdk/alias-grey.ts";
import type { AliasRow, FunctionRow, VersionRow } from "../store.ts";
import type { UsedDependency } from "./dependency-list.ts";
import type { FgsFunctionRow } from "./fgs-row.ts";
import { shownInstances } from "./instance-settings.ts";
import { formatUrn, type FunctionUrn } from "./urn.ts";

/** `2019-10-25 15:37:27`, UTC. */
export function fgsTime(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}

export interface FunctionView {
  readonly project: string;
  readonly row: FgsFunctionRow;
  readonly core: FunctionRow;
  readonly variables: Readonly<Record<string, string>>;
  /** Names of the encrypted variables. */
  readonly secrets: readonly string[];
  /** The version meant; null: `latest`. */
  readonly version: VersionRow | null;
  readonly used: readonly UsedDependency[];
}

/** A function's configuration, or a version's. */
export function configResource({ project, row, core, variables, secrets, version, used }: FunctionView): object {
  const versionName = version?.version ?? "latest";
  const urn = { project, package: row.package, name: row.function };
  const blanked = Object.fromEntries(secrets.map((name) => [name, ""]));
  return {
    ...row.kept,
    ...shownInstances(row, version),
    func_id: row.function,
    resource_id: `${row.function}:${versionName}`,
    func_urn: formatUrn({ ...urn, qualifier: { kind: "version", name: versionName } }),
    func_name: row.function,
    domain_id: project,
    namespace: project,
    project_name: project,
    package: row.package,
    runtime: row.runtime,
    timeout: version === null ? row.timeoutSeconds : version.limits.eventWallMs / 1_000,
    handler: version?.event?.handler ?? row.handler,
    memory_size: version?.limits.memoryMiB ?? row.memoryMiB,
    cpu: cpuOf(version?.limits.memoryMiB ?? row.memoryMiB),
    code_type: row.codeType,
    code_filename: row.codeFilename,
    code_size: row.codeBytes,
    digest: row.codeDigest,
    user_data: JSON.stringify(version?.variables ?? variables),
    encrypted_user_data: secrets.length === 0 ? "" : JSON.stringify(blanked),
    version: versionName,
    image_name: version?.digest ?? row.codeBlob,
    last_modified: fgsTime(version?.createdAt ?? row.modifiedAt),
    description: version?.description ?? core.description,
    strategy_config: { concurrency: row.instancesMax, concurrent_num: row.concurrency },
    initializer_handler: row.initializer?.handler ?? "",
    initializer_timeout: row.initializer?.timeoutSeconds ?? 0,
    ...usedResource(project, used),
    long_time: row.timeoutSeconds > 900,
    ephemeral_storage: 512,
    is_return_stream: false,
    enable_auth_in_header: false,
    is_stateful_function: false,
    enable: core.enabled,
  };
}

/** A function's code, without its bytes. */
export function codeResource({
  urn,
  row,
  used,
}: {
  readonly urn: FunctionUrn;
  readonly row: Omit<FgsFunctionRow, "codeBlob">;
  readonly used: readonly UsedDependency[];
}): object {
  return {
    func_urn: formatUrn({ ...urn, qualifier: { kind: "version", name: urn.qualifier?.name ?? "latest" } }),
    func_name: row.function,
    domain_id: urn.project,
    runtime: row.runtime,
    code_type: row.codeType,
    code_filename: row.codeFilename,
    code_size: row.codeBytes,
    digest: row.codeDigest,
    last_modified: fgsTime(row.modifiedAt),
    ...usedResource(urn.project, used),
  };
}

function usedResource(project: string, used: readonly UsedDependency[]): object {
  return {
    dependencies: used.map((one) => dependencyResource(project, one)),
    depend_version_list: used.map(({ version }) => version.id),
  };
}

/** A version of a dependency. */
export function dependencyResource(project: string, { row, version }: UsedDependency): object {
  return {
    id: version.id,
    dep_id: row.id,
    owner: project,
    name: row.name,
    version: version.version,
    runtime: version.runtime,
    etag: version.archive,
    size: version.archiveBytes,
    link: "",
    file_name: `${row.name}.zip`,
    description: version.description,
    last_modified: Math.floor(Date.parse(version.createdAt) / 1_000),
    is_shared: row.isPublic,
  };
}

/** Millicores, in proportion to memory: 300 for 128 MiB. */
export function cpuOf(memoryMiB: number): number {
  return Math.round((memoryMiB / 128) * 100 + 200);
}

export interface AliasView {
  readonly project: string;
  readonly row: FgsFunctionRow;
  readonly alias: AliasRow;
}

export function aliasResource({ project, row, alias }: AliasView): object {
  const { name, version, grey, updatedAt } = alias;
  return {
    name,
    version,
    description: Object.hasOwn(row.aliasDescriptions, name) ? (row.aliasDescriptions[name] ?? "") : "",
    last_modified: fgsTime(updatedAt),
    alias_urn: formatUrn({ project, package: row.package, name: row.function, qualifier: { kind: "alias", name } }),
    ...greyResource(grey),
  };
}

function greyResource(grey: AliasGrey | null): object {
  if (grey === null) return { additional_version_weights: {} };
  if (grey.by === "weight") return { additional_version_weights: { [grey.version]: grey.weight } };
  const rules = grey.rules.map(({ from, name, op, value }) => ({
    rule_type: from === "header" ? "Header" : "Cookie",
    param: name,
    op,
    value,
  }));
  const strategy = { combine_type: grey.combine === "all" ? "and" : "or", rules };
  return { additional_version_weights: {}, additional_version_strategy: { [grey.version]: strategy } };
}
