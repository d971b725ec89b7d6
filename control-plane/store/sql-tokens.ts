/** API tokens in SQL: names, roles and hashes. */
import type { Kysely, Selectable } from "kysely";
import type { TokenRow, TokenTable } from "../store.ts";
import type { Tables, TokensTable } from "./schema.ts";

export class SqlTokens implements TokenTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(): Promise<readonly TokenRow[]> {
    const rows = await this.#db.selectFrom("tokens").selectAll().orderBy("created_at").orderBy("id").execute();
    return rows.map(toRow);
  }

  async get(id: string): Promise<TokenRow | null> {
    const row = await this.#db.selectFrom("tokens").selectAll().where("id", "=", id).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async existing(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#db.selectFrom("tokens").select("id").where("id", "in", ids).execute();
    return new Set(rows.map(({ id }) => id));
  }

  async findByHash(hash: string): Promise<TokenRow | null> {
    const row = await this.#db.selectFrom("tokens").selectAll().where("hash", "=", hash).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async insert({ id, name, role, hash, createdAt }: TokenRow): Promise<void> {
    await this.#db.insertInto("tokens").values({ id, name, role, hash, created_at: createdAt }).execute();
  }

  async delete(id: string): Promise<void> {
    await this.#db.deleteFrom("tokens").where("id", "=", id).execute();
  }
}

function toRow(row: Selectable<TokensTable>): TokenRow {
  return { id: row.id, name: row.name, role: row.role as TokenRow["role"], hash: row.hash, createdAt: row.created_at };
}
