/** Versions say whether and how they handle events. Those published before do not, as their signed manifests name no handler. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function event(db: Kysely<unknown>): Promise<void> {
  await sql`alter table versions add column event text not null default 'null'`.execute(db);
}
