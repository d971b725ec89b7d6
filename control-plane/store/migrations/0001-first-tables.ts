/** The first schema. Never edited once released: a change is a new file with the next number. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function firstTables(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements: readonly string[] = [
  `create table functions (
    name text primary key,
    description text not null,
    enabled integer not null,
    created_at text not null
  )`,
  `create table environments (
    function text primary key references functions (name),
    variables text not null,
    encrypted_secrets text
  )`,
  `create table versions (
    function text not null references functions (name),
    version text not null,
    sequence integer not null,
    description text not null,
    created_at text not null,
    digest text not null,
    signature text not null,
    hooks text not null,
    limits text not null,
    module_digest text not null,
    module_bytes integer not null,
    snapshot_state text not null,
    snapshot_bytes integer not null,
    snapshot_reason text not null,
    variables text not null,
    encrypted_secrets text,
    primary key (function, version),
    unique (function, sequence)
  )`,
  `create table retired_versions (
    function text not null references functions (name),
    version text not null,
    primary key (function, version)
  )`,
  `create table version_blobs (
    function text not null,
    version text not null,
    digest text not null,
    primary key (function, version, digest),
    foreign key (function, version) references versions (function, version)
  )`,
  `create table aliases (
    function text not null,
    name text not null,
    version text not null,
    previous text not null,
    updated_at text not null,
    primary key (function, name),
    foreign key (function, version) references versions (function, version)
  )`,
  `create table domains (
    domain text primary key,
    config text not null,
    updated_at text not null
  )`,
  `create table rules (
    domain text not null references domains (domain),
    position integer not null,
    phase text not null,
    match_type text not null,
    match_content text,
    function text not null references functions (name),
    version text,
    alias text,
    priority integer not null,
    enabled integer not null,
    stop integer not null,
    on_error text not null,
    primary key (domain, position),
    unique (domain, phase, priority)
  )`,
  `create index rules_by_function on rules (function)`,
  `create table tokens (
    id text primary key,
    name text not null,
    role text not null,
    hash text not null unique,
    created_at text not null
  )`,
  `create table nodes (
    name text primary key,
    selvage_version text not null,
    node_version text not null,
    runtime_key text not null,
    driver text not null,
    revision integer not null,
    last_seen_at text not null
  )`,
  `create table node_acks (
    node text not null references nodes (name),
    revision integer not null,
    apply_ms double precision not null,
    failures text not null,
    acked_at text not null,
    primary key (node, revision)
  )`,
  `create table revisions (
    revision integer primary key,
    created_at text not null
  )`,
  `create table settings (
    key text primary key,
    value text not null
  )`,
];
