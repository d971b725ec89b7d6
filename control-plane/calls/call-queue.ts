/**
 * The durable queue of asynchronous calls, and of what is sent to their destinations.
 *
 * Knows neither nodes nor HTTP. Invariants: what `accept` resolved with survives kill -9; a call is leased to one holder at a time and, when its
 * holder is gone, leased again with the same id; a call ends once, and what is to be sent about it is stored in the same step. One contract suite
 * runs over every implementation.
 */
import type { CallDestination, CallQuery, CallState, SentDestination } from "../../sdk/calls.ts";

export interface NewCall {
  /** The request id. */
  readonly id: string;
  readonly function: string;
  readonly qualifier: string;
  /** JSON. */
  readonly event: string;
  readonly depth: number;
  readonly retries: number;
  readonly maxAgeMs: number;
  readonly onSuccess: CallDestination | null;
  readonly onFailure: CallDestination | null;
}

/** A call as it is run. Times are the queue's own. */
export interface LeasedCall extends Omit<NewCall, "maxAgeMs"> {
  /** Attempts that ended before. */
  readonly attempts: number;
  /** How often it was lost before. */
  readonly losses: number;
  readonly expiresAtMs: number;
}

/** A call as it is shown. Times are milliseconds since the epoch. */
export interface CallRow extends Pick<NewCall, "id" | "function" | "qualifier" | "depth"> {
  readonly state: CallState;
  readonly acceptedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly dueAtMs: number;
  readonly attempts: number;
  readonly durationMs: number | null;
  readonly code: string;
  readonly message: string;
  readonly destination: SentDestination | null;
}

export interface CallRowsQuery extends Pick<CallQuery, "function" | "cursor"> {
  /** Absent: whatever its state. */
  readonly states?: readonly CallState[] | undefined;
  readonly limit: number;
}

export interface CallRows {
  readonly rows: readonly CallRow[];
  readonly next: string | null;
}

/** How many calls of one function may be leased now. Asked and told within one lease. */
export interface LeaseRoom {
  of(functionName: string): number;
  take(functionName: string, count: number): void;
}

export interface CallFailure {
  readonly code: string;
  readonly message: string;
  readonly durationMs: number | null;
}

export interface CallEnd extends CallFailure {
  readonly state: Exclude<CallState, "wait" | "running" | "cancel">;
  /** What is to be sent about it, or null. */
  readonly sending: NewSending | null;
}

/** Why a leased call waits again. `failed` counts as an attempt, `lost` as a loss, `held` (it was not run) as nothing. */
export interface CallReturn extends CallFailure {
  readonly kind: "failed" | "lost" | "held";
  readonly delayMs: number;
}

export interface NewSending {
  readonly condition: SentDestination["condition"];
  readonly destination: CallDestination;
  /** JSON. */
  readonly body: string;
  /** Of the call it is about. */
  readonly depth: number;
}

export interface Sending extends NewSending {
  /** The call it is about. */
  readonly callId: string;
  readonly sequence: number;
  /** Attempts that failed before. */
  readonly attempts: number;
}

/** What came of an attempt to send. */
export type SendingEnd =
  | { readonly kind: "sent" }
  | { readonly kind: "failed"; readonly message: string }
  /** `held`: it was not tried. */
  | { readonly kind: "again"; readonly held: boolean; readonly delayMs: number }
  /** A function was the destination: its call is accepted in the same step. */
  | { readonly kind: "called"; readonly call: NewCall }
  /** A queue was the destination: the message is there in the same step. */
  | { readonly kind: "queued"; readonly queue: string };

export interface QueueMessageRow {
  readonly sequence: number;
  readonly createdAtMs: number;
  /** JSON. */
  readonly body: string;
}

export interface CallQueue {
  /**
   * Durable once resolved; one that was refused left nothing behind.
   * @throws ControlError CALL_QUEUE_FULL, StoreError (`full`, `readOnly`, …).
   */
  accept(call: NewCall): Promise<void>;
  /** Calls that are due, of each function the oldest first and functions in turn; they are `running` from now on. */
  lease(options: { readonly max: number; readonly room: LeaseRoom }): Promise<readonly LeasedCall[]>;
  /** Waiting calls past their age, leased; the caller ends them. */
  leaseExpired(max: number): Promise<readonly LeasedCall[]>;
  /** False: it is not running (cancelled meanwhile), and nothing was changed. */
  end(id: string, end: CallEnd): Promise<boolean>;
  /** A leased call waits again. False as with `end`. */
  giveBack(id: string, back: CallReturn): Promise<boolean>;
  /** Null: there is none. `cancelled`: false when it had ended. */
  cancel(id: string): Promise<{ readonly row: CallRow; readonly cancelled: boolean } | null>;
  get(id: string): Promise<CallRow | null>;
  /** Newest first. */
  list(query: CallRowsQuery): Promise<CallRows>;
  /** Calls `listener` when others made something due. A queue of one process has no others. Once. */
  onElsewhere(listener: () => void): void;
  /** Until the next waiting call is due, milliseconds, 0 when one is; null: none waits. */
  dueInMs(): number | null;
  /** Milliseconds since the epoch by the queue's own time. */
  now(): number;
  /** Forgets calls that ended long ago, at most `callLimits.purgeMax`; how many. */
  purge(): Promise<number>;

  /** Sendings that are due; `room` is asked for lanes (`laneOf`). */
  leaseSendings(options: { readonly max: number; readonly room: LeaseRoom }): Promise<readonly Sending[]>;
  /** @throws as `accept` for `called` and ControlError LIMIT_REACHED for `queued`; it is leased still. */
  endSending(sequence: number, end: SendingEnd): Promise<void>;
  sendingDueInMs(): number | null;

  /** Names of queues with messages, sorted. */
  listQueues(): Promise<readonly string[]>;
  /** Oldest first, those after `after`. */
  readMessages(
    queue: string,
    options: { readonly after: number; readonly limit: number },
  ): Promise<readonly QueueMessageRow[]>;
  /** Forgets messages up to `through`. */
  forgetMessages(queue: string, through: number): Promise<void>;

  /** Ends after what is under way; leases end with it. */
  close(): Promise<void>;
}

/** Sendings of one lane share its bound: an HTTP destination's origin, else the kind alone. */
export function laneOf(destination: CallDestination): string {
  return destination.kind === "http" ? new URL(destination.url).origin : destination.kind;
}
