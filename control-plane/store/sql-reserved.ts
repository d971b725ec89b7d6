/** Reserved instances, in SQL. */
import type { Kysely, Selectable } from "kysely";
import type { NewReserved, ReservedRow, ReservedTable } from "../reserved/reserved-row.ts";
import type { ReservedInstancesTable, Tables } from "./schema.ts";

export class SqlReserved implements ReservedTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(functionName: string): Promise<readonly ReservedRow[]> {
    const rows = await this.#db
      .selectFrom("reserved_instances")
      .selectAll()
      .where("function", "=", functionName)
      .orderBy("qualifier")
      .execute();
    return rows.map(toRow);
  }

  async listAll(): Promise<readonly ReservedRow[]> {
    const rows = await this.#db
      .selectFrom("reserved_instances")
      .selectAll()
      .orderBy("function")
      .orderBy("qualifier")
      .execute();
    return rows.map(toRow);
  }

  async put({ function: name, qualifier, names, config, instances, memoryMiB, updatedAt }: NewReserved): Promise<void> {
    const values = { config: JSON.stringify(config), instances, memory_mib: memoryMiB, updated_at: updatedAt };
    await this.#db
      .insertInto("reserved_instances")
      .values({
        function: name,
        qualifier,
        alias: names === "alias" ? qualifier : null,
        version: names === "version" ? qualifier : null,
        ...values,
      })
      .onConflict((conflict) => conflict.columns(["function", "qualifier"]).doUpdateSet(values))
      .execute();
  }

  async delete(functionName: string, qualifier: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("reserved_instances")
      .where("function", "=", functionName)
      .where("qualifier", "=", qualifier)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }
}

function toRow(row: Selectable<ReservedInstancesTable>): ReservedRow {
  return {
    function: row.function,
    qualifier: row.qualifier,
    config: JSON.parse(row.config) as ReservedRow["config"],
    instances: row.instances,
    memoryMiB: row.memory_mib,
    updatedAt: row.updated_at,
  };
}
