/**
 * The tables of the embedded call queue, in a file of their own. Events lie apart from the rows that change with every step of a call.
 *
 * Partial indexes hold only what is looked for, so that taking the next call costs the same however many have ended.
 */
import type { SqliteDatabase } from "kysely";

/** Brings a file to the present form. @throws when a newer program wrote it. */
export function prepareCallTables(database: Pick<SqliteDatabase, "prepare">, file: string): void {
  const [row] = database.prepare("pragma user_version").all([]) as { readonly user_version: number }[];
  const version = row?.user_version ?? 0;
  if (version > formVersion) {
    throw new Error(
      `Cannot open the call queue: it has form ${String(version)}, this program knows ${String(formVersion)}: received ${file}`,
    );
  }
  if (version === formVersion) return;
  database.prepare("begin immediate").run([]);
  for (const statement of statements) database.prepare(statement).run([]);
  database.prepare(`pragma user_version = ${String(formVersion)}`).run([]);
  database.prepare("commit").run([]);
}

const formVersion = 1;

const statements: readonly string[] = [
  // "autoincrement": a number is never given twice, also when the newest rows are gone.
  `create table calls (
    sequence integer primary key autoincrement,
    id text not null unique,
    function text not null,
    qualifier text not null,
    state text not null,
    depth integer not null,
    retries integer not null,
    accepted_at integer not null,
    expires_at integer not null,
    due_at integer not null,
    started_at integer,
    ended_at integer,
    attempts integer not null default 0,
    losses integer not null default 0,
    duration_ms real,
    code text not null default '',
    message text not null default '',
    on_success text,
    on_failure text,
    destination text
  ) strict`,
  `create index calls_due on calls (function, due_at, sequence) where state = 'wait'`,
  `create index calls_expiry on calls (expires_at) where state = 'wait'`,
  `create index calls_by_state on calls (state, sequence)`,
  `create index calls_by_function on calls (function, state, sequence)`,
  `create index calls_ended on calls (ended_at) where ended_at is not null`,
  `create table call_events (sequence integer primary key, event text not null) strict`,
  `create table sendings (
    sequence integer primary key autoincrement,
    call_id text not null,
    condition text not null,
    destination text not null,
    lane text not null,
    depth integer not null,
    body text not null,
    attempts integer not null default 0,
    due_at integer not null,
    leased integer not null default 0
  ) strict`,
  `create index sendings_due on sendings (lane, due_at, sequence) where leased = 0`,
  `create table messages (
    queue text not null,
    sequence integer not null,
    created_at integer not null,
    body text not null,
    primary key (queue, sequence)
  ) strict, without rowid`,
  `create table queues (name text primary key, last_sequence integer not null, count integer not null) strict, without rowid`,
];
