/**
 * Dependencies: packages in numbered versions, uploaded once, that functions import by name when they are published.
 *
 * `GET /v1/dependencies` → {dependencies: DependencySummary[]}; `GET|DELETE /v1/dependencies/:name`; `POST /v1/dependencies/:name/versions` → 201
 * DependencyVersionResource; `GET|DELETE /v1/dependencies/:name/versions/:version`. Public ones are changed by administrators only. What a version
 * of a function uses cannot be deleted (409).
 */
import type { ArchivePlace } from "./api.ts";
import type { Digest } from "./artifact.ts";
import { dependencyLimits } from "./code-limits.ts";
import { showValue } from "./field-reader.ts";
import type { Parsed, Problem } from "./problem.ts";

/** Name → version. Where two hold a package of one name, the one that comes first here gives it. */
export type Dependencies = Readonly<Record<string, number>>;

export interface DependencySummary {
  readonly name: string;
  readonly public: boolean;
  readonly createdAt: string;
  /** Numbers, newest first. */
  readonly versions: readonly number[];
}

export interface DependencyResource {
  readonly name: string;
  /** Changed by administrators only; anybody who publishes may use it. */
  readonly public: boolean;
  readonly createdAt: string;
  /** Newest first. */
  readonly versions: readonly DependencyVersionResource[];
}

export interface DependencyVersionResource {
  readonly dependency: string;
  /** 1, 2, 3 … */
  readonly version: number;
  readonly description: string;
  readonly createdAt: string;
  /** The ZIP as it was uploaded. */
  readonly archive: { readonly digest: Digest; readonly bytes: number };
  /** Unpacked. */
  readonly bytes: number;
  readonly files: number;
  /** What can be imported, by name, at most `dependencyLimits.packagesShownMax`. */
  readonly packages: readonly string[];
  /** Versions of functions that were built with it, at most `dependencyLimits.usesShownMax`. */
  readonly usedBy: readonly DependencyUse[];
}

export interface DependencyUse {
  readonly function: string;
  readonly version: string;
}

export interface DependencyInput {
  readonly source: ArchivePlace;
  readonly description?: string;
  /** Of a new name; only administrators may say true. Default false. */
  readonly public?: boolean;
}

/** Why `name` is not a dependency's, completing "allowed: …", or null. */
export function refuseDependencyName(name: string): string | null {
  const { nameCharsMax: max } = dependencyLimits;
  if (name.length <= max && /^[A-Za-z](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name)) return null;
  return `1..${max} letters, digits, ".", "_" and "-", first a letter, last a letter or digit`;
}

/** Absent: none. Whether each exists is the store's to know. */
export function parseDependencies(input: unknown): Parsed<Dependencies> {
  const problems: Problem[] = [];
  if (input === undefined || input === null) return { ok: true, value: {} };
  if (typeof input !== "object" || Array.isArray(input)) {
    const message = `received ${showValue(input)}, allowed: an object of version numbers`;
    return { ok: false, problems: [{ path: "dependencies", message }] };
  }
  const entries = Object.entries(input as Record<string, unknown>);
  const { perFunctionMax } = dependencyLimits;
  if (entries.length > perFunctionMax) {
    const message = `received ${entries.length} dependencies, allowed: at most ${perFunctionMax}`;
    return { ok: false, problems: [{ path: "dependencies", message }] };
  }
  for (const [name, version] of entries) {
    const path = `dependencies.${name.slice(0, 200)}`;
    const refusal = refuseDependencyName(name);
    if (refusal !== null) problems.push({ path, message: `is not a name, allowed: ${refusal}` });
    else if (!isDependencyVersion(version)) {
      problems.push({ path, message: `received ${showValue(version)}, allowed: the number of a version, from 1` });
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { ...(input as Dependencies) } };
}

export function isDependencyVersion(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 2_147_483_647;
}

/** `left-pad@3,colours@1` for people. */
export function dependenciesText(dependencies: Dependencies): string {
  return Object.entries(dependencies)
    .map(([name, version]) => `${name}@${version}`)
    .join(",");
}
