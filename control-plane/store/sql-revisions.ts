/** Revisions of the desired state in SQL: one row per change that nodes must learn of. */
import type { Kysely } from "kysely";
import { revisionsKeptMax, type RevisionRow, type RevisionTable } from "../store.ts";
import type { Tables } from "./schema.ts";

export class SqlRevisions implements RevisionTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async current(): Promise<RevisionRow> {
    const row = await this.#db
      .selectFrom("revisions")
      .selectAll()
      .orderBy("revision", "desc")
      .limit(1)
      .executeTakeFirst();
    return row === undefined
      ? { revision: 0, createdAt: new Date(0).toISOString() }
      : { revision: row.revision, createdAt: row.created_at };
  }

  async get(revision: number): Promise<RevisionRow | null> {
    const row = await this.#db.selectFrom("revisions").selectAll().where("revision", "=", revision).executeTakeFirst();
    return row === undefined ? null : { revision: row.revision, createdAt: row.created_at };
  }

  async next(createdAt: string): Promise<RevisionRow> {
    const revision = (await this.current()).revision + 1;
    await this.#db.insertInto("revisions").values({ revision, created_at: createdAt }).execute();
    await this.#db
      .deleteFrom("revisions")
      .where("revision", "<=", revision - revisionsKeptMax)
      .execute();
    return { revision, createdAt };
  }
}
