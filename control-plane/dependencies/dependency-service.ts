/**
 * Dependencies: taken in, listed, deleted.
 *
 * A version is an archive in the store, named by its digest, and never changes. Invariants: the archive is on the disk before the row that names it
 * commits; it holds at least one package; nothing that a version of a function was built with is deleted; numbers are given once.
 */
import { placePackages } from "../../bundler/dependency-packages.ts";
import type { TokenRole } from "../../sdk/api.ts";
import { dependencyLimits } from "../../sdk/code-limits.ts";
import {
  isDependencyVersion,
  refuseDependencyName,
  type DependencyInput,
  type DependencyResource,
  type DependencySummary,
  type DependencyUse,
  type DependencyVersionResource,
} from "../../sdk/dependency.ts";
import { showValue } from "../../sdk/field-reader.ts";
import type { AuditTrail } from "../audit/audit-trail.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Uploads } from "../blobs/uploads.ts";
import { timestamp, type Clock } from "../clock.ts";
import { conflict, ControlError, invalidInput, notFound } from "../control-error.ts";
import type { CodeDownload } from "../publish/code-download.ts";
import type { PublishQueue } from "../publish/publish-queue.ts";
import { filesOf, readArchiveBytes } from "../publish/read-archive.ts";
import { requireRoom, requireWithin } from "../quotas/require-room.ts";
import type { Store, StoreTables, StoreView } from "../store.ts";
import type { DependencyRow, DependencyVersionRow } from "./dependency-row.ts";

export interface DependencyServiceOptions {
  readonly store: Store;
  readonly artifacts: BlobStore;
  readonly uploads: Uploads;
  readonly download: Pick<CodeDownload, "fetch">;
  /** Of its own: how many archives are unpacked at once. */
  readonly queue: PublishQueue;
  readonly clock: Clock;
  readonly uniqueId: () => string;
  readonly trail?: Pick<AuditTrail, "name">;
}

/** An archive to take in. */
export interface NewDependencyVersion {
  readonly name: string;
  readonly description: string;
  readonly runtime: string;
  /** Undefined: as it is, and private when it is new. */
  readonly isPublic: boolean | undefined;
  readonly role: TokenRole;
}

export class DependencyService {
  readonly #options: DependencyServiceOptions;

  constructor(options: DependencyServiceOptions) {
    this.#options = options;
  }

  /** By name. */
  list(): Promise<readonly DependencySummary[]> {
    return this.#options.store.read(async ({ dependencies }) => {
      const versions = Map.groupBy(await dependencies.versions(), ({ dependency }) => dependency);
      return (await dependencies.list()).map(({ name, isPublic, createdAt }) => {
        return {
          name,
          public: isPublic,
          createdAt,
          versions: (versions.get(name) ?? []).map(({ version }) => version),
        };
      });
    });
  }

  /** @throws ControlError NOT_FOUND. */
  get(name: string): Promise<DependencyResource> {
    return this.#options.store.read(async (view) => describe(view, await requireDependency(view, name)));
  }

  /** @throws ControlError NOT_FOUND. */
  getVersion(name: string, version: string): Promise<DependencyVersionResource> {
    return this.#options.store.read(async (view) =>
      describeVersion(view, await requireVersion(view, { name, version })),
    );
  }

  /** @throws ControlError INPUT_INVALID, FORBIDDEN, CONFLICT, LIMIT_REACHED, PAYLOAD_TOO_LARGE, BUILD_QUEUE_FULL. */
  async create(name: string, input: DependencyInput, role: TokenRole): Promise<DependencyVersionResource> {
    const { store } = this.#options;
    const wanted = { name, description: input.description ?? "", runtime: "", isPublic: input.public, role };
    await this.check(wanted);
    const row = await this.take(wanted, () => readArchiveBytes(input.source, this.#options));
    return store.read((view) => describeVersion(view, row));
  }

  /** What is known before any archive is read. @throws ControlError INPUT_INVALID, FORBIDDEN, CONFLICT, LIMIT_REACHED. */
  async check(wanted: NewDependencyVersion): Promise<void> {
    const allowed = refuseDependencyName(wanted.name);
    if (allowed !== null) {
      throw invalidInput([{ path: "name", message: `received ${showValue(wanted.name)}, allowed: ${allowed}` }]);
    }
    await this.#options.store.read((view) => checkChange(view, wanted));
  }

  /** Stores a checked one's archive as its next version. */
  take(wanted: NewDependencyVersion, read: () => Promise<Uint8Array>): Promise<DependencyVersionRow> {
    const { artifacts, clock, queue, store, trail, uniqueId } = this.#options;
    return queue.run(wanted.name, async () => {
      const archive = await read();
      const files = await filesOf(archive);
      const placed = placePackages(wanted.name, files);
      if (!placed.ok)
        throw invalidInput([{ path: "source", message: `received an archive that cannot be used: ${placed.reason}` }]);
      const digest = await artifacts.put(archive);
      const createdAt = timestamp(clock);
      return store.change(async (tables) => {
        const present = await checkChange(tables, wanted);
        const version = (present?.newest ?? 0) + 1;
        const { name, isPublic = false } = wanted;
        if (present === null)
          await tables.dependencies.insert({ name, id: uniqueId(), isPublic, newest: 0, createdAt });
        const row: DependencyVersionRow = {
          dependency: name,
          version,
          id: uniqueId(),
          description: wanted.description,
          runtime: wanted.runtime,
          archive: digest,
          archiveBytes: archive.byteLength,
          bytes: files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
          files: files.length,
          packages: placed.packages.slice(0, dependencyLimits.packagesShownMax),
          createdAt,
        };
        await tables.dependencies.insertVersion(row);
        await requireWithin(tables, "dependencyMiB");
        trail?.name(`dependency/${name}/version/${String(version)}`);
        return row;
      });
    });
  }

  /** Its number is not given again. @throws ControlError NOT_FOUND, FORBIDDEN, CONFLICT naming what uses it. */
  async deleteVersion(named: { readonly name: string; readonly version: string }, role: TokenRole): Promise<void> {
    await this.#options.store.change(async (tables) => {
      const { dependency: name, version } = await requireVersion(tables, named);
      requireRight(await requireDependency(tables, name), role);
      await refuseUsed(tables, { name, version });
      await tables.dependencies.deleteVersion(name, version);
    });
  }

  /** All of it; the name begins at 1 again. @throws ControlError NOT_FOUND, FORBIDDEN, CONFLICT naming what uses it. */
  async delete(name: string, role: TokenRole): Promise<void> {
    await this.#options.store.change(async (tables) => {
      requireRight(await requireDependency(tables, name), role);
      await refuseUsed(tables, { name, version: null });
      await tables.dependencies.delete(name);
    });
  }
}

/** What is there of the name. */
async function checkChange(
  view: StoreView,
  { name, isPublic, role }: NewDependencyVersion,
): Promise<DependencyRow | null> {
  const present = await view.dependencies.get(name);
  if (present !== null) requireRight(present, role);
  else if (isPublic === true) requireRight({ name, isPublic }, role);
  if (present !== null && isPublic !== undefined && isPublic !== present.isPublic) {
    throw conflict(`Dependency "${name}" is ${present.isPublic ? "public" : "private"} already, and stays so.`);
  }
  await requireRoom(view, "dependencies");
  await requireRoom(view, "dependencyMiB");
  return present;
}

/** @throws ControlError FORBIDDEN. */
function requireRight({ name, isPublic }: Pick<DependencyRow, "name" | "isPublic">, role: TokenRole): void {
  if (!isPublic || role === "admin") return;
  throw new ControlError("FORBIDDEN", {
    message: `Dependency "${name}" is public: only administrators may change it.`,
  });
}

async function refuseUsed(
  tables: StoreTables,
  { name, version }: { readonly name: string; readonly version: number | null },
): Promise<void> {
  const limit = dependencyLimits.usesShownMax;
  const uses = await tables.dependencies.uses(name, { version, limit });
  if (uses.length === 0) return;
  const what = version === null ? `Dependency "${name}"` : `Version ${String(version)} of dependency "${name}"`;
  const shown = uses.slice(0, 5).map((use) => `"${use.function}" ${use.version}`);
  const more = uses.length > shown.length ? " and others" : "";
  throw conflict(
    `${what} is in use: versions of functions were built with it (${shown.join(", ")}${more}): delete those first.`,
    uses.map((use) => ({ path: `functions.${use.function}.versions.${use.version}`, message: "was built with it" })),
  );
}

async function requireDependency(view: StoreView, name: string): Promise<DependencyRow> {
  const row = await view.dependencies.get(name);
  if (row === null) throw notFound(`dependency "${name}"`);
  return row;
}

async function requireVersion(
  view: StoreView,
  { name, version }: { readonly name: string; readonly version: string },
): Promise<DependencyVersionRow> {
  await requireDependency(view, name);
  const number = /^[1-9]\d{0,9}$/.test(version) ? Number(version) : 0;
  const row = isDependencyVersion(number) ? await view.dependencies.version(name, number) : null;
  if (row === null) throw notFound(`version ${version} of dependency "${name}"`);
  return row;
}

async function describe(view: StoreView, { name, isPublic, createdAt }: DependencyRow): Promise<DependencyResource> {
  const versions: DependencyVersionResource[] = [];
  for (const row of await view.dependencies.versions(name)) versions.push(await describeVersion(view, row));
  return { name, public: isPublic, createdAt, versions };
}

async function describeVersion(view: StoreView, row: DependencyVersionRow): Promise<DependencyVersionResource> {
  const { dependency, version, description, createdAt, archive, archiveBytes, bytes, files, packages } = row;
  const usedBy: readonly DependencyUse[] = await view.dependencies.uses(dependency, {
    version,
    limit: dependencyLimits.usesShownMax,
  });
  return {
    dependency,
    version,
    description,
    createdAt,
    archive: { digest: archive, bytes: archiveBytes },
    bytes,
    files,
    packages,
    usedBy,
  };
}
