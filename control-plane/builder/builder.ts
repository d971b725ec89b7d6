/**
 * One builder process from its start to its death: hands it a job, hears what it says, and kills it at the first limit.
 *
 * Invariant: `run` settles within its limits whatever the process does, and the process is dead or dying by then.
 */
import { initializedSnapshotMsMax } from "../../sdk/instance-limits.ts";
import type { Digest } from "../../sdk/artifact.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { publishLimits } from "../../sdk/limits.ts";
import type { Hook, NamedInstanceHooks } from "../../sdk/phase.ts";
import type { Clock } from "../clock.ts";
import { parseBuilderMessage, type BuilderMessage, type InitializeJob, type JobHeader } from "./build-messages.ts";
import type { BuilderChild } from "./builder-process.ts";
import { FrameDecoder, encodeFrame } from "./frame-stream.ts";
import { residentMiB } from "./resident-memory.ts";

export interface BuilderJob {
  readonly guestCode: string;
  readonly code: string;
  /** What the code imports. */
  readonly wasm: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[];
  readonly memoryMiB: number;
  readonly snapshot: boolean;
  /** The code may make code of text. */
  readonly allowEval: boolean;
  /** The export that handles events, or null. */
  readonly handler: string | null;
  /** Exports of an event function that have other names than their hooks. Default: none. */
  readonly named?: NamedInstanceHooks;
  /** With a snapshot: the initializer is to run before it is taken. Default null. */
  readonly initialize?: InitializeJob | null;
}

export type SnapshotOutcome =
  | { readonly state: "ready"; readonly bytes: Uint8Array }
  | { readonly state: "off" }
  | { readonly state: "failed"; readonly reason: string };

export type BuilderResult =
  | {
      readonly kind: "evaluated";
      readonly hooks: readonly Hook[];
      readonly runtimeKey: string;
      readonly snapshot: SnapshotOutcome;
    }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string; readonly stack: string }
  /** The process never got to the job. */
  | { readonly kind: "unusable"; readonly reason: string }
  | { readonly kind: "aborted" };

const startMs = 10_000;
/** What the isolate's own timeout needs to be noticed and reported. */
const evaluateGraceMs = 1_000;
const memoryCheckMs = 25;
const stderrCharsMax = 2_000;

type Death = { readonly kind: "exited"; readonly how: string } | { readonly kind: "killed"; readonly why: Limit };
/** `done`: it said all that was asked of it. */
type Limit = Stage | "memory" | "nonsense" | "aborted" | "done";
type Stage = "start" | "evaluate" | "snapshot";

export class Builder {
  readonly #child: BuilderChild;
  readonly #clock: Clock;
  readonly #decoder = new FrameDecoder(publishLimits.snapshotBytesMax);
  readonly #ended = Promise.withResolvers<Death>();
  #evaluated: Extract<BuilderMessage, { kind: "evaluated" }> | null = null;
  #refused: Extract<BuilderMessage, { kind: "refused" }> | null = null;
  #snapshot: SnapshotOutcome | null = null;
  #isReady = false;
  #cancelDeadline: () => void = () => {};
  #killedFor: Limit | null = null;
  #stderr = "";
  #job: BuilderJob | null = null;

  constructor(child: BuilderChild, { clock }: { readonly clock: Clock }) {
    this.#child = child;
    this.#clock = clock;
    child.answers.on("data", (chunk: Buffer) => {
      this.#hear(chunk);
    });
    child.errors.on("data", (chunk: Buffer) => {
      if (this.#stderr.length < stderrCharsMax) this.#stderr += chunk.toString("latin1");
    });
    child.job.on("error", () => {
      // The process died before it read everything; its end is reported by "close".
    });
    child.process.on("error", (error) => {
      this.#ended.resolve({ kind: "exited", how: error.message });
    });
    child.process.on("close", (code, signal) => {
      const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      this.#ended.resolve(
        this.#killedFor === null ? { kind: "exited", how } : { kind: "killed", why: this.#killedFor },
      );
    });
    this.#setDeadline("start", startMs);
  }

  /** Resolves when the process is gone. */
  get ended(): Promise<unknown> {
    return this.#ended.promise;
  }

  /** Runs the one job of this process. */
  async run(job: BuilderJob, signal: AbortSignal | undefined): Promise<BuilderResult> {
    const onAbort = (): void => {
      this.#kill("aborted");
    };
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#job = job;
    this.#send(job);
    if (this.#isReady) this.#setDeadline("evaluate", publishLimits.evaluateMs + evaluateGraceMs);
    const stopWatching = this.#watchMemory();
    try {
      return this.#conclude(await this.#ended.promise, job);
    } finally {
      stopWatching();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Ends the process. Idempotent. */
  kill(): void {
    this.#kill("aborted");
  }

  #send(job: BuilderJob): void {
    const guest = Buffer.from(job.guestCode);
    const code = Buffer.from(job.code);
    const header: JobHeader = {
      guestBytes: guest.byteLength,
      codeBytes: code.byteLength,
      wasm: job.wasm.map(({ digest, bytes }) => ({ digest, bytes: bytes.byteLength })),
      memoryMiB: job.memoryMiB,
      timeoutMs: publishLimits.evaluateMs,
      snapshot: job.snapshot,
      allowEval: job.allowEval,
      handler: job.handler,
      named: job.named ?? { restore: null, heartbeat: null },
      initialize: job.initialize ?? null,
    };
    this.#child.job.write(
      encodeFrame({ ...header }, Buffer.concat([guest, code, ...job.wasm.map(({ bytes }) => bytes)])),
    );
  }

  #hear(chunk: Buffer): void {
    try {
      for (const frame of this.#decoder.push(chunk)) {
        const message = parseBuilderMessage(frame);
        if (message === null) this.#kill("nonsense");
        else this.#take(message);
      }
    } catch {
      this.#kill("nonsense");
    }
  }

  #take(message: BuilderMessage): void {
    switch (message.kind) {
      case "ready":
        this.#isReady = true;
        this.#cancelDeadline();
        if (this.#job !== null) this.#setDeadline("evaluate", publishLimits.evaluateMs + evaluateGraceMs);
        return;
      case "evaluated":
        this.#evaluated = message;
        if (this.#job?.snapshot === true) this.#setDeadline("snapshot", snapshotMs(this.#job));
        else this.#kill("done");
        return;
      case "refused":
        this.#refused = message;
        this.#kill("done");
        return;
      case "snapshot":
        this.#snapshot = { state: "ready", bytes: message.bytes };
        this.#kill("done");
        return;
      case "no-snapshot":
        this.#snapshot = { state: "failed", reason: message.reason };
        this.#kill("done");
        return;
    }
  }

  #setDeadline(stage: Stage, ms: number): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#clock.after(ms, () => {
      this.#kill(stage);
    });
  }

  #watchMemory(): () => void {
    let cancel: () => void = () => {};
    let stopped = false;
    const check = async (): Promise<void> => {
      const { pid } = this.#child.process;
      const mib = pid === undefined ? null : await residentMiB(pid);
      if (mib !== null && mib > publishLimits.builderRssMiBMax) this.#kill("memory");
      if (!stopped) schedule();
    };
    const schedule = (): void => {
      cancel = this.#clock.after(memoryCheckMs, () => {
        void check();
      });
    };
    schedule();
    return () => {
      stopped = true;
      cancel();
    };
  }

  #kill(why: Limit): void {
    this.#killedFor ??= why;
    this.#cancelDeadline();
    this.#child.process.kill("SIGKILL");
  }

  #conclude(death: Death, job: BuilderJob): BuilderResult {
    this.#cancelDeadline();
    if (this.#refused !== null) return this.#refused;
    if (this.#evaluated !== null) {
      const { hooks, runtimeKey } = this.#evaluated;
      if (death.kind === "killed" && death.why === "aborted") return { kind: "aborted" };
      return { kind: "evaluated", hooks, runtimeKey, snapshot: this.#snapshotOutcome(death, job) };
    }
    if (death.kind === "killed" && death.why === "aborted") return { kind: "aborted" };
    if (!this.#isReady) return { kind: "unusable", reason: `${describe(death)} ${this.#stderr.trim()}`.trim() };
    return { kind: "refused", code: "PUBLISH_REFUSED", message: whyNotEvaluated(death, job), stack: "" };
  }

  #snapshotOutcome(death: Death, job: BuilderJob): SnapshotOutcome {
    if (!job.snapshot) return { state: "off" };
    if (this.#snapshot !== null) return this.#snapshot;
    return { state: "failed", reason: whyNoSnapshot(death, job) };
  }
}

function describe(death: Death): string {
  return death.kind === "exited" ? `ended with ${death.how}` : `was ended at its ${death.why} limit`;
}

function whyNotEvaluated(death: Death, { memoryMiB }: BuilderJob): string {
  if (death.kind === "exited") {
    const probably = death.how === "signal SIGKILL" ? "" : "probably ";
    return `The module's top level ended the process that evaluated it (${death.how}): it ${probably}used more than ${String(memoryMiB)} MiB of memory`;
  }
  switch (death.why) {
    case "memory":
      return `The module's top level used more than ${String(publishLimits.builderRssMiBMax)} MiB of memory`;
    case "nonsense":
      return "The module's top level disturbed the process that evaluated it";
    default:
      return `The module's top level did not end within ${String(publishLimits.evaluateMs)} ms, or used more than ${String(memoryMiB)} MiB of memory`;
  }
}

/** The initializer runs twice: once to see whether it can be, once for good. */
function snapshotMs({ initialize }: BuilderJob): number {
  const ownMs = publishLimits.snapshotMs + 2 * (initialize?.timeoutMs ?? 0);
  return Math.min(ownMs, initializedSnapshotMsMax);
}

function whyNoSnapshot(death: Death, job: BuilderJob): string {
  if (death.kind === "exited") {
    return `making it ended the process (${death.how}): objects of Intl at the top level do that, and so does too much memory`;
  }
  switch (death.why) {
    case "memory":
      return `making it used more than ${String(publishLimits.builderRssMiBMax)} MiB of memory`;
    case "nonsense":
      return `it is larger than ${String(publishLimits.snapshotBytesMax)} bytes`;
    default:
      return `making it took longer than ${String(snapshotMs(job))} ms`;
  }
}
