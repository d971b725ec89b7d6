/** Versions say whether they ask for processes of their own. Versions published before do not. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function isolation(db: Kysely<unknown>): Promise<void> {
  await sql`alter table versions add column isolation text not null default 'shared'`.execute(db);
}
