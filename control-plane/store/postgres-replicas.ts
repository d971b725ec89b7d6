/**
 * Where the control planes on one database say that they are there, and leave each other messages.
 *
 * Neither waits for the changes of the store nor for the disk: what a crash of the database loses of it is said again or asked again. Everything
 * said wakes whoever listens.
 */
import { sql, type Kysely } from "kysely";
import type { ReplicaBoard, ReplicaRow, SentMessage } from "../replicas/replica-board.ts";
import { nameStoreErrors, type StoreReason } from "../store-error.ts";
import type { Tables } from "./schema.ts";

/** Messages taken at once. */
const takenMax = 64;

export interface PostgresReplicasOptions {
  readonly reasonOf: (error: unknown) => StoreReason | null;
  /** Tells every listener, as part of the transaction. */
  readonly notify: (transaction: Kysely<Tables>) => Promise<void>;
}

export class PostgresReplicas implements ReplicaBoard {
  readonly #db: Kysely<Tables>;
  readonly #options: PostgresReplicasOptions;

  constructor(db: Kysely<Tables>, options: PostgresReplicasOptions) {
    this.#db = db;
    this.#options = options;
  }

  beat({ id, beat, facts }: ReplicaRow, { isNews }: { readonly isNews: boolean }): Promise<void> {
    return this.#do(async (db) => {
      await db
        .insertInto("replicas")
        .values({ id, beat, facts })
        .onConflict((conflict) => conflict.column("id").doUpdateSet({ beat, facts }))
        .execute();
      if (isNews) await this.#options.notify(db);
    });
  }

  list(): Promise<readonly ReplicaRow[]> {
    const query = this.#db.selectFrom("replicas").selectAll().orderBy("id");
    return nameStoreErrors(query.execute(), this.#options.reasonOf);
  }

  forget(id: string): Promise<void> {
    return this.#do(async (db) => {
      await db.deleteFrom("replicas").where("id", "=", id).execute();
      await db.deleteFrom("replica_messages").where("target", "=", id).execute();
      await this.#options.notify(db);
    });
  }

  send(messages: readonly SentMessage[]): Promise<void> {
    return this.#do(async (db) => {
      for (const { id, target, sentAt, body } of messages) {
        await db.insertInto("replica_messages").values({ id, target, sent_at: sentAt, body }).execute();
      }
      await this.#options.notify(db);
    });
  }

  take(target: string): Promise<readonly string[]> {
    return this.#do(async (db) => {
      const rows = await db
        .selectFrom("replica_messages")
        .select(["id", "body"])
        .where("target", "=", target)
        .orderBy("sent_at")
        .orderBy("id")
        .limit(takenMax)
        .execute();
      if (rows.length === 0) return [];
      const ids = rows.map(({ id }) => id);
      await db.deleteFrom("replica_messages").where("id", "in", ids).execute();
      return rows.map(({ body }) => body);
    });
  }

  #do<T>(work: (transaction: Kysely<Tables>) => Promise<T>): Promise<T> {
    const running = this.#db.transaction().execute(async (transaction) => {
      await sql`set local synchronous_commit = off`.execute(transaction);
      return work(transaction);
    });
    return nameStoreErrors(running, this.#options.reasonOf);
  }
}
