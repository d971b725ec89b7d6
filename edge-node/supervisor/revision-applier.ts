/**
 * Takes the node from one revision to the next: prepare artifacts, let all fronts apply, keep the state on disk, report.
 *
 * Knows the order of these steps and nothing of how each is done. Invariants: one state is applied at a time and the newest offered wins;
 * the state on disk was served by all fronts; while a state cannot be prepared the node serves the one it has, and tries again.
 */
import type { DesiredState, NodeAck, NodeFailure } from "../../sdk/desired-state.ts";
import type { Digest } from "../../sdk/artifact.ts";
import type { PreparedState, PrepareOptions } from "../artifacts/prepare-versions.ts";
import { delay, type Clock } from "../clock.ts";
import type { PinResult } from "../control/pinned-key.ts";
import type { FrontState } from "../ipc.ts";
import type { Logger } from "../logger.ts";
import { BackOff } from "./back-off.ts";
import type { ApplyReport } from "./front-set.ts";

export interface RevisionApplierOptions {
  readonly preparer: {
    prepare(state: DesiredState, options: PrepareOptions): Promise<PreparedState>;
    discard(digests: readonly Digest[]): Promise<void>;
  };
  readonly pinnedKey: { accept(publicKey: string): Promise<PinResult> };
  readonly fronts: { readonly runtimeKey: string | null; apply(state: FrontState): Promise<ApplyReport> };
  readonly stateFile: { save(state: DesiredState): Promise<void> };
  readonly source: PrepareOptions["source"];
  /** Called with what the served state needs on the disk, so that the rest may be evicted. */
  readonly onServed: (digests: ReadonlySet<Digest>) => Promise<void>;
  readonly onAck: (ack: Omit<NodeAck, "node">) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

export interface AppliedRevision {
  readonly revision: number;
  readonly failures: readonly NodeFailure[];
}

interface Job {
  readonly state: DesiredState;
  readonly receivedMs: number;
  readonly superseded: AbortController;
}

const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 15_000;
/** Times a state is given to the fronts anew because a blob on the disk had decayed. */
const REPAIRS_MAX = 2;

export class RevisionApplier {
  readonly #options: RevisionApplierOptions;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  #newest: Job | null = null;
  #running: Promise<void> | null = null;
  #applied: AppliedRevision | null = null;
  #served: DesiredState | null = null;
  #working: DesiredState | null = null;
  #refusal: string | null = null;

  constructor(options: RevisionApplierOptions) {
    this.#options = options;
    this.#backOff = new BackOff({ minMs: RETRY_MS_MIN, maxMs: RETRY_MS_MAX, random: options.random });
  }

  /** What all fronts serve; null while it is nothing. */
  get applied(): AppliedRevision | null {
    return this.#applied;
  }

  /** Why the newest state is not served; null when it is or none was refused. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /** What fronts may serve now or soon: the state they have, the one they are given, and the newest. */
  get states(): readonly DesiredState[] {
    return [this.#served, this.#working, this.#newest?.state ?? null].filter((state) => state !== null);
  }

  /** The fronts were started with this state. */
  adopt(applied: AppliedRevision, state: DesiredState): void {
    this.#applied = applied;
    this.#served = state;
  }

  /** Takes a state as the newest; one that is being prepared is given up for it. */
  offer(state: DesiredState): void {
    if (this.#stop.signal.aborted) return;
    if (this.#applied !== null && state.revision < this.#applied.revision) {
      this.#options.logger.warn({ from: this.#applied.revision, to: state.revision }, "revision.goes.back");
    }
    this.#newest?.superseded.abort(new Error("a newer state arrived"));
    this.#newest = { state, receivedMs: this.#options.clock.monotonicMs(), superseded: new AbortController() };
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the node is stopping"));
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let job = this.#newest; job !== null && !this.#stop.signal.aborted; job = this.#newest) {
      const signal = AbortSignal.any([this.#stop.signal, job.superseded.signal]);
      try {
        await this.#applyJob(job, signal);
        this.#backOff.reset();
        if (this.#newest === job) this.#newest = null;
      } catch (error) {
        if (!signal.aborted) await this.#waitAfter(error, { revision: job.state.revision, signal });
      }
    }
    // In the same turn as the loop's last look at #newest, so that no offer falls between.
    this.#running = null;
  }

  async #waitAfter(error: unknown, { revision, signal }: { revision: number; signal: AbortSignal }): Promise<void> {
    const { clock, logger } = this.#options;
    this.#refusal = error instanceof Error ? error.message : String(error);
    const delayMs = this.#backOff.nextMs();
    logger.error({ revision, reason: this.#refusal, retryMs: delayMs }, "revision.failed");
    await delay(clock, { delayMs, signal });
  }

  /** Returns when the state is served or refused for good; throws when another attempt may help. */
  async #applyJob({ state, receivedMs }: Job, signal: AbortSignal): Promise<void> {
    const { clock, fronts, logger, onAck, onServed, pinnedKey, preparer, source, stateFile } = this.#options;
    const { revision } = state;
    this.#working = state;
    const pin = await pinnedKey.accept(state.publicKey);
    if (pin.kind === "refused") return this.#refuse(revision, pin.message);
    const prepare = (): Promise<PreparedState> =>
      preparer.prepare(state, { source, runtimeKey: fronts.runtimeKey, signal });
    let prepared = await prepare();
    signal.throwIfAborted();
    let report = await fronts.apply(prepared.state);
    for (let repair = 0; report.kind === "applied" && report.damaged.length > 0 && repair < REPAIRS_MAX; repair++) {
      logger.warn({ digests: report.damaged }, "blob.damaged");
      await preparer.discard(report.damaged);
      prepared = await prepare();
      report = await fronts.apply(prepared.state);
    }
    if (report.kind === "refused") return this.#refuse(revision, report.message);
    const applyMs = Math.round(clock.monotonicMs() - receivedMs);
    const failures = [...report.failures, ...prepared.certificateFailures];
    this.#applied = { revision, failures };
    this.#served = state;
    this.#refusal = null;
    logger.info({ revision, applyMs, failures: failures.length }, "revision.applied");
    await this.#keep(prepared.kept, stateFile);
    onAck({ revision, applyMs, failures });
    await onServed(prepared.digests);
  }

  #refuse(revision: number, reason: string): void {
    this.#refusal = reason;
    this.#options.logger.error({ revision, reason }, "revision.refused");
  }

  /** A disk that fails must not stop the traffic; the node then restarts from an older state. */
  async #keep(state: DesiredState, stateFile: RevisionApplierOptions["stateFile"]): Promise<void> {
    try {
      await stateFile.save(state);
    } catch (error) {
      this.#options.logger.error({ err: error, revision: state.revision }, "state.file.failed");
    }
  }
}
