/** Rollouts in steps in SQL: what is looked for in columns, the whole as JSON. */
import type { Kysely } from "kysely";
import { stagedRolloutLimits } from "../../sdk/limits.ts";
import type { StagedRolloutQuery, StagedRolloutRow, StagedRolloutTable } from "../staged/staged-rollout-row.ts";
import type { Tables } from "./schema.ts";

export class SqlStagedRollouts implements StagedRolloutTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async get(id: string): Promise<StagedRolloutRow | null> {
    const row = await this.#db.selectFrom("staged_rollouts").select("rollout").where("id", "=", id).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async list({ functionName, alias, state }: StagedRolloutQuery): Promise<readonly StagedRolloutRow[]> {
    let query = this.#db.selectFrom("staged_rollouts").select("rollout");
    if (functionName !== undefined) query = query.where("function", "=", functionName);
    if (alias !== undefined) query = query.where("alias", "=", alias);
    if (state !== undefined) query = query.where("state", "=", state);
    return (await query.orderBy("started_at", "desc").orderBy("id").execute()).map(toRow);
  }

  async put(row: StagedRolloutRow): Promise<void> {
    const { id, function: owner, alias, state, startedAt } = row;
    const values = { function: owner, alias, state, started_at: startedAt, rollout: JSON.stringify(row) };
    await this.#db
      .insertInto("staged_rollouts")
      .values({ id, ...values })
      .onConflict((conflict) => conflict.column("id").doUpdateSet(values))
      .execute();
  }

  async forgetOldest(): Promise<void> {
    const kept = await this.#db
      .selectFrom("staged_rollouts")
      .select("started_at")
      .where("state", "<>", "running")
      .orderBy("started_at", "desc")
      .offset(stagedRolloutLimits.keptMax)
      .limit(1)
      .executeTakeFirst();
    if (kept === undefined) return;
    await this.#db
      .deleteFrom("staged_rollouts")
      .where("state", "<>", "running")
      .where("started_at", "<=", kept.started_at)
      .execute();
  }
}

function toRow({ rollout }: { readonly rollout: string }): StagedRolloutRow {
  return JSON.parse(rollout) as StagedRolloutRow;
}
