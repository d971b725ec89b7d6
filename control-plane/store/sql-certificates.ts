/** TLS certificates in SQL: what is public of them as JSON, the chain, and the encrypted key. */
import type { Kysely, Selectable } from "kysely";
import type { CertificateRow, CertificateTable } from "../store.ts";
import type { CertificatesTable, Tables } from "./schema.ts";

export class SqlCertificates implements CertificateTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(): Promise<readonly CertificateRow[]> {
    return (await this.#db.selectFrom("certificates").selectAll().orderBy("name").execute()).map(toRow);
  }

  async get(name: string): Promise<CertificateRow | null> {
    const row = await this.#db.selectFrom("certificates").selectAll().where("name", "=", name).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async count(): Promise<number> {
    const row = await this.#db
      .selectFrom("certificates")
      .select((select) => select.fn.countAll<number | string>().as("count"))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  async put({ name, facts, chain, encryptedKey, updatedAt }: CertificateRow): Promise<void> {
    const values = { facts: JSON.stringify(facts), chain, encrypted_key: encryptedKey, updated_at: updatedAt };
    await this.#db
      .insertInto("certificates")
      .values({ name, ...values })
      .onConflict((conflict) => conflict.column("name").doUpdateSet(values))
      .execute();
  }

  async delete(name: string): Promise<void> {
    await this.#db.deleteFrom("certificates").where("name", "=", name).execute();
  }
}

function toRow(row: Selectable<CertificatesTable>): CertificateRow {
  return {
    name: row.name,
    facts: JSON.parse(row.facts) as CertificateRow["facts"],
    chain: row.chain,
    encryptedKey: row.encrypted_key,
    updatedAt: row.updated_at,
  };
}
