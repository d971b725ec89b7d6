/** Aliases in SQL. */
import type { Kysely, Selectable } from "kysely";
import type { AliasRow, AliasTable } from "../store.ts";
import type { AliasesTable, Tables } from "./schema.ts";

export class SqlAliases implements AliasTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async listAll(): Promise<readonly AliasRow[]> {
    const rows = await this.#db.selectFrom("aliases").selectAll().orderBy("function").orderBy("name").execute();
    return rows.map(toRow);
  }

  async list(functionName: string): Promise<readonly AliasRow[]> {
    const rows = await this.#db
      .selectFrom("aliases")
      .selectAll()
      .where("function", "=", functionName)
      .orderBy("name")
      .execute();
    return rows.map(toRow);
  }

  async get(functionName: string, name: string): Promise<AliasRow | null> {
    const row = await this.#db
      .selectFrom("aliases")
      .selectAll()
      .where("function", "=", functionName)
      .where("name", "=", name)
      .executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async put(row: AliasRow): Promise<void> {
    const values = {
      version: row.version,
      grey_version: row.grey?.version ?? null,
      grey: JSON.stringify(row.grey),
      previous: JSON.stringify(row.previous),
      updated_at: row.updatedAt,
    };
    await this.#db
      .insertInto("aliases")
      .values({ function: row.function, name: row.name, ...values })
      .onConflict((conflict) => conflict.columns(["function", "name"]).doUpdateSet(values))
      .execute();
  }

  async delete(functionName: string, name: string): Promise<void> {
    await this.#db.deleteFrom("aliases").where("function", "=", functionName).where("name", "=", name).execute();
  }
}

function toRow(row: Selectable<AliasesTable>): AliasRow {
  return {
    function: row.function,
    name: row.name,
    version: row.version,
    grey: JSON.parse(row.grey) as AliasRow["grey"],
    previous: JSON.parse(row.previous) as AliasRow["previous"],
    updatedAt: row.updated_at,
  };
}
