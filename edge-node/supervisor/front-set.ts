/**
 * All fronts of a node together: one address, one state, questions to any or all of them.
 *
 * Knows nothing of the control plane or the disk. Invariant: a state counts as applied only when every front serves it, also one that
 * had to be restarted meanwhile.
 */
import type { Digest } from "../../sdk/artifact.ts";
import type { InvokeMessage, InvokeResult } from "../../sdk/desired-state.ts";
import type { FrontStatistics } from "../../sdk/statistics.ts";
import { purgeLimits } from "../../sdk/cdn-limits.ts";
import type { ExplainMessage, ExplainReport } from "../../sdk/explain.ts";
import { functionLimitRanges } from "../../sdk/limits.ts";
import type { PreheatMessage, PreheatResult } from "../../sdk/purge.ts";
import type { VersionFailure } from "../../sdk/desired-state.ts";
import type { Purge } from "../cache/purge-table.ts";
import type { Clock } from "../clock.ts";
import type { FromFront, FrontAddress, FrontLogRecord, FrontMetrics, FrontSettings, FrontState } from "../ipc.ts";
import type { Logger } from "../logger.ts";
import type { SpawnFront } from "./front-handle.ts";
import { FrontSlot, type NumberedState, type SlotOutcome, type SlotStatus } from "./front-slot.ts";
import { TicketKeys } from "./ticket-keys.ts";
import { PendingReplies } from "./pending-replies.ts";

export type ApplyReport =
  | { readonly kind: "applied"; readonly failures: readonly VersionFailure[]; readonly damaged: readonly Digest[] }
  | { readonly kind: "refused"; readonly message: string };

export interface InvokeOptions {
  /** Default: longer than whoever waits for a result does. */
  readonly timeoutMs?: number;
}

export interface FrontSetOptions {
  /** One front for each. */
  readonly settings: readonly FrontSettings[];
  readonly spawn: SpawnFront;
  /** What a front that starts has to know of purges. */
  readonly purges: () => readonly Purge[];
  readonly onLogs: (records: readonly FrontLogRecord[]) => void;
  readonly onStatistics: (report: FrontStatistics) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** A front that takes longer to serve a state is replaced. */
const APPLY_MS = 120_000;
const METRICS_MS = 2_000;
/** No invocation lasts longer than this. */
const INVOKE_MS = functionLimitRanges.fetchWallMs.max + 5_000;
const INVOKES_MAX = 1_000;
const EXPLAINS_MAX = 100;
/** A front that ended this often before it ever served makes the start fail. */
const START_CRASHES_MAX = 3;
/** From the end of a drain to SIGKILL. */
const KILL_AFTER_MS = 5_000;

export class FrontSet {
  readonly #options: FrontSetOptions;
  readonly #slots: readonly FrontSlot[];
  readonly #metrics: PendingReplies<FrontMetrics>;
  readonly #invokes: PendingReplies<InvokeResult>;
  readonly #explains: PendingReplies<ExplainReport>;
  readonly #purges: PendingReplies<"purged">;
  readonly #preheats: PendingReplies<readonly PreheatResult[]>;
  readonly #started: (() => void)[] = [];
  readonly #startFailed: ((error: Error) => void)[] = [];
  readonly #ticketKeys: TicketKeys;
  #hasTls = false;
  #runtimeKey: string | null = null;
  #ids = 0;
  #next = 0;

  constructor(options: FrontSetOptions) {
    this.#options = options;
    this.#metrics = new PendingReplies(options.clock);
    this.#invokes = new PendingReplies(options.clock);
    this.#explains = new PendingReplies(options.clock);
    this.#purges = new PendingReplies(options.clock);
    this.#preheats = new PendingReplies(options.clock);
    this.#ticketKeys = new TicketKeys({
      clock: options.clock,
      onNew: (key) => {
        for (const slot of this.#slots) slot.sendEarly({ kind: "ticketKey", key });
      },
    });
    this.#slots = options.settings.map((settings, index) => this.#createSlot(settings, index));
  }

  get statuses(): readonly SlotStatus[] {
    return this.#slots.map((slot) => slot.status);
  }

  /** What the fronts' runtime calls itself; null before the first started. */
  get runtimeKey(): string | null {
    return this.#runtimeKey;
  }

  /** Resolves when every front answered to `state` and listens; null when there was none. Rejects when one cannot start. */
  async start(address: FrontAddress, state: FrontState | null): Promise<ApplyReport | null> {
    this.#hasTls = address.tls !== undefined;
    if (this.#hasTls) this.#ticketKeys.start();
    const numbered = state === null ? null : { id: ++this.#ids, state };
    const serving = this.#slots.map((slot, index) => this.#whenServing(index, slot.start(address, numbered)));
    const outcomes = await Promise.all(serving);
    return numbered === null ? null : mergeOutcomes(outcomes.filter((outcome) => outcome !== null));
  }

  /** Gives every front `state` and waits until all serve it or one says that it cannot. */
  async apply(state: FrontState): Promise<ApplyReport> {
    const numbered: NumberedState = { id: ++this.#ids, state };
    const outcomes = await Promise.all(this.#slots.map((slot) => this.#applyWithin(slot, numbered)));
    return mergeOutcomes(outcomes);
  }

  /** Runs one invocation on a front that serves, for at most `timeoutMs`. */
  async invoke(message: InvokeMessage, { timeoutMs = INVOKE_MS }: InvokeOptions = {}): Promise<InvokeResult> {
    const slot = this.#nextServing();
    if (slot === undefined || this.#invokes.count >= INVOKES_MAX) {
      return failedInvoke(message.id, { code: "NODE_OVERLOADED", message: "no front can take the invocation" });
    }
    const reply = this.#invokes.wait(message.id, { owner: slot, timeoutMs });
    slot.send({ kind: "invoke", message });
    return (await reply) ?? failedInvoke(message.id, { code: "HOST_LOST", message: "the front ended during it" });
  }

  /** Resolves when no front serves what was purged: each has confirmed it, or is gone and starts with the whole table. */
  async purge(purges: readonly Purge[]): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#purgeWithin(slot, purges)));
  }

  /** Every front that serves fetches the URLs, since each has a memory of its own; of each URL the result that is worst. */
  async preheat(message: PreheatMessage): Promise<readonly PreheatResult[]> {
    const { preheatConcurrency, preheatUrlMs, preheatsWaitingMax } = purgeLimits;
    const rounds = Math.ceil(purgeLimits.preheatUrlsMax / preheatConcurrency) * (preheatsWaitingMax + 1);
    const replies = this.#slots.map(async (slot, index) => {
      const reply = this.#preheats.wait(`${message.id} ${index}`, { owner: slot, timeoutMs: rounds * preheatUrlMs });
      if (!slot.send({ kind: "preheat", message })) this.#preheats.settle(`${message.id} ${index}`, []);
      return await reply;
    });
    return worstResults(
      message.urls,
      (await Promise.all(replies)).filter((reply) => reply !== null),
    );
  }

  /** Asks one front that serves: each has a memory cache of its own, and one stands for all. */
  async explain(message: ExplainMessage): Promise<ExplainReport> {
    const { id } = message;
    const failed = (code: "NODE_OVERLOADED" | "HOST_LOST", text: string): ExplainReport => ({
      id,
      outcome: { kind: "failed", code, message: text },
    });
    const slot = this.#nextServing();
    if (slot === undefined || this.#explains.count >= EXPLAINS_MAX) {
      return failed("NODE_OVERLOADED", "no front can take the question");
    }
    const reply = this.#explains.wait(id, { owner: slot, timeoutMs: INVOKE_MS });
    slot.send({ kind: "explain", message });
    return (await reply) ?? failed("HOST_LOST", "the front ended during it");
  }

  /** Counters of the fronts that answer in time. */
  async metrics(): Promise<readonly FrontMetrics[]> {
    const replies = this.#slots.map(async (slot) => {
      const id = ++this.#ids;
      const reply = this.#metrics.wait(String(id), { owner: slot, timeoutMs: METRICS_MS });
      if (!slot.send({ kind: "metrics", id })) this.#metrics.abandon(slot);
      return await reply;
    });
    return (await Promise.all(replies)).filter((reply) => reply !== null);
  }

  /** Drains and ends all fronts; those that are not done after `drainMs` are killed. */
  async stop(drainMs: number): Promise<void> {
    this.#ticketKeys.stop();
    await Promise.all(this.#slots.map((slot) => slot.stop({ drainMs, killMs: drainMs + KILL_AFTER_MS })));
  }

  #createSlot(settings: FrontSettings, index: number): FrontSlot {
    const { clock, logger, random, spawn } = this.#options;
    let exitsBeforeServing = 0;
    const slot: FrontSlot = new FrontSlot({
      settings,
      spawn,
      clock,
      random,
      logger: logger.child({ front: index }),
      purges: this.#options.purges,
      ticketKey: () => (this.#hasTls ? this.#ticketKeys.current : null),
      onMessage: (message) => this.#receive(message, index),
      onServing: () => this.#started[index]?.(),
      onExit: ({ reason, final }) => {
        this.#metrics.abandon(slot);
        this.#invokes.abandon(slot);
        this.#explains.abandon(slot);
        this.#purges.abandon(slot);
        this.#preheats.abandon(slot);
        if (++exitsBeforeServing < START_CRASHES_MAX && !final) return;
        this.#startFailed[index]?.(new Error(`Cannot start front ${index}: ${reason}`));
      },
    });
    return slot;
  }

  async #whenServing(index: number, outcome: Promise<SlotOutcome | null>): Promise<SlotOutcome | null> {
    await new Promise<void>((resolve, reject) => {
      this.#started[index] = resolve;
      this.#startFailed[index] = reject;
    });
    return await outcome;
  }

  async #applyWithin(slot: FrontSlot, state: NumberedState): Promise<SlotOutcome> {
    const cancel = this.#options.clock.after(APPLY_MS, () => slot.kill(`did not apply a state within ${APPLY_MS} ms`));
    const outcome = await slot.apply(state);
    cancel();
    return outcome;
  }

  async #purgeWithin(slot: FrontSlot, purges: readonly Purge[]): Promise<void> {
    const id = ++this.#ids;
    const { pid } = slot.status;
    const reply = this.#purges.wait(String(id), { owner: slot, timeoutMs: purgeLimits.frontMs });
    if (!slot.sendEarly({ kind: "purge", id, purges })) return this.#purges.settle(String(id), "purged");
    if ((await reply) !== null || slot.status.pid !== pid) return;
    const exit = this.#purges.wait(`${id} exit`, { owner: slot, timeoutMs: purgeLimits.frontMs });
    slot.kill(`did not confirm a purge within ${purgeLimits.frontMs} ms`);
    await exit;
  }

  #receive(message: FromFront, index: number): void {
    switch (message.kind) {
      case "started":
        this.#runtimeKey = message.runtimeKey;
        return;
      case "logs":
        return this.#options.onLogs(message.records);
      case "statistics":
        return this.#options.onStatistics({ front: index, ...message.report });
      case "explained":
        return this.#explains.settle(message.report.id, message.report);
      case "invoked":
        return this.#invokes.settle(message.result.id, message.result);
      case "metrics":
        return this.#metrics.settle(String(message.id), message);
      case "purged":
        return this.#purges.settle(String(message.id), "purged");
      case "cacheNews":
        for (const [other, slot] of this.#slots.entries()) if (other !== index) slot.sendEarly(message);
        return;
      case "preheated":
        return this.#preheats.settle(`${message.id} ${index}`, message.results);
      case "applied":
      case "refused":
      case "listening":
      case "pong":
      case "failed":
        return;
    }
  }

  #nextServing(): FrontSlot | undefined {
    for (let tried = 0; tried < this.#slots.length; tried++) {
      const slot = this.#slots[this.#next++ % this.#slots.length];
      if (slot?.status.phase === "serving") return slot;
    }
    return undefined;
  }
}

function mergeOutcomes(outcomes: readonly SlotOutcome[]): ApplyReport {
  const failures = new Map<string, VersionFailure>();
  const damaged = new Set<Digest>();
  for (const outcome of outcomes) {
    if (outcome.kind === "refused") return outcome;
    if (outcome.kind === "superseded") return { kind: "refused", message: "the fronts are stopping" };
    for (const failure of outcome.failures) failures.set(`${failure.function}@${failure.version}`, failure);
    for (const digest of outcome.damaged) damaged.add(digest);
  }
  return { kind: "applied", failures: [...failures.values()], damaged: [...damaged] };
}

/** Of each URL the result of the front that failed, else of the slowest. */
function worstResults(
  urls: readonly string[],
  replies: readonly (readonly PreheatResult[])[],
): readonly PreheatResult[] {
  return urls.map((url) => {
    const results = replies.flatMap((reply) => reply.find((result) => result.url === url) ?? []);
    const isFailed = ({ status }: PreheatResult): boolean => status === 0 || status >= 400;
    const [worst] = results.toSorted((a, b) => Number(isFailed(b)) - Number(isFailed(a)) || b.ms - a.ms);
    return worst ?? { url, status: 0, bytes: 0, cacheStatus: "", ms: 0 };
  });
}

function failedInvoke(
  id: string,
  { code, message }: { readonly code: "NODE_OVERLOADED" | "HOST_LOST"; readonly message: string },
): InvokeResult {
  return { id, outcome: { kind: "failed", code, message }, durationMs: 0, logs: [] };
}
