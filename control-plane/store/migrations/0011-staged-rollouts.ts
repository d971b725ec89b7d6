/** Rollouts in steps: those that run, and what became of the ones before. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function stagedRollouts(db: Kysely<unknown>): Promise<void> {
  await sql`create table staged_rollouts (
    id text primary key,
    function text not null references functions (name),
    alias text not null,
    state text not null,
    started_at text not null,
    rollout text not null
  )`.execute(db);
  await sql`create index staged_rollouts_state on staged_rollouts (state)`.execute(db);
}
