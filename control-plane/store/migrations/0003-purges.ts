/** Purges in the order they were accepted, and which node has done them. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function purges(db: Kysely<unknown>): Promise<void> {
  await sql`create table purges (
    sequence integer primary key,
    id text not null unique,
    created_at text not null,
    mode text not null,
    targets text not null
  )`.execute(db);
  await sql`create table purge_acks (
    node text not null references nodes (name),
    sequence integer not null,
    apply_ms double precision not null,
    acked_at text not null,
    primary key (node, sequence)
  )`.execute(db);
}
