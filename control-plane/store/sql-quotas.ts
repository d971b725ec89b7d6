/** Quotas in SQL, and what is used of each. */
import { sql, type Kysely, type RawBuilder } from "kysely";
import type { QuotaName } from "../../sdk/quota.ts";
import type { QuotaTable } from "../store.ts";
import type { Tables } from "./schema.ts";

export class SqlQuotas implements QuotaTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async get(name: QuotaName): Promise<number | null> {
    const row = await this.#db.selectFrom("quotas").select("value").where("name", "=", name).executeTakeFirst();
    return row?.value ?? null;
  }

  async put(name: QuotaName, value: number): Promise<void> {
    await this.#db
      .insertInto("quotas")
      .values({ name, value })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
      .execute();
  }

  async delete(name: QuotaName): Promise<void> {
    await this.#db.deleteFrom("quotas").where("name", "=", name).execute();
  }

  async used(name: QuotaName, functionName: string | null): Promise<number> {
    const { rows } = await usedQuery(name, functionName).execute(this.#db);
    return Number(rows[0]?.used ?? 0);
  }
}

/** PostgreSQL counts in numbers that come as texts. */
type Used = RawBuilder<{ readonly used: number | string | null }>;

function usedQuery(name: QuotaName, functionName: string | null): Used {
  switch (name) {
    case "functions":
    case "domains":
    case "certificates":
    case "tokens":
    case "nodes":
      return sql`select count(*) as used from ${sql.table(name)}`;
    case "versionsPerFunction":
      return usedPerFunction("versions", functionName);
    case "aliasesPerFunction":
      return usedPerFunction("aliases", functionName);
    case "codeMiB":
      return sql`select (coalesce(sum(module_bytes), 0) + 1048575) / 1048576 as used from versions`;
    case "dependencies":
      return sql`select count(*) as used from dependency_versions`;
    case "dependencyMiB":
      return sql`select (coalesce(sum(archive_bytes), 0) + 1048575) / 1048576 as used from dependency_versions`;
    case "reservedInstances":
      return sql`select coalesce(sum(instances), 0) as used from reserved_instances`;
    case "reservedMemoryMiB":
      return sql`select coalesce(sum(memory_mib), 0) as used from reserved_instances`;
  }
}

function usedPerFunction(table: "versions" | "aliases", functionName: string | null): Used {
  if (functionName !== null) {
    return sql`select count(*) as used from ${sql.table(table)} where function = ${functionName}`;
  }
  return sql`select max(used) as used from (select count(*) as used from ${sql.table(table)} group by function) as counted`;
}
