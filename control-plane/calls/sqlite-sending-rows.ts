/** What is to be sent to destinations, and the queues that are destinations, as rows of SQLite: single synchronous steps, each inside a transaction. */
import type { SqliteDatabase } from "kysely";
import type { CallDestination } from "../../sdk/calls.ts";
import { destinationLimits } from "../../sdk/call-limits.ts";
import { laneOf, type NewSending, type QueueMessageRow, type Sending } from "./call-queue.ts";
import { WaitingLanes } from "./waiting-lanes.ts";

type Database = Pick<SqliteDatabase, "prepare">;
type Value = string | number | null;

export class SqliteSendingRows {
  readonly lanes: WaitingLanes = new WaitingLanes();
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  releaseAll(): void {
    this.#run("update sendings set leased = 0 where leased = 1", []);
  }

  reload(): void {
    this.lanes.clear();
    const rows = this.#all<{ lane: string; count: number; due_at: number }>(
      "select lane, count(*) as count, min(due_at) as due_at from sendings where leased = 0 group by lane",
      [],
    );
    for (const { lane, count, due_at: dueMs } of rows) this.lanes.add(lane, dueMs, count);
  }

  insert(callId: string, { condition, destination, body, depth }: NewSending, nowMs: number): void {
    const lane = laneOf(destination);
    this.#run(
      "insert into sendings (call_id, condition, destination, lane, depth, body, due_at) values (?, ?, ?, ?, ?, ?, ?)",
      [callId, condition, JSON.stringify(destination), lane, depth, body, nowMs],
    );
    this.lanes.add(lane, nowMs);
  }

  lease(lane: string, { max, nowMs }: { readonly max: number; readonly nowMs: number }): readonly Sending[] {
    const rows = this.#all<SendingRow>(
      `update sendings set leased = 1 where sequence in
         (select sequence from sendings where leased = 0 and lane = ? and due_at <= ? order by due_at, sequence limit ?)
       returning sequence, call_id, condition, destination, depth, body, attempts`,
      [lane, nowMs, max],
    );
    const [next] = this.#all<{ due_at: number | null }>(
      "select min(due_at) as due_at from sendings where leased = 0 and lane = ?",
      [lane],
    );
    this.lanes.take(lane, { count: rows.length, dueMs: next?.due_at ?? null });
    return rows.sort((a, b) => a.sequence - b.sequence).map(toSending);
  }

  again(sequence: number, { dueMs, held }: { readonly dueMs: number; readonly held: boolean }): void {
    const [row] = this.#all<{ lane: string }>(
      "update sendings set leased = 0, due_at = ?, attempts = attempts + ? where sequence = ? and leased = 1 returning lane",
      [dueMs, held ? 0 : 1, sequence],
    );
    if (row !== undefined) this.lanes.add(row.lane, dueMs);
  }

  /** Its body, or null when it is not leased. */
  peek(sequence: number): string | null {
    const [row] = this.#all<{ body: string }>("select body from sendings where sequence = ? and leased = 1", [
      sequence,
    ]);
    return row?.body ?? null;
  }

  /** What it was, or null when it is not leased. */
  remove(sequence: number): Sending | null {
    const [row] = this.#all<SendingRow>(
      `delete from sendings where sequence = ? and leased = 1
       returning sequence, call_id, condition, destination, depth, body, attempts`,
      [sequence],
    );
    return row === undefined ? null : toSending(row);
  }

  /** False: the queue, or the number of queues, is at its limit. */
  addMessage(queue: string, body: string, nowMs: number): boolean {
    const { queuesMax, messagesPerQueueMax } = destinationLimits;
    const [row] = this.#all<{ last_sequence: number; count: number }>(
      "select last_sequence, count from queues where name = ?",
      [queue],
    );
    if (row === undefined && this.#count("select count(*) as n from queues") >= queuesMax) return false;
    if ((row?.count ?? 0) >= messagesPerQueueMax) return false;
    const sequence = (row?.last_sequence ?? 0) + 1;
    this.#run(
      `insert into queues (name, last_sequence, count) values (?, 1, 1)
       on conflict (name) do update set last_sequence = last_sequence + 1, count = count + 1`,
      [queue],
    );
    this.#run("insert into messages (queue, sequence, created_at, body) values (?, ?, ?, ?)", [
      queue,
      sequence,
      nowMs,
      body,
    ]);
    return true;
  }

  listQueues(): readonly string[] {
    const rows = this.#all<{ name: string }>("select name from queues where count > 0 order by name", []);
    return rows.map(({ name }) => name);
  }

  messages(
    queue: string,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): readonly QueueMessageRow[] {
    const rows = this.#all<{ sequence: number; created_at: number; body: string }>(
      "select sequence, created_at, body from messages where queue = ? and sequence > ? order by sequence limit ?",
      [queue, after, limit],
    );
    return rows.map(({ sequence, created_at: createdAtMs, body }) => ({ sequence, createdAtMs, body }));
  }

  forgetMessages(queue: string, through: number): void {
    const { changes } = this.#run("delete from messages where queue = ? and sequence <= ?", [queue, through]);
    this.#run("update queues set count = count - ? where name = ?", [Number(changes), queue]);
  }

  #count(text: string): number {
    return this.#all<{ n: number }>(text, [])[0]?.n ?? 0;
  }

  #all<T>(text: string, parameters: readonly Value[]): T[] {
    return this.#database.prepare(text).all(parameters) as T[];
  }

  #run(text: string, parameters: readonly Value[]): { readonly changes: number | bigint } {
    return this.#database.prepare(text).run(parameters);
  }
}

interface SendingRow {
  readonly sequence: number;
  readonly call_id: string;
  readonly condition: string;
  readonly destination: string;
  readonly depth: number;
  readonly body: string;
  readonly attempts: number;
}

function toSending(row: SendingRow): Sending {
  return {
    sequence: row.sequence,
    callId: row.call_id,
    condition: row.condition as Sending["condition"],
    destination: JSON.parse(row.destination) as CallDestination,
    depth: row.depth,
    body: row.body,
    attempts: row.attempts,
  };
}
