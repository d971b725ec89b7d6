/** TLS certificates with their encrypted keys. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function certificates(db: Kysely<unknown>): Promise<void> {
  await sql`create table certificates (
    name text primary key,
    facts text not null,
    chain text not null,
    encrypted_key text not null,
    updated_at text not null
  )`.execute(db);
}
