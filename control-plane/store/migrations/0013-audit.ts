/** Who changed what, when, with which outcome. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function audit(db: Kysely<unknown>): Promise<void> {
  await sql`create table audit (
    sequence integer primary key,
    time text not null,
    actor text not null,
    token_id text not null,
    action text not null,
    resource text not null,
    detail text not null,
    level text not null,
    outcome text not null,
    code text,
    request_id text not null
  )`.execute(db);
  await sql`create index audit_by_time on audit (time)`.execute(db);
}
