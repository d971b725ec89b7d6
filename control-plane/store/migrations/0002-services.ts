/** Versions say which functions they may call. Versions published before have none. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function services(db: Kysely<unknown>): Promise<void> {
  await sql`alter table versions add column services text not null default '{}'`.execute(db);
}
