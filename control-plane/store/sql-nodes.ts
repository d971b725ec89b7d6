/** Nodes and what they acknowledged in SQL. */
import type { Kysely, Selectable } from "kysely";
import type { NodeRegistration } from "../../sdk/desired-state.ts";
import { acksPerNodeMax, type AckRow, type NodeRow, type NodeTable } from "../store.ts";
import type { NodeAcksTable, NodesTable, Tables } from "./schema.ts";

export class SqlNodes implements NodeTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(): Promise<readonly NodeRow[]> {
    const rows = await this.#db.selectFrom("nodes").selectAll().orderBy("name").execute();
    return rows.map(toRow);
  }

  async get(name: string): Promise<NodeRow | null> {
    const row = await this.#db.selectFrom("nodes").selectAll().where("name", "=", name).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async count(): Promise<number> {
    const row = await this.#db
      .selectFrom("nodes")
      .select((select) => select.fn.countAll<number | string>().as("count"))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  async acksSince(revision: number): Promise<readonly AckRow[]> {
    const rows = await this.#db
      .selectFrom("node_acks as a")
      .selectAll("a")
      .where("a.revision", "=", (select) =>
        select
          .selectFrom("node_acks as b")
          .select((inner) => inner.fn.min("b.revision").as("first"))
          .whereRef("b.node", "=", "a.node")
          .where("b.revision", ">=", revision),
      )
      .orderBy("a.node")
      .execute();
    return rows.map(toAck);
  }

  async newestAcks(): Promise<readonly AckRow[]> {
    const rows = await this.#db
      .selectFrom("node_acks as a")
      .selectAll("a")
      .where("a.revision", "=", (select) =>
        select
          .selectFrom("node_acks as b")
          .select((inner) => inner.fn.max("b.revision").as("newest"))
          .whereRef("b.node", "=", "a.node"),
      )
      .orderBy("a.node")
      .execute();
    return rows.map(toAck);
  }

  async register(registration: NodeRegistration, seenAt: string): Promise<void> {
    const values = {
      selvage_version: registration.selvageVersion,
      node_version: registration.nodeVersion,
      runtime_key: registration.runtimeKey,
      driver: registration.driver,
      last_seen_at: seenAt,
    };
    await this.#db
      .insertInto("nodes")
      .values({ name: registration.name, revision: 0, ...values })
      .onConflict((conflict) => conflict.column("name").doUpdateSet(values))
      .execute();
  }

  async setSeen(name: string, seenAt: string): Promise<void> {
    await this.#db.updateTable("nodes").set({ last_seen_at: seenAt }).where("name", "=", name).execute();
  }

  async acknowledge({ node, revision, applyMs, failures, ackedAt }: AckRow): Promise<void> {
    const failuresText = JSON.stringify(failures);
    await this.#db
      .insertInto("node_acks")
      .values({ node, revision, apply_ms: applyMs, failures: failuresText, acked_at: ackedAt })
      .onConflict((conflict) => conflict.columns(["node", "revision"]).doUpdateSet({ failures: failuresText }))
      .execute();
    await this.#db.updateTable("nodes").set({ last_seen_at: ackedAt }).where("name", "=", node).execute();
    await this.#db
      .updateTable("nodes")
      .set({ revision })
      .where("name", "=", node)
      .where("revision", "<", revision)
      .execute();
    await this.#forgetOldAcks(node);
  }

  async delete(name: string): Promise<void> {
    await this.#db.deleteFrom("node_acks").where("node", "=", name).execute();
    await this.#db.deleteFrom("purge_acks").where("node", "=", name).execute();
    await this.#db.deleteFrom("nodes").where("name", "=", name).execute();
  }

  async #forgetOldAcks(node: string): Promise<void> {
    const oldest = await this.#db
      .selectFrom("node_acks")
      .select("revision")
      .where("node", "=", node)
      .orderBy("revision", "desc")
      .offset(acksPerNodeMax)
      .limit(1)
      .executeTakeFirst();
    if (oldest === undefined) return;
    await this.#db.deleteFrom("node_acks").where("node", "=", node).where("revision", "<=", oldest.revision).execute();
  }
}

function toRow(row: Selectable<NodesTable>): NodeRow {
  return {
    name: row.name,
    selvageVersion: row.selvage_version,
    nodeVersion: row.node_version,
    runtimeKey: row.runtime_key,
    driver: row.driver as NodeRow["driver"],
    revision: row.revision,
    lastSeenAt: row.last_seen_at,
  };
}

function toAck(row: Selectable<NodeAcksTable>): AckRow {
  return {
    node: row.node,
    revision: row.revision,
    applyMs: row.apply_ms,
    failures: JSON.parse(row.failures) as AckRow["failures"],
    ackedAt: row.acked_at,
  };
}
