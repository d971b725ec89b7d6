/** Reserved instances of versions, aliases and `latest`. They go with what they belong to. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function reserved(db: Kysely<unknown>): Promise<void> {
  // `alias` or `version` repeat the qualifier where it is one, so that they take the row with them. `instances` and `memory_mib` are what quotas count.
  await sql`create table reserved_instances (
    function text not null references functions (name) on delete cascade,
    qualifier text not null,
    alias text,
    version text,
    config text not null,
    instances integer not null,
    memory_mib integer not null,
    updated_at text not null,
    primary key (function, qualifier),
    foreign key (function, alias) references aliases (function, name) on delete cascade,
    foreign key (function, version) references versions (function, version) on delete cascade
  )`.execute(db);
}
