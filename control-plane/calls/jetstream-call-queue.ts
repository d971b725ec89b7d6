/**
 * The call queue that several control planes share: streams of NATS JetStream.
 *
 * Each control plane follows the stream and knows every call; which of them gets one is decided by the stream, which takes a change only of the state
 * it was made for. Invariants: what `accept` resolved with is stored on as many servers as the stream has replicas; a call has one holder, and gets
 * another when that is silent for `holderLimits.silenceMs`; what is not known to be stored is looked up before anybody relies on it.
 */
import { callLimits, destinationLimits } from "../../sdk/call-limits.ts";
import type { CancelTimer } from "../clock.ts";
import { ControlError } from "../control-error.ts";
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
import { leaseInTurn } from "./lease-in-turn.ts";
import { NatsStreams, type NatsStreamsOptions } from "./nats-streams.ts";
import { QueueTime } from "./queue-time.ts";
import * as shared from "./shared-call.ts";
import { SharedCallIndex, type KnownCall } from "./shared-call-index.ts";
import { SharedCallKeeper } from "./shared-call-keeper.ts";
import { SharedCallRecords } from "./shared-call-records.ts";
import { SharedSendings } from "./shared-sendings.ts";
import type { WaitingLanes } from "./waiting-lanes.ts";

export interface JetstreamCallQueueOptions extends NatsStreamsOptions {
  readonly uniqueId: () => string;
  /** Default `callLimits.waitingMax`. */
  readonly waitingMax?: number;
}

/** Resolves when it knows every call. The caller closes it. @throws Error that says what is wrong with the settings or with NATS. */
export async function openJetstreamCallQueue(options: JetstreamCallQueueOptions): Promise<CallQueue> {
  const streams = await NatsStreams.open(options);
  const queue = new JetstreamCallQueue(streams, options);
  try {
    await queue.start();
    return queue;
  } catch (error) {
    await streams.close();
    throw error;
  }
}

/** Ended calls that are forgotten at once. */
const forgottenAtOnce = 128;
const cancelTriesMax = 8;
const leaseRoundsMax = 4;
/** Whoever made something due gets it first. */
const elsewhereMs = 50;

class JetstreamCallQueue implements CallQueue {
  readonly #streams: NatsStreams;
  readonly #options: JetstreamCallQueueOptions;
  readonly #holder: string;
  readonly #index = new SharedCallIndex();
  readonly #records: SharedCallRecords;
  readonly #sendings: SharedSendings;
  readonly #keeper: SharedCallKeeper;
  readonly #waitingMax: number;
  /** Calls that were handed out here, by id. */
  readonly #held = new Map<string, KnownCall>();
  /** Sequences of calls that are being leased here. */
  readonly #leasing = new Set<number>();
  #time: QueueTime;
  #leases = 0;
  #accepting = 0;
  #cancelNotice: CancelTimer | null = null;
  #elsewhere: () => void = () => {};
  #closed = false;

  constructor(streams: NatsStreams, options: JetstreamCallQueueOptions) {
    this.#streams = streams;
    this.#options = options;
    this.#holder = options.uniqueId();
    this.#waitingMax = options.waitingMax ?? callLimits.waitingMax;
    this.#time = new QueueTime(options.clock, { latestMs: 0 });
    this.#records = new SharedCallRecords({ streams, index: this.#index });
    this.#sendings = new SharedSendings({
      streams,
      index: this.#index,
      records: this.#records,
      now: () => this.now(),
      nextLease: () => this.#nextLease(),
      accept: (call) => this.#create(call),
      onDoubt: (call) => {
        this.#keeper.doubt(call);
      },
    });
    this.#keeper = new SharedCallKeeper({
      holder: this.#holder,
      streams,
      index: this.#index,
      records: this.#records,
      clock: options.clock,
      logger: options.logger,
      isHeld: ({ id, sequence }) =>
        this.#held.has(id) || this.#leasing.has(sequence) || this.#sendings.isHeld(sequence),
      onFreed: () => {
        this.#noticeElsewhere();
      },
    });
  }

  async start(): Promise<void> {
    this.#index.begin();
    await this.#streams.watch({
      message: (place, { id, message }) => {
        if (place === "holder") {
          this.#keeper.heard(id);
          return;
        }
        const before = this.#index.calls.count + this.#index.sendings.count;
        this.#records.follow(place, message);
        if (this.#index.calls.count + this.#index.sendings.count > before) this.#noticeElsewhere();
      },
      resumed: () => {
        this.#keeper.resumed();
        this.#noticeElsewhere();
      },
    });
    this.#index.commit();
    this.#time = new QueueTime(this.#options.clock, { latestMs: this.#index.latestMs() });
    await this.#keeper.start();
  }

  now(): number {
    return this.#time.now();
  }

  async accept(call: NewCall): Promise<void> {
    this.#requireOpen();
    await this.#create(call);
  }

  async lease({ max, room }: { readonly max: number; readonly room: LeaseRoom }): Promise<readonly LeasedCall[]> {
    // Others may have been faster with all that was found.
    for (let round = 0; round < leaseRoundsMax && this.#isUsable(); round++) {
      const nowMs = this.now();
      const take = (name: string, count: number) => this.#index.takeDue(name, { max: count, nowMs });
      const sequences = leaseInTurn(this.#index.calls, { max, room, nowMs, take });
      const leased = await this.#leaseAll(sequences, nowMs);
      if (sequences.length === 0 || leased.length > 0) return leased;
    }
    return [];
  }

  async leaseExpired(max: number): Promise<readonly LeasedCall[]> {
    if (!this.#isUsable()) return [];
    return this.#leaseAll(this.#index.takeExpired(max, this.now()), null);
  }

  async end(id: string, end: CallEnd): Promise<boolean> {
    this.#requireOpen();
    const held = this.#held.get(id);
    if (held === undefined) return false;
    const isRoom = this.#index.sendings.count < destinationLimits.waitingMax;
    const isEnded = await this.#end(held, { end, isRoom }).catch((error: unknown) => {
      if (!isRoom || end.sending === null || !isFull(error)) throw error;
      return this.#end(held, { end, isRoom: false });
    });
    if (isEnded) await this.#forgetEvent(held.call);
    return isEnded;
  }

  async giveBack(id: string, back: CallReturn): Promise<boolean> {
    this.#requireOpen();
    const held = this.#held.get(id);
    if (held === undefined) return false;
    return this.#settle(held, shared.returnedCall(held.call, { back, nowMs: this.now() }), "");
  }

  async cancel(id: string): Promise<{ readonly row: CallRow; readonly cancelled: boolean } | null> {
    this.#requireOpen();
    for (let attempt = 0; attempt < cancelTriesMax; attempt++) {
      const stored = await this.#records.refresh(id);
      if (stored === null) return null;
      const { call, revision } = stored;
      if (shared.isOver(call)) return { row: shared.toCallRow(call), cancelled: false };
      const cancelled = shared.cancelledCall(call, this.now());
      if ((await this.#records.write(cancelled, { expected: revision, body: "" })) === null) continue;
      await this.#forgetEvent(call);
      return { row: shared.toCallRow(cancelled), cancelled: true };
    }
    throw new StoreError("busy", new Error(`call ${id} changed each time`));
  }

  async get(id: string): Promise<CallRow | null> {
    this.#requireOpen();
    const stored = await this.#records.read(id);
    return stored === null ? null : shared.toCallRow(stored.call);
  }

  list(query: Parameters<CallQueue["list"]>[0]): ReturnType<CallQueue["list"]> {
    this.#requireOpen();
    return Promise.resolve(this.#index.list(query));
  }

  onElsewhere(listener: () => void): void {
    this.#elsewhere = listener;
  }

  dueInMs(): number | null {
    return this.#untilDue(this.#index.calls);
  }

  async purge(): Promise<number> {
    if (!this.#isUsable()) return 0;
    const outlived = this.#index.outlived(this.now());
    for (let from = 0; from < outlived.length; from += forgottenAtOnce) {
      const part = outlived.slice(from, from + forgottenAtOnce);
      await Promise.all(part.map((call) => this.#records.forget(call)));
    }
    return outlived.length;
  }

  leaseSendings(options: { readonly max: number; readonly room: LeaseRoom }): Promise<readonly Sending[]> {
    return this.#isUsable() ? this.#sendings.lease(options) : Promise.resolve([]);
  }

  async endSending(sequence: number, end: SendingEnd): Promise<void> {
    this.#requireOpen();
    if (end.kind === "called") this.#requireRoom();
    await this.#sendings.end(sequence, end);
  }

  sendingDueInMs(): number | null {
    return this.#untilDue(this.#index.sendings);
  }

  async listQueues(): Promise<readonly string[]> {
    this.#requireOpen();
    return this.#sendings.listQueues();
  }

  async readMessages(
    queue: string,
    options: { readonly after: number; readonly limit: number },
  ): Promise<readonly QueueMessageRow[]> {
    this.#requireOpen();
    return this.#sendings.messages(queue, options);
  }

  async forgetMessages(queue: string, through: number): Promise<void> {
    this.#requireOpen();
    await this.#sendings.forgetMessages(queue, through);
  }

  /** Others get at once what this one had. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelNotice?.();
    const held = [...this.#held.values(), ...this.#sendings.held.values()];
    await this.#keeper.close(held.map(({ call }) => call.id));
    await this.#streams.close();
    this.#index.close();
  }

  async #create(call: NewCall): Promise<void> {
    this.#requireRoom();
    this.#accepting++;
    try {
      // Already there: its sending was decided by one that is gone, or an answer was lost.
      await this.#records.create(call, this.now());
    } finally {
      this.#accepting--;
    }
  }

  async #leaseAll(sequences: readonly number[], startedAtMs: number | null): Promise<readonly LeasedCall[]> {
    const leased = await Promise.all(sequences.map((sequence) => this.#leaseOne(sequence, startedAtMs)));
    return leased.filter((call) => call !== null);
  }

  /** Null: others were faster, or NATS did not answer. */
  async #leaseOne(sequence: number, startedAtMs: number | null): Promise<LeasedCall | null> {
    const known = this.#index.find(sequence);
    if (known === null) return null;
    const { id } = known.call;
    this.#leasing.add(sequence);
    try {
      const next = shared.leasedCall(known.call, { ...this.#nextLease(), startedAtMs });
      const written = await this.#records.write(next, { expected: known.revision, body: "" });
      if (written === null) {
        await this.#records.refresh(id);
        return null;
      }
      const event = await this.#records.event(next);
      this.#held.set(id, written);
      return shared.toLeasedCall(next, event);
    } catch (error) {
      this.#options.logger.warn({ requestId: id, error }, "call_not_leased");
      this.#keeper.doubt({ id, sequence });
      return null;
    } finally {
      this.#leasing.delete(sequence);
    }
  }

  #end(held: KnownCall, { end, isRoom }: { readonly end: CallEnd; readonly isRoom: boolean }): Promise<boolean> {
    const next = shared.endedCall(held.call, { end, nowMs: this.now(), isRoom });
    return this.#settle(held, next, end.sending !== null && isRoom ? end.sending.body : "");
  }

  /** Stores what became of a call that was handed out here. False: it was not this control plane's any more. */
  async #settle(held: KnownCall, next: shared.SharedCall, body: string): Promise<boolean> {
    const { id, lease } = held.call;
    const written = await this.#records.write(next, { expected: held.revision, body });
    let isStored = written !== null;
    if (!isStored) {
      // Others changed it, or the answer to the same change was lost.
      const stored = await this.#records.refresh(id);
      isStored = stored?.call.lease === lease && stored.call.holder === null && stored.call.state === next.state;
    }
    if (this.#held.get(id) === held) this.#held.delete(id);
    return isStored;
  }

  async #forgetEvent(call: shared.SharedCall): Promise<void> {
    try {
      await this.#records.forgetEvent(call);
    } catch (error) {
      // It goes with its call.
      this.#options.logger.debug({ requestId: call.id, error }, "call_event_not_forgotten");
    }
  }

  #noticeElsewhere(): void {
    if (this.#closed) return;
    this.#cancelNotice ??= this.#options.clock.after(elsewhereMs, () => {
      this.#cancelNotice = null;
      this.#elsewhere();
    });
  }

  #nextLease(): shared.Lease {
    return { holder: this.#holder, lease: `${this.#holder}.${String(++this.#leases)}` };
  }

  #untilDue(lanes: WaitingLanes): number | null {
    const dueMs = lanes.nextDueMs();
    return dueMs === null ? null : Math.max(0, dueMs - this.now());
  }

  #isUsable(): boolean {
    return !this.#closed && this.#streams.connected;
  }

  #requireOpen(): void {
    if (this.#closed) throw new StoreError("unavailable", new Error("the call queue is closed"));
  }

  #requireRoom(): void {
    if (this.#index.calls.count + this.#accepting >= this.#waitingMax) throw new ControlError("CALL_QUEUE_FULL");
  }
}

function isFull(error: unknown): boolean {
  return error instanceof StoreError && error.reason === "full";
}
