/** Functions and their environments in SQL. */
import type { Kysely, Selectable } from "kysely";
import type { EnvironmentRow, FunctionRow, FunctionTable } from "../store.ts";
import type { FunctionsTable, Tables } from "./schema.ts";

export class SqlFunctions implements FunctionTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(): Promise<readonly FunctionRow[]> {
    const rows = await this.#db.selectFrom("functions").selectAll().orderBy("name").execute();
    return rows.map(toRow);
  }

  async get(name: string): Promise<FunctionRow | null> {
    const row = await this.#db.selectFrom("functions").selectAll().where("name", "=", name).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async environment(name: string): Promise<EnvironmentRow> {
    const row = await this.#db.selectFrom("environments").selectAll().where("function", "=", name).executeTakeFirst();
    if (row === undefined) return { variables: {}, encryptedSecrets: null };
    return {
      variables: JSON.parse(row.variables) as EnvironmentRow["variables"],
      encryptedSecrets: row.encrypted_secrets,
    };
  }

  async insert({ name, description, enabled, createdAt }: FunctionRow): Promise<void> {
    const values = { name, description, enabled: enabled ? 1 : 0, created_at: createdAt };
    await this.#db.insertInto("functions").values(values).execute();
  }

  async update(name: string, { description, enabled }: Pick<FunctionRow, "description" | "enabled">): Promise<void> {
    const values = { description, enabled: enabled ? 1 : 0 };
    await this.#db.updateTable("functions").set(values).where("name", "=", name).execute();
  }

  async setEnvironment(name: string, { variables, encryptedSecrets }: EnvironmentRow): Promise<void> {
    const values = { variables: JSON.stringify(variables), encrypted_secrets: encryptedSecrets };
    await this.#db
      .insertInto("environments")
      .values({ function: name, ...values })
      .onConflict((conflict) => conflict.column("function").doUpdateSet(values))
      .execute();
  }

  async delete(name: string): Promise<void> {
    const db = this.#db;
    const tables = [
      "fgs_functions",
      "staged_rollouts",
      "aliases",
      "version_blobs",
      "version_dependencies",
      "retired_versions",
      "versions",
      "environments",
    ] as const;
    for (const table of tables) {
      await db.deleteFrom(table).where("function", "=", name).execute();
    }
    await db.deleteFrom("functions").where("name", "=", name).execute();
  }
}

function toRow(row: Selectable<FunctionsTable>): FunctionRow {
  return { name: row.name, description: row.description, enabled: row.enabled === 1, createdAt: row.created_at };
}
