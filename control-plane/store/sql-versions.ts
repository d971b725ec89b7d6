/** Versions and the blobs they need in SQL. Invariant: this file holds no UPDATE. */
import { defaultEventSettings, type EventSettings } from "../../sdk/event-settings.ts";
import type { Kysely, Selectable } from "kysely";
import type { Digest } from "../../sdk/artifact.ts";
import { fgsLimits } from "../../sdk/fgs-limits.ts";
import { defaultFunctionLimits } from "../../sdk/limits.ts";
import type { VersionRow, VersionTable } from "../store.ts";
import type { Tables, VersionBlobsTable, VersionDependenciesTable, VersionsTable } from "./schema.ts";

export class SqlVersions implements VersionTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(functionName: string): Promise<readonly VersionRow[]> {
    const rows = await this.#db
      .selectFrom("versions")
      .selectAll()
      .where("function", "=", functionName)
      .orderBy("sequence", "desc")
      .execute();
    const blobs = await this.#db
      .selectFrom("version_blobs")
      .selectAll()
      .where("function", "=", functionName)
      .orderBy("digest")
      .execute();
    const dependencies = await this.#db
      .selectFrom("version_dependencies")
      .selectAll()
      .where("function", "=", functionName)
      .orderBy("position")
      .execute();
    return withParts(rows, { blobs, dependencies });
  }

  async get(functionName: string, version: string): Promise<VersionRow | null> {
    const rows = await this.#db
      .selectFrom("versions")
      .selectAll()
      .where("function", "=", functionName)
      .where("version", "=", version)
      .execute();
    const blobs = await this.#db
      .selectFrom("version_blobs")
      .selectAll()
      .where("function", "=", functionName)
      .where("version", "=", version)
      .orderBy("digest")
      .execute();
    const dependencies = await this.#db
      .selectFrom("version_dependencies")
      .selectAll()
      .where("function", "=", functionName)
      .where("version", "=", version)
      .orderBy("position")
      .execute();
    return withParts(rows, { blobs, dependencies })[0] ?? null;
  }

  async latest(functionName: string): Promise<VersionRow | null> {
    const row = await this.#db
      .selectFrom("versions")
      .select("version")
      .where("function", "=", functionName)
      .orderBy("sequence", "desc")
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? null : this.get(functionName, row.version);
  }

  async count(functionName: string): Promise<number> {
    const row = await this.#db
      .selectFrom("versions")
      .select((select) => select.fn.countAll<number | string>().as("count"))
      .where("function", "=", functionName)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  async isNameTaken(functionName: string, version: string): Promise<boolean> {
    for (const table of ["versions", "retired_versions"] as const) {
      const row = await this.#db
        .selectFrom(table)
        .select("version")
        .where("function", "=", functionName)
        .where("version", "=", version)
        .executeTakeFirst();
      if (row !== undefined) return true;
    }
    return false;
  }

  async listReferenced(): Promise<readonly VersionRow[]> {
    const db = this.#db;
    const rows = await db
      .selectFrom("versions as v")
      .selectAll("v")
      .where((where) =>
        where.or([
          where("v.sequence", "=", (select) =>
            select
              .selectFrom("versions as w")
              .select((inner) => inner.fn.max("w.sequence").as("newest"))
              .whereRef("w.function", "=", "v.function"),
          ),
          where.exists((select) =>
            select
              .selectFrom("aliases as a")
              .select("a.name")
              .whereRef("a.function", "=", "v.function")
              .where((either) =>
                either.or([
                  either("a.version", "=", either.ref("v.version")),
                  either("a.grey_version", "=", either.ref("v.version")),
                ]),
              ),
          ),
          // Their clients call versions by name: the newest of them, so that a function does not fill the nodes.
          where.and([
            where.exists((select) =>
              select.selectFrom("fgs_functions as f").select("f.function").whereRef("f.function", "=", "v.function"),
            ),
            where(
              (select) =>
                select
                  .selectFrom("versions as n")
                  .select((inner) => inner.fn.countAll<number | string>().as("newer"))
                  .whereRef("n.function", "=", "v.function")
                  .whereRef("n.sequence", ">", "v.sequence"),
              "<=",
              fgsLimits.versionsMax,
            ),
          ]),
          where.exists((select) =>
            select
              .selectFrom("reserved_instances as i")
              .select("i.qualifier")
              .whereRef("i.function", "=", "v.function")
              .whereRef("i.version", "=", "v.version"),
          ),
          where.exists((select) =>
            select
              .selectFrom("rules as r")
              .select("r.domain")
              .whereRef("r.function", "=", "v.function")
              .whereRef("r.version", "=", "v.version"),
          ),
        ]),
      )
      .orderBy("v.function")
      .orderBy("v.sequence")
      .execute();
    const blobs = await db.selectFrom("version_blobs").selectAll().orderBy("digest").execute();
    const dependencies = await db.selectFrom("version_dependencies").selectAll().orderBy("position").execute();
    return withParts(rows, { blobs, dependencies });
  }

  async listBlobs(): Promise<ReadonlySet<Digest>> {
    const rows = await this.#db.selectFrom("version_blobs").select("digest").distinct().execute();
    return new Set(rows.map(({ digest }) => digest));
  }

  async insert(row: VersionRow): Promise<void> {
    const { newest } = await this.#db
      .selectFrom("versions")
      .select((select) => select.fn.max("sequence").as("newest"))
      .where("function", "=", row.function)
      .executeTakeFirstOrThrow();
    await this.#db
      .insertInto("versions")
      .values(toColumns(row, ((newest as number | null) ?? 0) + 1))
      .execute();
    const { function: name, version } = row;
    await this.#db
      .insertInto("version_blobs")
      .values(row.blobs.map((digest) => ({ function: name, version, digest })))
      .execute();
    const dependencies = Object.entries(row.dependencies).map(([dependency, number], position) => ({
      function: name,
      version,
      position,
      dependency,
      dependency_version: number,
    }));
    if (dependencies.length > 0) await this.#db.insertInto("version_dependencies").values(dependencies).execute();
  }

  async delete(functionName: string, version: string): Promise<void> {
    for (const table of ["version_blobs", "version_dependencies", "versions"] as const) {
      await this.#db.deleteFrom(table).where("function", "=", functionName).where("version", "=", version).execute();
    }
    await this.#db.insertInto("retired_versions").values({ function: functionName, version }).execute();
  }
}

/** What of a version is in other tables, of each in its order. */
interface VersionParts {
  readonly blobs: readonly Selectable<VersionBlobsTable>[];
  readonly dependencies: readonly Selectable<VersionDependenciesTable>[];
}

function withParts(rows: readonly Selectable<VersionsTable>[], { blobs, dependencies }: VersionParts): VersionRow[] {
  const blobsOf = Map.groupBy(blobs, keyOf);
  const dependenciesOf = Map.groupBy(dependencies, keyOf);
  return rows.map((row) =>
    toRow(row, { blobs: blobsOf.get(keyOf(row)) ?? [], dependencies: dependenciesOf.get(keyOf(row)) ?? [] }),
  );
}

function keyOf({ function: name, version }: { readonly function: string; readonly version: string }): string {
  return `${name} ${version}`;
}

function toRow(row: Selectable<VersionsTable>, { blobs, dependencies }: VersionParts): VersionRow {
  return {
    function: row.function,
    version: row.version,
    description: row.description,
    createdAt: row.created_at,
    digest: row.digest,
    signature: row.signature,
    hooks: JSON.parse(row.hooks) as VersionRow["hooks"],
    // Rows of earlier releases lack limits that came later.
    limits: { ...defaultFunctionLimits, ...(JSON.parse(row.limits) as Partial<VersionRow["limits"]>) },
    services: JSON.parse(row.services) as VersionRow["services"],
    isolation: row.isolation as VersionRow["isolation"],
    allowEval: row.allow_eval === 1,
    egress: JSON.parse(row.egress) as VersionRow["egress"],
    event: eventOf(row.event),
    moduleDigest: row.module_digest,
    moduleBytes: row.module_bytes,
    snapshot: { state: row.snapshot_state, bytes: row.snapshot_bytes, reason: row.snapshot_reason },
    variables: JSON.parse(row.variables) as VersionRow["variables"],
    encryptedSecrets: row.encrypted_secrets,
    dependencies: Object.fromEntries(dependencies.map((one) => [one.dependency, one.dependency_version])),
    blobs: blobs.map(({ digest }) => digest),
  };
}

function toColumns(row: VersionRow, sequence: number): VersionsTable {
  return {
    function: row.function,
    version: row.version,
    sequence,
    description: row.description,
    created_at: row.createdAt,
    digest: row.digest,
    signature: row.signature,
    hooks: JSON.stringify(row.hooks),
    limits: JSON.stringify(row.limits),
    services: JSON.stringify(row.services),
    isolation: row.isolation,
    allow_eval: row.allowEval ? 1 : 0,
    egress: JSON.stringify(row.egress),
    event: JSON.stringify(row.event),
    module_digest: row.moduleDigest,
    module_bytes: row.moduleBytes,
    snapshot_state: row.snapshot.state,
    snapshot_bytes: row.snapshot.bytes,
    snapshot_reason: row.snapshot.reason,
    variables: JSON.stringify(row.variables),
    encrypted_secrets: row.encryptedSecrets,
  };
}

/** Rows of earlier releases lack what came later. */
function eventOf(text: string): VersionRow["event"] {
  const stored = JSON.parse(text) as Partial<EventSettings> | null;
  return stored === null ? null : { ...defaultEventSettings, ...stored };
}
