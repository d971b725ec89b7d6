/** How asynchronous calls are treated, for each function, alias or version. They go with what they belong to. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function asyncConfigs(db: Kysely<unknown>): Promise<void> {
  // `qualifier` is empty for a whole function; `alias` or `version` repeat it where it is one, so that they take the row with them.
  await sql`create table async_configs (
    function text not null references functions (name) on delete cascade,
    qualifier text not null,
    alias text,
    version text,
    config text not null,
    updated_at text not null,
    primary key (function, qualifier),
    foreign key (function, alias) references aliases (function, name) on delete cascade,
    foreign key (function, version) references versions (function, version) on delete cascade
  )`.execute(db);
}
