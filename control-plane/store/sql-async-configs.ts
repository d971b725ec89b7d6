/** How asynchronous calls are treated, in SQL. */
import type { Kysely, Selectable } from "kysely";
import type { AsyncConfigRow, AsyncConfigTable, NewAsyncConfig } from "../store.ts";
import type { AsyncConfigsTable, Tables } from "./schema.ts";

export class SqlAsyncConfigs implements AsyncConfigTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(functionName: string): Promise<readonly AsyncConfigRow[]> {
    const rows = await this.#db
      .selectFrom("async_configs")
      .selectAll()
      .where("function", "=", functionName)
      .orderBy("qualifier")
      .execute();
    return rows.map(toRow);
  }

  async put({ function: name, qualifier, names, config, updatedAt }: NewAsyncConfig): Promise<void> {
    const values = { config: JSON.stringify(config), updated_at: updatedAt };
    await this.#db
      .insertInto("async_configs")
      .values({
        function: name,
        qualifier: qualifier ?? "",
        alias: names === "alias" ? qualifier : null,
        version: names === "version" ? qualifier : null,
        ...values,
      })
      .onConflict((conflict) => conflict.columns(["function", "qualifier"]).doUpdateSet(values))
      .execute();
  }

  async delete(functionName: string, qualifier: string | null): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("async_configs")
      .where("function", "=", functionName)
      .where("qualifier", "=", qualifier ?? "")
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }
}

function toRow(row: Selectable<AsyncConfigsTable>): AsyncConfigRow {
  return {
    function: row.function,
    qualifier: row.qualifier === "" ? null : row.qualifier,
    config: JSON.parse(row.config) as AsyncConfigRow["config"],
    updatedAt: row.updated_at,
  };
}
