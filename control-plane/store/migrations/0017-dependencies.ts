/** Dependencies, their versions, and which versions of functions were built with them. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function dependencies(db: Kysely<unknown>): Promise<void> {
  await sql`create table dependencies (
    name text primary key,
    id text not null unique,
    is_public integer not null,
    newest integer not null,
    created_at text not null
  )`.execute(db);
  await sql`create table dependency_versions (
    dependency text not null references dependencies (name),
    version integer not null,
    id text not null unique,
    description text not null,
    runtime text not null,
    archive text not null,
    archive_bytes integer not null,
    bytes integer not null,
    files integer not null,
    packages text not null,
    created_at text not null,
    primary key (dependency, version)
  )`.execute(db);
  await sql`create table version_dependencies (
    function text not null,
    version text not null,
    position integer not null,
    dependency text not null,
    dependency_version integer not null,
    primary key (function, version, dependency),
    foreign key (function, version) references versions (function, version),
    foreign key (dependency, dependency_version) references dependency_versions (dependency, version)
  )`.execute(db);
  // Who uses one is asked before it is deleted.
  await sql`create index version_dependencies_used on version_dependencies (dependency, dependency_version)`.execute(
    db,
  );
}
