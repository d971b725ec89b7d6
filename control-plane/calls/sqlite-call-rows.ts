/**
 * Calls as rows of SQLite: single synchronous steps, each for use inside a transaction of the caller's.
 *
 * Beside the rows it keeps in memory who waits and how many have ended; after a transaction was undone, `reload` puts that right.
 */
import type { SqliteDatabase } from "kysely";
import { callStates, type CallDestination, type SentDestination } from "../../sdk/calls.ts";
import { callLimits } from "../../sdk/call-limits.ts";
import type { CallEnd, CallReturn, CallRow, CallRows, CallRowsQuery, LeasedCall, NewCall } from "./call-queue.ts";
import { WaitingLanes } from "./waiting-lanes.ts";

type Database = Pick<SqliteDatabase, "prepare">;
type Value = string | number | null;

export class SqliteCallRows {
  readonly lanes: WaitingLanes = new WaitingLanes();
  readonly #database: Database;
  #ended = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What a process that is gone had leased waits again. */
  releaseAll(): void {
    this.#run("update calls set state = 'wait' where state = 'running'", []);
  }

  /** Reads who waits. */
  reload(): void {
    this.lanes.clear();
    const waiting = this.#all<{ function: string; count: number; due_at: number }>(
      "select function, count(*) as count, min(due_at) as due_at from calls where state = 'wait' group by function",
      [],
    );
    for (const { function: name, count, due_at: dueMs } of waiting) this.lanes.add(name, dueMs, count);
    this.#ended = this.#all<{ n: number }>("select count(*) as n from calls where ended_at is not null", [])[0]?.n ?? 0;
  }

  /** The latest time in the rows, 0 when there are none. */
  latestMs(): number {
    const [row] = this.#all<{ accepted: number | null; ended: number | null }>(
      `select (select accepted_at from calls order by sequence desc limit 1) as accepted, (select max(ended_at) from calls where ended_at is not null) as ended`,
      [],
    );
    return Math.max(row?.accepted ?? 0, row?.ended ?? 0);
  }

  insert(call: NewCall, nowMs: number): void {
    const { lastInsertRowid } = this.#run(
      `insert into calls (id, function, qualifier, state, depth, retries, accepted_at, expires_at, due_at, on_success, on_failure)
       values (?, ?, ?, 'wait', ?, ?, ?, ?, ?, ?, ?)`,
      [
        call.id,
        call.function,
        call.qualifier,
        call.depth,
        call.retries,
        nowMs,
        nowMs + call.maxAgeMs,
        nowMs,
        jsonOrNull(call.onSuccess),
        jsonOrNull(call.onFailure),
      ],
    );
    this.#run("insert into call_events (sequence, event) values (?, ?)", [Number(lastInsertRowid), call.event]);
    this.lanes.add(call.function, nowMs);
  }

  /** The oldest of one function that are due, now running. */
  lease(functionName: string, { max, nowMs }: { readonly max: number; readonly nowMs: number }): readonly LeasedCall[] {
    const rows = this.#all<LeasedRow>(
      `update calls set state = 'running', started_at = ? where sequence in
         (select sequence from calls where state = 'wait' and function = ? and due_at <= ? order by due_at, sequence limit ?)
       returning ${leasedColumns}`,
      [nowMs, functionName, nowMs, max],
    );
    this.#leftLane(functionName, rows.length);
    // In the order of acceptance: RETURNING promises none.
    return rows.sort((a, b) => a.sequence - b.sequence).map((row) => this.#toLeased(row));
  }

  leaseExpired(max: number, nowMs: number): readonly LeasedCall[] {
    const rows = this.#all<LeasedRow>(
      `update calls set state = 'running' where sequence in
         (select sequence from calls where state = 'wait' and expires_at <= ? order by expires_at limit ?)
       returning ${leasedColumns}`,
      [nowMs, max],
    );
    for (const { function: name } of rows) this.#leftLane(name, 1);
    return rows.map((row) => this.#toLeased(row));
  }

  /** Its number, or null when it is not running. */
  end(id: string, { state, code, message, durationMs, sending }: CallEnd, nowMs: number): number | null {
    const attempts = state === "discard" ? "attempts" : "attempts + 1";
    const [row] = this.#all<{ sequence: number }>(
      `update calls set state = ?, ended_at = ?, attempts = ${attempts}, code = ?, message = ?, duration_ms = coalesce(?, duration_ms), destination = ?
       where id = ? and state = 'running' returning sequence`,
      [state, nowMs, code, message, durationMs, jsonOrNull(sending === null ? null : pending(sending)), id],
    );
    if (row === undefined) return null;
    this.#forgetEvent(row.sequence);
    return row.sequence;
  }

  giveBack(id: string, { kind, delayMs, code, message, durationMs }: CallReturn, nowMs: number): boolean {
    const dueMs = nowMs + delayMs;
    const counted = kind === "failed" ? "attempts = attempts + 1," : kind === "lost" ? "losses = losses + 1," : "";
    const [row] = this.#all<{ function: string }>(
      `update calls set state = 'wait', ${counted} due_at = ?, code = ?, message = ?, duration_ms = coalesce(?, duration_ms)
       where id = ? and state = 'running' returning function`,
      [dueMs, code, message, durationMs, id],
    );
    if (row === undefined) return false;
    this.lanes.add(row.function, dueMs);
    return true;
  }

  cancel(id: string, nowMs: number): { readonly row: CallRow; readonly cancelled: boolean } | null {
    const before = this.#find(id);
    if (before === null) return null;
    if (before.ended_at !== null) return { row: toRow(before), cancelled: false };
    this.#run("update calls set state = 'cancel', ended_at = ? where sequence = ?", [nowMs, before.sequence]);
    this.#forgetEvent(before.sequence);
    if (before.state === "wait") this.#leftLane(before.function, 1);
    return { row: toRow({ ...before, state: "cancel", ended_at: nowMs }), cancelled: true };
  }

  get(id: string): CallRow | null {
    const row = this.#find(id);
    return row === null ? null : toRow(row);
  }

  list({ function: name, states, limit, cursor }: CallRowsQuery): CallRows {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    const page = limit + 1;
    // One look into an index for each state, because an index cannot skip states and keep the order.
    const found =
      name === undefined && states === undefined
        ? this.#all<StoredRow>("select * from calls where sequence < ? order by sequence desc limit ?", [before, page])
        : (states ?? callStates).flatMap((each) => this.#inState(each, { name, before, page }));
    const rows = found.sort((a, b) => b.sequence - a.sequence).slice(0, page);
    const shown = rows.slice(0, page - 1);
    const next = rows.length === page ? String(shown.at(-1)?.sequence ?? "") : null;
    return { rows: shown.map(toRow), next };
  }

  setDestination(id: string, destination: SentDestination): void {
    this.#run("update calls set destination = ? where id = ?", [JSON.stringify(destination), id]);
  }

  purge(nowMs: number): number {
    const { keptMs, keptMax, purgeMax } = callLimits;
    const beyond = Math.min(purgeMax, Math.max(0, this.#ended - keptMax));
    const { changes } = this.#run(
      `delete from calls where sequence in (
         select sequence from (select sequence, ended_at, row_number() over (order by ended_at) as place from
           (select sequence, ended_at from calls where ended_at is not null order by ended_at limit ?))
         where ended_at <= ? or place <= ?)`,
      [purgeMax, nowMs - keptMs, beyond],
    );
    this.#ended -= Number(changes);
    return Number(changes);
  }

  #inState(
    state: string,
    { name, before, page }: { readonly name: string | undefined; readonly before: number; readonly page: number },
  ): readonly StoredRow[] {
    return name === undefined
      ? this.#all("select * from calls where state = ? and sequence < ? order by sequence desc limit ?", [
          state,
          before,
          page,
        ])
      : this.#all(
          "select * from calls where function = ? and state = ? and sequence < ? order by sequence desc limit ?",
          [name, state, before, page],
        );
  }

  #find(id: string): StoredRow | null {
    return this.#all<StoredRow>("select * from calls where id = ?", [id])[0] ?? null;
  }

  #forgetEvent(sequence: number): void {
    this.#run("delete from call_events where sequence = ?", [sequence]);
    this.#ended++;
  }

  #leftLane(functionName: string, count: number): void {
    const [next] = this.#all<{ due_at: number | null }>(
      "select min(due_at) as due_at from calls where state = 'wait' and function = ?",
      [functionName],
    );
    this.lanes.take(functionName, { count, dueMs: next?.due_at ?? null });
  }

  #toLeased(row: LeasedRow): LeasedCall {
    const { id, function: name, qualifier, depth, retries, attempts, losses } = row;
    return {
      id,
      function: name,
      qualifier,
      depth,
      retries,
      attempts,
      losses,
      event: row.event ?? "null",
      expiresAtMs: row.expires_at,
      onSuccess: parsedOrNull(row.on_success) as CallDestination | null,
      onFailure: parsedOrNull(row.on_failure) as CallDestination | null,
    };
  }

  #all<T>(text: string, parameters: readonly Value[]): T[] {
    return this.#database.prepare(text).all(parameters) as T[];
  }

  #run(
    text: string,
    parameters: readonly Value[],
  ): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint } {
    return this.#database.prepare(text).run(parameters);
  }
}

const leasedColumns = `sequence, id, function, qualifier, depth, retries, attempts, losses, expires_at, on_success, on_failure,
  (select event from call_events where call_events.sequence = calls.sequence) as event`;

interface LeasedRow {
  readonly sequence: number;
  readonly id: string;
  readonly function: string;
  readonly qualifier: string;
  readonly depth: number;
  readonly retries: number;
  readonly attempts: number;
  readonly losses: number;
  readonly expires_at: number;
  readonly on_success: string | null;
  readonly on_failure: string | null;
  readonly event: string | null;
}

interface StoredRow extends Omit<LeasedRow, "event"> {
  readonly state: string;
  readonly accepted_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly due_at: number;
  readonly duration_ms: number | null;
  readonly code: string;
  readonly message: string;
  readonly destination: string | null;
}

function toRow(row: StoredRow): CallRow {
  return {
    id: row.id,
    function: row.function,
    qualifier: row.qualifier,
    depth: row.depth,
    state: row.state as CallRow["state"],
    acceptedAtMs: row.accepted_at,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    dueAtMs: row.due_at,
    attempts: row.attempts,
    durationMs: row.duration_ms,
    code: row.code,
    message: row.message,
    destination: parsedOrNull(row.destination) as SentDestination | null,
  };
}

function pending({ condition, destination }: NonNullable<CallEnd["sending"]>): SentDestination {
  return { condition, kind: destination.kind, state: "pending", message: "" };
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function parsedOrNull(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
