/** Single values in SQL. */
import type { Kysely } from "kysely";
import type { SettingKey, SettingTable } from "../store.ts";
import type { Tables } from "./schema.ts";

export class SqlSettings implements SettingTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async get(key: SettingKey): Promise<string | null> {
    const row = await this.#db.selectFrom("settings").select("value").where("key", "=", key).executeTakeFirst();
    return row?.value ?? null;
  }

  async put(key: SettingKey, value: string): Promise<void> {
    await this.#db
      .insertInto("settings")
      .values({ key, value })
      .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
      .execute();
  }
}
