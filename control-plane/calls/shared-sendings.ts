/**
 * What is to be sent about calls of a shared queue, and the queues that are destinations.
 *
 * A sending is part of its call's record, so that it is stored with the end of the call and gone with the record of what came of it. Invariants: a
 * sending is leased to one control plane at a time; that a function is called is decided and stored before the call is made, under the id it has from
 * then on; a queue's message is stored under the id of its call.
 */
import { destinationLimits } from "../../sdk/call-limits.ts";
import { ControlError } from "../control-error.ts";
import type { LeaseRoom, NewCall, QueueMessageRow, Sending, SendingEnd } from "./call-queue.ts";
import { leaseInTurn } from "./lease-in-turn.ts";
import type { NatsStreams } from "./nats-streams.ts";
import { postponedCall, toldCall, toSending, type Lease, type SharedCall } from "./shared-call.ts";
import type { KnownCall, SharedCallIndex } from "./shared-call-index.ts";
import type { SharedCallRecords } from "./shared-call-records.ts";

export interface SharedSendingsOptions {
  readonly streams: NatsStreams;
  readonly index: SharedCallIndex;
  readonly records: SharedCallRecords;
  readonly now: () => number;
  readonly nextLease: () => Lease;
  /** @throws ControlError CALL_QUEUE_FULL, StoreError. */
  readonly accept: (call: NewCall) => Promise<void>;
  /** It is not known what is stored of this call. */
  readonly onDoubt: (call: SharedCall) => void;
}

interface HeldSending extends KnownCall {
  readonly body: string;
}

/** How long the number of messages in a queue is taken for true, milliseconds. */
const countedMs = 1_000;

export class SharedSendings {
  readonly #options: SharedSendingsOptions;
  /** By the call's sequence. */
  readonly #held = new Map<number, HeldSending>();
  /** The sequences of those that are being leased here. */
  readonly #leasing = new Set<number>();
  #counts: { readonly atMs: number; readonly messages: Map<string, number> } | null = null;

  constructor(options: SharedSendingsOptions) {
    this.#options = options;
  }

  get held(): ReadonlyMap<number, KnownCall> {
    return this.#held;
  }

  /** Whether somebody here sends it, or is about to. */
  isHeld(sequence: number): boolean {
    return this.#held.has(sequence) || this.#leasing.has(sequence);
  }

  async lease({ max, room }: { readonly max: number; readonly room: LeaseRoom }): Promise<readonly Sending[]> {
    const { index, now } = this.#options;
    const nowMs = now();
    const take = (lane: string, count: number) => index.takeSendings(lane, { max: count, nowMs });
    const sequences = leaseInTurn(index.sendings, { max, room, nowMs, take });
    const leased = await Promise.all(sequences.map((sequence) => this.#leaseOne(sequence)));
    return leased.flatMap((sending) => sending ?? []);
  }

  /** @throws as `CallQueue.endSending`. */
  async end(sequence: number, end: SendingEnd): Promise<void> {
    const held = this.#held.get(sequence);
    if (held === undefined) return;
    const { call, body } = held;
    switch (end.kind) {
      case "again": {
        const dueAtMs = this.#options.now() + end.delayMs;
        return this.#store(held, postponedCall(call, { dueAtMs, isHeld: end.held }), body);
      }
      case "sent":
        return this.#store(held, toldCall(call, { state: "sent", message: "" }), "");
      case "failed":
        return this.#store(held, toldCall(call, { state: "failed", message: end.message }), "");
      case "called": {
        const decided = await this.#decide(held, end.call);
        if (decided !== null) await this.#makeCall(decided);
        return;
      }
      case "queued":
        await this.#addMessage(end.queue, { id: call.id, body });
        return this.#store(held, toldCall(call, { state: "sent", message: "" }), "");
    }
  }

  async listQueues(): Promise<readonly string[]> {
    return [...(await this.#options.streams.queueCounts()).keys()].sort();
  }

  async messages(
    queue: string,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly QueueMessageRow[]> {
    const { streams } = this.#options;
    const rows: QueueMessageRow[] = [];
    for (let last = after; rows.length < limit;) {
      const message = await streams.nextMessage(queue, last);
      if (message === null) break;
      last = message.sequence;
      rows.push({ sequence: last, createdAtMs: Number(message.meta), body: message.body });
    }
    return rows;
  }

  async forgetMessages(queue: string, through: number): Promise<void> {
    await this.#options.streams.purgeMessages(queue, through);
    this.#counts = null;
  }

  async #leaseOne(sequence: number): Promise<Sending | null> {
    const { index, records, nextLease, onDoubt } = this.#options;
    const known = index.find(sequence);
    if (known === null) return null;
    this.#leasing.add(sequence);
    try {
      const stored = await records.read(known.call.id);
      if (stored === null || stored.revision !== known.revision) {
        await records.refresh(known.call.id);
        return null;
      }
      const { body } = stored;
      const written = await records.write({ ...known.call, ...nextLease() }, { expected: known.revision, body });
      if (written === null) {
        await records.refresh(known.call.id);
        return null;
      }
      const held = { ...written, body };
      this.#held.set(sequence, held);
      if (held.call.sending === null || held.call.sending.call === null) return toSending(held.call, body);
      // Whoever decided it is gone.
      await this.#makeCall(held);
      return null;
    } catch {
      this.#held.delete(sequence);
      onDoubt(known.call);
      return null;
    } finally {
      this.#leasing.delete(sequence);
    }
  }

  /** Stores which call it becomes. Null: others have it now. @throws ControlError CALL_QUEUE_FULL, StoreError. */
  async #decide(held: HeldSending, { event: _event, ...made }: NewCall): Promise<HeldSending | null> {
    const { call, body } = held;
    if (call.sending === null || call.sending.call !== null) return held;
    const decided = { ...call, sending: { ...call.sending, call: made } };
    return this.#change(held, decided, body);
  }

  async #makeCall(held: HeldSending): Promise<void> {
    const { sending } = held.call;
    if (sending === null || sending.call === null) return;
    await this.#options.accept({ ...sending.call, event: held.body });
    await this.#store(held, toldCall(held.call, { state: "sent", message: "" }), "");
  }

  /** The sending is not this control plane's any more afterwards. */
  async #store(held: HeldSending, call: SharedCall, body: string): Promise<void> {
    await this.#change(held, call, body);
    this.#held.delete(held.call.sequence);
  }

  /** What is held from now on; null: others have it. */
  async #change(held: HeldSending, call: SharedCall, body: string): Promise<HeldSending | null> {
    const { records } = this.#options;
    const { sequence, id, lease } = held.call;
    const written = await records.write(call, { expected: held.revision, body });
    if (written !== null) {
      const now = { ...written, body };
      this.#held.set(sequence, now);
      return now;
    }
    // Others took it, or an answer to the same change was lost.
    const stored = await records.refresh(id);
    if (stored?.call.lease === lease && stored.call.holder === call.holder) {
      this.#held.set(sequence, stored);
      return stored;
    }
    this.#held.delete(sequence);
    return null;
  }

  /** @throws ControlError LIMIT_REACHED. */
  async #addMessage(queue: string, { id, body }: { readonly id: string; readonly body: string }): Promise<void> {
    const { streams, now } = this.#options;
    const { queuesMax, messagesPerQueueMax } = destinationLimits;
    const messages = await this.#countMessages();
    const count = messages.get(queue);
    if (count === undefined && messages.size >= queuesMax) throw new ControlError("LIMIT_REACHED");
    if ((count ?? 0) >= messagesPerQueueMax) throw new ControlError("LIMIT_REACHED");
    await streams.addMessage(queue, { id, meta: String(now()), body });
    messages.set(queue, (count ?? 0) + 1);
  }

  async #countMessages(): Promise<Map<string, number>> {
    const { streams, now } = this.#options;
    const nowMs = now();
    if (this.#counts === null || nowMs - this.#counts.atMs >= countedMs) {
      this.#counts = { atMs: nowMs, messages: new Map(await streams.queueCounts()) };
    }
    return this.#counts.messages;
  }
}
