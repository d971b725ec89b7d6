/** Dependencies and their versions in SQL. What uses one keeps it, by foreign keys. */
import type { Kysely, Selectable } from "kysely";
import type { Digest } from "../../sdk/artifact.ts";
import type { DependencyUse } from "../../sdk/dependency.ts";
import type { DependencyRow, DependencyTable, DependencyVersionRow } from "../dependencies/dependency-row.ts";
import type { DependenciesTable, DependencyVersionsTable, Tables } from "./schema.ts";

export class SqlDependencies implements DependencyTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(): Promise<readonly DependencyRow[]> {
    return (await this.#db.selectFrom("dependencies").selectAll().orderBy("name").execute()).map(toRow);
  }

  async get(name: string): Promise<DependencyRow | null> {
    const row = await this.#db.selectFrom("dependencies").selectAll().where("name", "=", name).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async versions(name?: string): Promise<readonly DependencyVersionRow[]> {
    const all = this.#db.selectFrom("dependency_versions").selectAll().orderBy("dependency").orderBy("version", "desc");
    const rows = await (name === undefined ? all : all.where("dependency", "=", name)).execute();
    return rows.map(toVersionRow);
  }

  async version(name: string, version: number): Promise<DependencyVersionRow | null> {
    const row = await this.#db
      .selectFrom("dependency_versions")
      .selectAll()
      .where("dependency", "=", name)
      .where("version", "=", version)
      .executeTakeFirst();
    return row === undefined ? null : toVersionRow(row);
  }

  async versionById(id: string): Promise<DependencyVersionRow | null> {
    const row = await this.#db.selectFrom("dependency_versions").selectAll().where("id", "=", id).executeTakeFirst();
    return row === undefined ? null : toVersionRow(row);
  }

  async uses(
    name: string,
    { version, limit }: { readonly version: number | null; readonly limit: number },
  ): Promise<readonly DependencyUse[]> {
    const all = this.#db
      .selectFrom("version_dependencies")
      .select(["function", "version"])
      .distinct()
      .where("dependency", "=", name)
      .orderBy("function")
      .orderBy("version")
      .limit(limit);
    return (version === null ? all : all.where("dependency_version", "=", version)).execute();
  }

  async listBlobs(): Promise<ReadonlySet<Digest>> {
    const rows = await this.#db.selectFrom("dependency_versions").select("archive").distinct().execute();
    return new Set(rows.map(({ archive }) => archive));
  }

  async insert({ name, id, isPublic, newest, createdAt }: DependencyRow): Promise<void> {
    const values = { name, id, is_public: isPublic ? 1 : 0, newest, created_at: createdAt } as const;
    await this.#db.insertInto("dependencies").values(values).execute();
  }

  async insertVersion(row: DependencyVersionRow): Promise<void> {
    const { archiveBytes, packages, createdAt, ...same } = row;
    await this.#db
      .insertInto("dependency_versions")
      .values({ ...same, archive_bytes: archiveBytes, packages: JSON.stringify(packages), created_at: createdAt })
      .execute();
    await this.#db
      .updateTable("dependencies")
      .set({ newest: row.version })
      .where("name", "=", row.dependency)
      .execute();
  }

  async deleteVersion(name: string, version: number): Promise<void> {
    await this.#db
      .deleteFrom("dependency_versions")
      .where("dependency", "=", name)
      .where("version", "=", version)
      .execute();
  }

  async delete(name: string): Promise<void> {
    await this.#db.deleteFrom("dependency_versions").where("dependency", "=", name).execute();
    await this.#db.deleteFrom("dependencies").where("name", "=", name).execute();
  }
}

function toRow({ name, id, is_public, newest, created_at }: Selectable<DependenciesTable>): DependencyRow {
  return { name, id, isPublic: is_public === 1, newest, createdAt: created_at };
}

function toVersionRow(row: Selectable<DependencyVersionsTable>): DependencyVersionRow {
  const { archive_bytes, packages, created_at, ...same } = row;
  return {
    ...same,
    archiveBytes: archive_bytes,
    packages: JSON.parse(packages) as readonly string[],
    createdAt: created_at,
  };
}
