/**
 * What one control plane knows of all calls in a shared queue: the rows of the embedded queue, in memory, kept by following the stream.
 *
 * It decides nothing: what is found here is tried in the stream, which refuses what is outdated. Invariant: a row is that of the newest message
 * that came of its call, but for those that are being leased here, which are already out of others' sight until the stream has answered.
 */
import type { SqliteDatabase } from "kysely";
import { callLimits } from "../../sdk/call-limits.ts";
import { openDatabase } from "../store/sqlite.ts";
import { laneOf, type CallQueue, type CallRows } from "./call-queue.ts";
import { decodeCall, encodeCall, isOver, type SharedCall } from "./shared-call.ts";
import { prepareCallTables } from "./sqlite-call-schema.ts";
import { SqliteCallRows } from "./sqlite-call-rows.ts";
import { SqliteSendingRows } from "./sqlite-sending-rows.ts";
import type { WaitingLanes } from "./waiting-lanes.ts";

/** A call beside the sequence of the message that says so; 0: only that with which it was accepted is there. */
export interface KnownCall {
  readonly call: SharedCall;
  readonly revision: number;
}

/** Ended calls that are forgotten at once where there is no room. */
const madeRoom = 256;

type Value = string | number | null;

export class SharedCallIndex {
  readonly #database: SqliteDatabase = openDatabase(":memory:");
  readonly #calls: SqliteCallRows;
  readonly #sendings: SqliteSendingRows;
  #ended = 0;

  constructor() {
    prepareCallTables(this.#database, ":memory:");
    for (const statement of statements) this.#run(statement, []);
    this.#calls = new SqliteCallRows(this.#database);
    this.#sendings = new SqliteSendingRows(this.#database);
  }

  get calls(): WaitingLanes {
    return this.#calls.lanes;
  }

  get sendings(): WaitingLanes {
    return this.#sendings.lanes;
  }

  /** Many `put` at once are faster between these. */
  begin(): void {
    this.#run("begin", []);
  }

  commit(): void {
    this.#run("commit", []);
  }

  latestMs(): number {
    return this.#calls.latestMs();
  }

  list(query: Parameters<CallQueue["list"]>[0]): CallRows {
    return this.#calls.list(query);
  }

  /** Takes what a message says unless something newer is known. */
  put({ call, revision }: KnownCall): void {
    const known = this.#revisionOf(call.id);
    if (known === null || known < revision) this.#replace(call, revision);
  }

  /** The same also where nothing newer came: what was being leased is seen again. */
  restore({ call, revision }: KnownCall): void {
    const known = this.#revisionOf(call.id);
    if (known === null || known <= revision) this.#replace(call, revision);
  }

  /** There is nothing of it any more. */
  drop(id: string): void {
    const [row] = this.#all<{ sequence: number }>("select sequence from calls where id = ?", [id]);
    if (row !== undefined) this.#remove(row.sequence);
  }

  /** As the newest message has it; null when it is unknown, or over with nothing to send. */
  find(sequence: number): KnownCall | null {
    const [row] = this.#all<{ call: string | null; revision: number }>(
      "select call, revision from shared where sequence = ?",
      [sequence],
    );
    return row === undefined || row.call === null
      ? null
      : { call: decodeCall(row.call, sequence), revision: row.revision };
  }

  /** Of a function's calls that are due: out of sight from now on. Sequences, the oldest first. */
  takeDue(functionName: string, due: { readonly max: number; readonly nowMs: number }): readonly number[] {
    return this.#calls.lease(functionName, due).flatMap(({ id }) => this.#sequenceOf(id));
  }

  takeExpired(max: number, nowMs: number): readonly number[] {
    return this.#calls.leaseExpired(max, nowMs).flatMap(({ id }) => this.#sequenceOf(id));
  }

  takeSendings(lane: string, due: { readonly max: number; readonly nowMs: number }): readonly number[] {
    return this.#sendings.lease(lane, due).map(({ sequence }) => sequence);
  }

  /** Who has calls or sendings. */
  holders(): readonly string[] {
    return this.#all<{ holder: string }>("select distinct holder from shared where holder is not null", []).map(
      ({ holder }) => holder,
    );
  }

  /** What a control plane has, at most `max`. */
  heldBy(holder: string, max: number): readonly number[] {
    return this.#all<{ sequence: number }>("select sequence from shared where holder = ? limit ?", [holder, max]).map(
      ({ sequence }) => sequence,
    );
  }

  /** The same with what identifies their states, those accepted first. */
  ownedBy(
    holder: string,
    max: number,
  ): readonly { readonly id: string; readonly sequence: number; readonly revision: number }[] {
    return this.#all(
      `select id, shared.sequence, revision from shared join calls on calls.sequence = shared.sequence
       where holder = ? order by shared.sequence limit ?`,
      [holder, max],
    );
  }

  /** Those that ended long ago or are too many, with nothing left to send; at most `callLimits.purgeMax`. */
  outlived(nowMs: number): readonly { readonly id: string; readonly sequence: number; readonly revision: number }[] {
    const { keptMs, keptSharedMax: keptMax, purgeMax } = callLimits;
    const beyond = Math.min(purgeMax, Math.max(0, this.#ended - keptMax));
    return this.#all(
      `select id, sequence, revision from
         (select calls.id, calls.sequence, revision, ended_at, row_number() over (order by ended_at) as place
          from calls join shared on shared.sequence = calls.sequence
          where ended_at is not null and call is null order by ended_at limit ?)
       where ended_at <= ? or place <= ?`,
      [purgeMax, nowMs - keptMs, beyond],
    );
  }

  /** Some of those that are only kept to be shown. */
  oldestEnded(): ReturnType<SharedCallIndex["outlived"]> {
    return this.#all(
      `select id, calls.sequence, revision from calls join shared on shared.sequence = calls.sequence
       where ended_at is not null and call is null order by ended_at limit ?`,
      [madeRoom],
    );
  }

  close(): void {
    this.#database.close();
  }

  #replace(call: SharedCall, revision: number): void {
    this.#remove(call.sequence);
    this.#run(
      `insert into calls (sequence, id, function, qualifier, state, depth, retries, accepted_at, expires_at, due_at, started_at, ended_at,
         attempts, losses, duration_ms, code, message, on_success, on_failure, destination)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      columnsOf(call),
    );
    const isOpen = !isOver(call) || call.sending !== null;
    this.#run("insert into shared (sequence, revision, holder, call) values (?, ?, ?, ?)", [
      call.sequence,
      revision,
      call.holder,
      isOpen ? encodeCall(call) : null,
    ]);
    if (call.state === "wait") this.calls.add(call.function, call.dueAtMs);
    if (isOver(call)) this.#ended++;
    if (call.sending !== null) this.#insertSending(call, call.sending);
  }

  #insertSending(
    call: SharedCall,
    { condition, destination, depth, attempts, dueAtMs }: NonNullable<SharedCall["sending"]>,
  ): void {
    const lane = laneOf(destination);
    this.#run(
      `insert into sendings (sequence, call_id, condition, destination, lane, depth, body, attempts, due_at, leased)
       values (?, ?, ?, ?, ?, ?, '', ?, ?, ?)`,
      [
        call.sequence,
        call.id,
        condition,
        JSON.stringify(destination),
        lane,
        depth,
        attempts,
        dueAtMs,
        call.holder === null ? 0 : 1,
      ],
    );
    if (call.holder === null) this.sendings.add(lane, dueAtMs);
  }

  #remove(sequence: number): void {
    const [before] = this.#all<{ function: string; state: string; ended_at: number | null }>(
      "delete from calls where sequence = ? returning function, state, ended_at",
      [sequence],
    );
    this.#run("delete from shared where sequence = ?", [sequence]);
    const [sending] = this.#all<{ lane: string; leased: number }>(
      "delete from sendings where sequence = ? returning lane, leased",
      [sequence],
    );
    if (before?.state === "wait") this.#left(this.calls, before.function, nextDue.call);
    if (before !== undefined && before.ended_at !== null) this.#ended--;
    if (sending?.leased === 0) this.#left(this.sendings, sending.lane, nextDue.sending);
  }

  #left(lanes: WaitingLanes, name: string, query: string): void {
    const [next] = this.#all<{ due_at: number | null }>(query, [name]);
    lanes.take(name, { count: 1, dueMs: next?.due_at ?? null });
  }

  #revisionOf(id: string): number | null {
    const [row] = this.#all<{ revision: number }>(
      "select revision from shared where sequence = (select sequence from calls where id = ?)",
      [id],
    );
    return row?.revision ?? null;
  }

  #sequenceOf(id: string): readonly number[] {
    return this.#all<{ sequence: number }>("select sequence from calls where id = ?", [id]).map(
      ({ sequence }) => sequence,
    );
  }

  #all<T>(text: string, parameters: readonly Value[]): T[] {
    return this.#database.prepare(text).all(parameters) as T[];
  }

  #run(text: string, parameters: readonly Value[]): void {
    this.#database.prepare(text).run(parameters);
  }
}

const nextDue = {
  call: "select min(due_at) as due_at from calls where state = 'wait' and function = ?",
  sending: "select min(due_at) as due_at from sendings where leased = 0 and lane = ?",
} as const;

/** Beside the rows of the embedded queue: of which message they are, who has them, and the whole call while it is open. */
const statements: readonly string[] = [
  "create table shared (sequence integer primary key, revision integer not null, holder text, call text) strict",
  "create index shared_holders on shared (holder) where holder is not null",
];

function columnsOf(call: SharedCall): readonly Value[] {
  return [
    call.sequence,
    call.id,
    call.function,
    call.qualifier,
    call.state,
    call.depth,
    call.retries,
    call.acceptedAtMs,
    call.expiresAtMs,
    call.dueAtMs,
    call.startedAtMs,
    call.endedAtMs,
    call.attempts,
    call.losses,
    call.durationMs,
    call.code,
    call.message,
    jsonOrNull(call.onSuccess),
    jsonOrNull(call.onFailure),
    jsonOrNull(call.destination),
  ];
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
