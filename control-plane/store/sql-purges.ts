/** Purges and their acknowledgements in SQL. */
import type { Kysely, Selectable } from "kysely";
import { purgeLimits } from "../../sdk/cdn-limits.ts";
import type { NewPurge, PurgeAckRow, PurgeRow, PurgeTable } from "../purges/purge-row.ts";
import type { PurgesTable, Tables } from "./schema.ts";

export class SqlPurges implements PurgeTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async latest(): Promise<PurgeRow | null> {
    return (await this.list(1))[0] ?? null;
  }

  async get(id: string): Promise<PurgeRow | null> {
    const row = await this.#db.selectFrom("purges").selectAll().where("id", "=", id).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async at(sequence: number): Promise<PurgeRow | null> {
    const row = await this.#db.selectFrom("purges").selectAll().where("sequence", "=", sequence).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async after(sequence: number): Promise<readonly PurgeRow[]> {
    const query = this.#db.selectFrom("purges").selectAll().where("sequence", ">", sequence).orderBy("sequence");
    return (await query.execute()).map(toRow);
  }

  async list(limit: number): Promise<readonly PurgeRow[]> {
    const query = this.#db.selectFrom("purges").selectAll().orderBy("sequence", "desc").limit(limit);
    return (await query.execute()).map(toRow);
  }

  async acksSince(sequence: number): Promise<readonly PurgeAckRow[]> {
    const rows = await this.#db
      .selectFrom("purge_acks as a")
      .selectAll("a")
      .where("a.sequence", "=", (select) =>
        select
          .selectFrom("purge_acks as b")
          .select((inner) => inner.fn.min("b.sequence").as("first"))
          .whereRef("b.node", "=", "a.node")
          .where("b.sequence", ">=", sequence),
      )
      .orderBy("a.node")
      .execute();
    return rows.map(({ node, sequence: acked, apply_ms, acked_at }) => ({
      node,
      sequence: acked,
      applyMs: apply_ms,
      ackedAt: acked_at,
    }));
  }

  async add({ id, createdAt, mode, targets }: NewPurge): Promise<PurgeRow> {
    const sequence = ((await this.latest())?.sequence ?? 0) + 1;
    await this.#db
      .insertInto("purges")
      .values({ sequence, id, created_at: createdAt, mode, targets: JSON.stringify(targets) })
      .execute();
    await this.#db
      .deleteFrom("purges")
      .where("sequence", "<=", sequence - purgeLimits.keptMax)
      .execute();
    return { sequence, id, createdAt, mode, targets };
  }

  async acknowledge({ node, sequence, applyMs, ackedAt }: PurgeAckRow): Promise<void> {
    await this.#db
      .insertInto("purge_acks")
      .values({ node, sequence, apply_ms: applyMs, acked_at: ackedAt })
      .onConflict((conflict) => conflict.columns(["node", "sequence"]).doNothing())
      .execute();
    const oldest = await this.#db
      .selectFrom("purge_acks")
      .select("sequence")
      .where("node", "=", node)
      .orderBy("sequence", "desc")
      .offset(purgeLimits.acksPerNodeMax)
      .limit(1)
      .executeTakeFirst();
    if (oldest === undefined) return;
    await this.#db.deleteFrom("purge_acks").where("node", "=", node).where("sequence", "<=", oldest.sequence).execute();
  }
}

function toRow(row: Selectable<PurgesTable>): PurgeRow {
  return {
    sequence: row.sequence,
    id: row.id,
    createdAt: row.created_at,
    mode: row.mode as PurgeRow["mode"],
    targets: JSON.parse(row.targets) as PurgeRow["targets"],
  };
}
