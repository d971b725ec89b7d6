/** Versions say whether their code may make code of text. Those published before do not, as their signed manifests do not. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function allowEval(db: Kysely<unknown>): Promise<void> {
  await sql`alter table versions add column allow_eval integer not null default 0`.execute(db);
}
