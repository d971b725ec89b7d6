/**
 * What several control planes on one database share beside the rows: blobs in bounded parts, who is there, and what they tell each other.
 * The embedded store leaves these tables empty; backups hold their blobs in them.
 */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function shared(db: Kysely<unknown>): Promise<void> {
  await sql`create table blobs (
    kind text not null,
    digest text not null,
    bytes integer not null,
    used_at double precision not null,
    primary key (kind, digest)
  )`.execute(db);
  await sql`create table blob_parts (
    kind text not null,
    digest text not null,
    part integer not null,
    content bytea not null,
    primary key (kind, digest, part),
    foreign key (kind, digest) references blobs (kind, digest) on delete cascade
  )`.execute(db);
  await sql`create table replicas (
    id text primary key,
    beat integer not null,
    facts text not null
  )`.execute(db);
  await sql`create table replica_messages (
    id text primary key,
    target text not null,
    sent_at double precision not null,
    body text not null
  )`.execute(db);
  await sql`create index replica_messages_by_target on replica_messages (target, sent_at)`.execute(db);
}
