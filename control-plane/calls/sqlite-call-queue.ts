/**
 * The call queue embedded in the control plane: one SQLite file, one process.
 *
 * Write-ahead log with `synchronous=FULL`; writes of one turn of the event loop share one transaction and one wait for the disk. Leases live as long
 * as the process: what was leased when it ended waits again when the file is opened.
 */
import type { SqliteDatabase } from "kysely";
import type { SentDestination } from "../../sdk/calls.ts";
import { callLimits, destinationLimits } from "../../sdk/call-limits.ts";
import type { Clock } from "../clock.ts";
import { ControlError } from "../control-error.ts";
import { openDatabase, sqliteReasonOf } from "../store/sqlite.ts";
import { StoreError } from "../store-error.ts";
import type {
  CallEnd,
  CallQueue,
  CallReturn,
  CallRow,
  LeasedCall,
  LeaseRoom,
  NewCall,
  QueueMessageRow,
  Sending,
  SendingEnd,
} from "./call-queue.ts";
import { GroupCommit } from "./group-commit.ts";
import { leaseInTurn } from "./lease-in-turn.ts";
import { QueueTime } from "./queue-time.ts";
import { prepareCallTables } from "./sqlite-call-schema.ts";
import { SqliteCallRows } from "./sqlite-call-rows.ts";
import { SqliteSendingRows } from "./sqlite-sending-rows.ts";
import type { WaitingLanes } from "./waiting-lanes.ts";

export interface SqliteCallQueueOptions {
  /** Path of the file, or `:memory:`. Made when absent; its folder must exist. */
  readonly file: string;
  readonly clock: Clock;
  /** Pages of 4 KiB that the file may grow to. Default: what the disk holds. */
  readonly pagesMax?: number;
  /** Default `callLimits.waitingMax`. */
  readonly waitingMax?: number;
}

/** The caller closes it. @throws when another process has it open, it is not a database, or a newer program wrote it. */
export function openSqliteCallQueue({ file, clock, pagesMax, waitingMax }: SqliteCallQueueOptions): CallQueue {
  const database = openDatabase(file, pagesMax);
  try {
    prepareCallTables(database, file);
    // Pages that change with every call are copied from the log to the file once for many of them: the log may grow to 32 MiB.
    database.prepare("pragma wal_autocheckpoint = 8000").all([]);
    return new SqliteCallQueue(database, { clock, waitingMax: waitingMax ?? callLimits.waitingMax });
  } catch (error) {
    database.close();
    throw error;
  }
}

class SqliteCallQueue implements CallQueue {
  readonly #database: SqliteDatabase;
  readonly #calls: SqliteCallRows;
  readonly #sendings: SqliteSendingRows;
  readonly #commits: GroupCommit;
  readonly #time: QueueTime;
  readonly #waitingMax: number;
  #closed = false;

  constructor(database: SqliteDatabase, { clock, waitingMax }: { readonly clock: Clock; readonly waitingMax: number }) {
    this.#database = database;
    this.#waitingMax = waitingMax;
    this.#calls = new SqliteCallRows(database);
    this.#sendings = new SqliteSendingRows(database);
    const reload = (): void => {
      this.#calls.reload();
      this.#sendings.reload();
    };
    this.#commits = new GroupCommit({ database, onUndone: reload });
    this.#calls.releaseAll();
    this.#sendings.releaseAll();
    reload();
    this.#time = new QueueTime(clock, { latestMs: this.#calls.latestMs() });
  }

  now(): number {
    return this.#time.now();
  }

  async accept(call: NewCall): Promise<void> {
    if (!(await this.#write(() => this.#insert(call)))) throw new ControlError("CALL_QUEUE_FULL");
  }

  lease({ max, room }: { readonly max: number; readonly room: LeaseRoom }): Promise<readonly LeasedCall[]> {
    return this.#write(() => {
      const nowMs = this.now();
      const take = (name: string, count: number) => this.#calls.lease(name, { max: count, nowMs });
      return leaseInTurn(this.#calls.lanes, { max, room, nowMs, take });
    });
  }

  leaseExpired(max: number): Promise<readonly LeasedCall[]> {
    return this.#write(() => this.#calls.leaseExpired(max, this.now()));
  }

  end(id: string, end: CallEnd): Promise<boolean> {
    return this.#write(() => {
      const nowMs = this.now();
      if (this.#calls.end(id, end, nowMs) === null) return false;
      if (end.sending !== null) this.#send(id, end.sending, nowMs);
      return true;
    });
  }

  giveBack(id: string, back: CallReturn): Promise<boolean> {
    return this.#write(() => this.#calls.giveBack(id, back, this.now()));
  }

  cancel(id: string): Promise<{ readonly row: CallRow; readonly cancelled: boolean } | null> {
    return this.#write(() => this.#calls.cancel(id, this.now()));
  }

  get(id: string): Promise<CallRow | null> {
    return this.#read(() => this.#calls.get(id));
  }

  list(query: Parameters<CallQueue["list"]>[0]): ReturnType<CallQueue["list"]> {
    return this.#read(() => this.#calls.list(query));
  }

  onElsewhere(): void {
    // Nobody else has the file.
  }

  dueInMs(): number | null {
    return this.#untilDue(this.#calls.lanes);
  }

  purge(): Promise<number> {
    return this.#write(() => this.#calls.purge(this.now()));
  }

  leaseSendings({ max, room }: { readonly max: number; readonly room: LeaseRoom }): Promise<readonly Sending[]> {
    return this.#write(() => {
      const nowMs = this.now();
      const take = (lane: string, count: number) => this.#sendings.lease(lane, { max: count, nowMs });
      return leaseInTurn(this.#sendings.lanes, { max, room, nowMs, take });
    });
  }

  async endSending(sequence: number, end: SendingEnd): Promise<void> {
    const refused = await this.#write(() => this.#endSending(sequence, end));
    if (refused !== null) throw new ControlError(refused);
  }

  sendingDueInMs(): number | null {
    return this.#untilDue(this.#sendings.lanes);
  }

  listQueues(): Promise<readonly string[]> {
    return this.#read(() => this.#sendings.listQueues());
  }

  readMessages(
    queue: string,
    options: { readonly after: number; readonly limit: number },
  ): Promise<readonly QueueMessageRow[]> {
    return this.#read(() => this.#sendings.messages(queue, options));
  }

  forgetMessages(queue: string, through: number): Promise<void> {
    return this.#write(() => {
      this.#sendings.forgetMessages(queue, through);
    });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#commits.flush();
    this.#closed = true;
    this.#database.close();
    return Promise.resolve();
  }

  #insert(call: NewCall): boolean {
    if (this.#calls.lanes.count >= this.#waitingMax) return false;
    this.#calls.insert(call, this.now());
    return true;
  }

  #send(id: string, sending: NonNullable<CallEnd["sending"]>, nowMs: number): void {
    if (this.#sendings.lanes.count < destinationLimits.waitingMax) {
      this.#sendings.insert(id, sending, nowMs);
      return;
    }
    const { condition, destination } = sending;
    const message = "too many sendings were waiting";
    this.#calls.setDestination(id, { condition, kind: destination.kind, state: "failed", message });
  }

  /** Why it could not be done, and nothing was changed; null: it was. */
  #endSending(sequence: number, end: SendingEnd): "CALL_QUEUE_FULL" | "LIMIT_REACHED" | null {
    const nowMs = this.now();
    if (end.kind === "again") {
      this.#sendings.again(sequence, { dueMs: nowMs + end.delayMs, held: end.held });
      return null;
    }
    if (end.kind === "called" && this.#calls.lanes.count >= this.#waitingMax) return "CALL_QUEUE_FULL";
    const body = this.#sendings.peek(sequence);
    if (body === null) return null;
    if (end.kind === "queued" && !this.#sendings.addMessage(end.queue, body, nowMs)) return "LIMIT_REACHED";
    if (end.kind === "called") this.#calls.insert(end.call, nowMs);
    const sending = this.#sendings.remove(sequence);
    if (sending !== null) this.#calls.setDestination(sending.callId, sent(sending, end));
    return null;
  }

  #untilDue(lanes: WaitingLanes): number | null {
    const dueMs = lanes.nextDueMs();
    return dueMs === null ? null : Math.max(0, dueMs - this.now());
  }

  async #write<T>(work: () => T): Promise<T> {
    if (this.#closed) throw new StoreError("unavailable", new Error("the call queue is closed"));
    try {
      return await this.#commits.write(work);
    } catch (error) {
      throw named(error);
    }
  }

  async #read<T>(work: () => T): Promise<T> {
    if (this.#closed) throw new StoreError("unavailable", new Error("the call queue is closed"));
    try {
      return await Promise.resolve(work());
    } catch (error) {
      throw named(error);
    }
  }
}

function sent({ condition, destination }: Sending, end: SendingEnd): SentDestination {
  const message = end.kind === "failed" ? end.message : "";
  return { condition, kind: destination.kind, state: end.kind === "failed" ? "failed" : "sent", message };
}

function named(error: unknown): unknown {
  const reason = sqliteReasonOf(error);
  return reason === null ? error : new StoreError(reason, error);
}
