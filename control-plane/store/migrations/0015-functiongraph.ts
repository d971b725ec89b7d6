/** Access keys that sign requests, and what clients of FunctionGraph say of functions. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function functiongraph(db: Kysely<unknown>): Promise<void> {
  await sql`create table access_keys (
    id text primary key,
    name text not null,
    role text not null,
    encrypted_secret text not null,
    created_at text not null
  )`.execute(db);
  await sql`create table fgs_functions (
    function text primary key references functions (name),
    document text not null
  )`.execute(db);
}
