/** Aliases may name a second version, for some requests. Those that were there name one. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function aliasGrey(db: Kysely<unknown>): Promise<void> {
  await sql`alter table aliases add column grey_version text`.execute(db);
  await sql`alter table aliases add column grey text not null default 'null'`.execute(db);
}
