/** Quotas that an administrator has changed; the others have their defaults. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function quotas(db: Kysely<unknown>): Promise<void> {
  await sql`create table quotas (name text primary key, value integer not null)`.execute(db);
}
