/**
 * Hands waiting calls to connected nodes, many in one message, and lets the queue know what became of each.
 *
 * Knows neither SQL nor HTTP. Invariants: a node has no more calls than its window; a call whose node is gone or does not answer waits again under the
 * same id; what a node said is stored before its place is free, and tried again while the queue cannot store it.
 */
import type { CallMessage, CallResult } from "../../sdk/calls.ts";
import { callLimits } from "../../sdk/call-limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import { ControlError } from "../control-error.ts";
import type { Logger } from "../logger.ts";
import type { Fleet } from "../rollout/fleet.ts";
import type { NodeStream } from "../rollout/node-stream.ts";
import type { CallFailure, CallQueue, CallReturn, LeasedCall } from "./call-queue.ts";
import { sendingAbout } from "./call-record.ts";
import { eventRequest } from "./event-request.ts";
import type { CallTarget, CallTargets } from "./call-targets.ts";
import { DispatchWindows } from "./dispatch-windows.ts";
import { judgeLoss, judgeResult, type Judgement } from "./judge-result.ts";

export interface CallDispatcherOptions {
  readonly queue: CallQueue;
  readonly fleet: Pick<Fleet, "connected" | "findOwn">;
  readonly targets: Pick<CallTargets, "resolve">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Something may have to be sent to a destination. */
  readonly onSending: () => void;
}

/** A call that a node has. Times are monotonic. */
interface Running {
  readonly call: LeasedCall;
  readonly alias: string | null;
  readonly stream: NodeStream;
  readonly deadlineMs: number;
  /** Since when the connection it was sent over is not the node's any more; null: it is. */
  goneSinceMs: number | null;
  settling: boolean;
}

/** Looks for nodes that are gone, answers that did not come, calls that are too old, and rows to forget. */
const lookEveryMs = 1_000;
/** So that calls are handed out meanwhile. */
const lookRoundsMax = 8;
const storeAgainMs = 1_000;
/** A call of a disabled function looks again after this time. */
const disabledMs = 5_000;
/** A node took no message: its connection is slow. */
const refusedMs = 100;

export class CallDispatcher {
  readonly #options: CallDispatcherOptions;
  readonly #windows = new DispatchWindows();
  readonly #running = new Map<string, Running>();
  readonly #bytes = new Map<string, number>();
  readonly #background = new Set<Promise<void>>();
  #pumping = false;
  #wanted = false;
  #cancelDue: CancelTimer = () => {};
  #cancelLook: CancelTimer = () => {};
  #closed = false;

  constructor(options: CallDispatcherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#scheduleLook();
    this.wake();
  }

  /** There may be something to hand out, or room for it. */
  wake(): void {
    this.#wanted = true;
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    this.#inBackground(this.#pump());
  }

  /** What a node says of its calls. The results that nobody here awaits. */
  settle(results: readonly CallResult[]): readonly CallResult[] {
    const unknown: CallResult[] = [];
    for (const result of results) {
      const running = this.#running.get(result.id);
      if (running === undefined) unknown.push(result);
      if (running === undefined || running.settling) continue;
      const judgement = judgeResult(running.call, result, this.#options.queue.now());
      this.#conclude(running, { judgement, result });
    }
    return unknown;
  }

  /** Calls that nodes have now. */
  get running(): number {
    return this.#running.size;
  }

  /** Hands out no more and waits for what is being stored. What nodes have is run again after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelDue();
    this.#cancelLook();
    await Promise.all(this.#background);
  }

  async #pump(): Promise<void> {
    try {
      while (this.#wanted && !this.#closed) {
        this.#wanted = false;
        if (await this.#handOut()) this.#wanted = true;
      }
    } catch (error) {
      this.#options.logger.error({ error }, "call_dispatch_failed");
    } finally {
      this.#pumping = false;
    }
    this.#scheduleDue();
  }

  /** One round; whether another may hand out more. */
  async #handOut(): Promise<boolean> {
    const { queue } = this.#options;
    const nodes = this.#streams().filter((stream) => this.#roomOf(stream) > 0);
    const max = nodes.reduce((sum, stream) => sum + this.#roomOf(stream), 0);
    if (max === 0 || queue.dueInMs() !== 0) return false;
    const room = this.#windows.share(nodes.map(({ node }) => node));
    const calls = await queue.lease({ max: Math.min(max, callLimits.perNodeMax), room });
    if (calls.length === 0) return false;
    const messages = new Map<NodeStream, CallMessage[]>();
    for (const { call, target } of await this.#resolve(calls)) {
      const refused = target instanceof ControlError ? target : null;
      const found = target instanceof ControlError ? null : target;
      if (call.expiresAtMs <= queue.now()) this.#discard(call, new ControlError("CALL_EXPIRED"));
      else if (found === null || found.version.event === null) this.#discard(call, refused);
      else if (!found.enabled) this.#giveBack(call, held("CONFLICT", "the function is disabled", disabledMs));
      else this.#assign(call, found, messages);
    }
    for (const [stream, batch] of messages) this.#send(stream, batch);
    return true;
  }

  async #resolve(
    calls: readonly LeasedCall[],
  ): Promise<readonly { readonly call: LeasedCall; readonly target: CallTarget | ControlError }[]> {
    return Promise.all(
      calls.map(async (call) => {
        try {
          return { call, target: await this.#options.targets.resolve(call.function, call.qualifier) };
        } catch (error) {
          if (error instanceof ControlError) return { call, target: error };
          // The store cannot be read: the lease must not be lost with it.
          this.#giveBack(call, held("STORE_UNAVAILABLE", "", storeAgainMs));
          return null;
        }
      }),
    ).then((found) => found.filter((each) => each !== null));
  }

  /** Gives the call to the node with most room. */
  #assign(call: LeasedCall, target: CallTarget, messages: Map<NodeStream, CallMessage[]>): void {
    const [stream] = this.#streams().toSorted((a, b) => this.#roomOf(b) - this.#roomOf(a));
    if (stream === undefined || this.#roomOf(stream) === 0) {
      this.#giveBack(call, held("NO_NODE", "", refusedMs));
      return;
    }
    const timeoutMs = target.timeoutMs + callLimits.slackMs;
    const deadlineMs = this.#options.clock.monotonicMs() + timeoutMs + callLimits.slackMs;
    const { alias } = target;
    this.#running.set(call.id, { call, alias, stream, deadlineMs, goneSinceMs: null, settling: false });
    this.#windows.started(stream.node, call.function);
    this.#bytes.set(stream.node, (this.#bytes.get(stream.node) ?? 0) + call.event.length);
    const message: CallMessage = {
      id: call.id,
      function: call.function,
      qualifier: call.qualifier,
      request: eventRequest(call.event, alias),
      timeoutMs,
    };
    const batch = messages.get(stream);
    if (batch === undefined) messages.set(stream, [message]);
    else batch.push(message);
  }

  #send(stream: NodeStream, calls: readonly CallMessage[]): void {
    for (const batch of inBatches(calls)) {
      if (stream.request({ kind: "calls", calls: batch })) continue;
      for (const { id } of batch) {
        const running = this.#running.get(id);
        const back = held("NODE_OVERLOADED", `node "${stream.node}" took no message`, refusedMs);
        if (running !== undefined) this.#conclude(running, { judgement: { kind: "back", back }, result: null });
      }
    }
  }

  /** Stores what became of a call that a node had, then frees its place. */
  #conclude(running: Running, of: { readonly judgement: Judgement; readonly result: CallResult | null }): void {
    const { call, stream, alias } = running;
    const { judgement, result } = of;
    running.settling = true;
    const stored = this.#store(call, { judgement, result, alias }).finally(() => {
      if (this.#running.get(call.id) === running) this.#running.delete(call.id);
      this.#bytes.set(stream.node, (this.#bytes.get(stream.node) ?? 0) - call.event.length);
      this.#windows.ended(stream.node, call.function, howItWent(judgement));
      this.wake();
    });
    this.#inBackground(stored);
  }

  #discard(call: LeasedCall, error: ControlError | null): void {
    const { code, message } = error ?? { code: "NOT_FOUND", message: "The version is no event function." };
    const end = { state: "discard", code, message, durationMs: null } as const;
    this.#inBackground(this.#store(call, { judgement: { kind: "end", end }, result: null, alias: null }));
  }

  #giveBack(call: LeasedCall, back: CallReturn): void {
    this.#inBackground(this.#store(call, { judgement: { kind: "back", back }, result: null, alias: null }));
  }

  async #store(
    call: LeasedCall,
    of: { readonly judgement: Judgement; readonly result: CallResult | null; readonly alias: string | null },
  ): Promise<void> {
    const { queue, clock, logger, onSending } = this.#options;
    const { judgement, result, alias } = of;
    while (!this.#closed) {
      try {
        if (judgement.kind === "back") {
          await queue.giveBack(call.id, judgement.back);
          this.#scheduleDue();
          return;
        }
        const { end } = judgement;
        const sending = sendingAbout(call, { end, result, alias, nowMs: queue.now() });
        if ((await queue.end(call.id, { ...end, sending })) && sending !== null) onSending();
        return;
      } catch (error) {
        logger.error({ requestId: call.id, error }, "call_end_not_stored");
      }
      await new Promise<void>((resolve) => {
        clock.after(storeAgainMs, resolve);
      });
    }
  }

  /** Calls under way whose node is gone or late. */
  #lookForLost(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const running of this.#running.values()) {
      if (running.settling) continue;
      const { stream, deadlineMs, call } = running;
      const isGone = this.#options.fleet.findOwn(stream.node) !== stream;
      if (isGone) running.goneSinceMs ??= nowMs;
      const wasLost = running.goneSinceMs !== null && nowMs - running.goneSinceMs >= callLimits.lostMs;
      if (!wasLost && nowMs < deadlineMs) continue;
      const what = wasLost ? "The connection to it ended" : "It did not answer in time";
      const failure: CallFailure = { code: "HOST_LOST", message: `Node "${stream.node}": ${what}.`, durationMs: null };
      this.#conclude(running, { judgement: judgeLoss(call, failure), result: null });
    }
  }

  async #look(): Promise<void> {
    const { queue, logger } = this.#options;
    try {
      this.#lookForLost();
      for (let round = 0; round < lookRoundsMax; round++) {
        const expired = await queue.leaseExpired(callLimits.batchMax);
        for (const call of expired) this.#discard(call, new ControlError("CALL_EXPIRED"));
        const forgotten = await queue.purge();
        if (expired.length < callLimits.batchMax && forgotten < callLimits.purgeMax) break;
      }
    } catch (error) {
      logger.error({ error }, "call_look_failed");
    }
    this.wake();
    this.#scheduleLook();
  }

  #scheduleLook(): void {
    if (this.#closed) return;
    this.#cancelLook = this.#options.clock.after(lookEveryMs, () => {
      this.#inBackground(this.#look());
    });
  }

  /** Comes back when the next waiting call is due. */
  #scheduleDue(): void {
    this.#cancelDue();
    const dueInMs = this.#closed ? null : this.#options.queue.dueInMs();
    if (dueInMs === null || dueInMs === 0 || dueInMs > lookEveryMs) return;
    this.#cancelDue = this.#options.clock.after(dueInMs, () => {
      this.wake();
    });
  }

  #streams(): readonly NodeStream[] {
    const { fleet } = this.#options;
    return fleet.connected().flatMap((name) => fleet.findOwn(name) ?? []);
  }

  #roomOf({ node }: NodeStream): number {
    return (this.#bytes.get(node) ?? 0) >= callLimits.bytesPerNodeMax ? 0 : this.#windows.roomOf(node);
  }

  /** Failures are handled where they happen; what is left is a defect, and logged. */
  #inBackground(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        this.#options.logger.error({ error }, "call_work_failed");
      })
      .finally(() => this.#background.delete(watched));
    this.#background.add(watched);
  }
}

function held(code: string, message: string, delayMs: number): CallReturn {
  return { kind: "held", code, message, delayMs, durationMs: null };
}

function howItWent(judgement: Judgement): "well" | "node-overloaded" | "function-overloaded" {
  const code = judgement.kind === "back" && judgement.back.kind === "held" ? judgement.back.code : "";
  if (code === "FUNCTION_OVERLOADED") return "function-overloaded";
  return code === "NODE_OVERLOADED" || code === "NODE_DRAINING" ? "node-overloaded" : "well";
}

/** Parts within the bounds of one message. */
function* inBatches(calls: readonly CallMessage[]): Generator<readonly CallMessage[]> {
  let batch: CallMessage[] = [];
  let bytes = 0;
  for (const call of calls) {
    const own = call.request.body?.length ?? 0;
    if (batch.length > 0 && (batch.length >= callLimits.batchMax || bytes + own > callLimits.batchBytesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(call);
    bytes += own;
  }
  if (batch.length > 0) yield batch;
}
