/**
 * Evaluates modules in builder processes: one process per job, one more kept started and waiting, so that publishing does not pay
 * for a process start.
 *
 * Invariant: `build` always settles, never rejects, and no module can make the next build fail or wait beyond its limits.
 */
import type { Digest } from "../../sdk/artifact.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { publishLimits } from "../../sdk/limits.ts";
import { StackMap } from "../../sdk/map-stack.ts";
import type { Hook, NamedInstanceHooks } from "../../sdk/phase.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { InitializeJob } from "./build-messages.ts";
import { Builder, type BuilderResult, type SnapshotOutcome } from "./builder.ts";
import type { BuilderChild } from "./builder-process.ts";

const refillDelayMs = 100;

export interface BuildJob {
  /** The bundle of the function. */
  readonly code: string;
  /** WebAssembly modules that the bundle imports. */
  readonly wasm: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[];
  /** The bundle's source map, for positions in messages; null when there is none. */
  readonly sourceMap: string | null;
  /** Heap of the evaluation, MiB: the function's own limit. */
  readonly memoryMiB: number;
  /** The code may make code of text. */
  readonly allowEval: boolean;
  /** The export that handles events, or null. */
  readonly handler: string | null;
  /** Exports of an event function that have other names than their hooks. Default: none. */
  readonly named?: NamedInstanceHooks;
  /** With a snapshot: the initializer is to run before it is taken. Default null. */
  readonly initialize?: InitializeJob | null;
  readonly snapshot: boolean;
}

export type BuildOutcome =
  | {
      readonly ok: true;
      readonly hooks: readonly Hook[];
      /** Names the runtime that may restore the snapshot. */
      readonly runtimeKey: string;
      readonly snapshot: SnapshotOutcome;
    }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      /** One sentence for the author. */
      readonly message: string;
      /** In the author's files; empty when the code did not throw. */
      readonly stack: string;
      /** `file:line:column` of the topmost frame in the author's files, or null. */
      readonly place: string | null;
    };

export interface BuilderPoolOptions {
  /** The bundled guest, as nodes run it: the text of the build step's file. */
  readonly guestCode: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Starts one builder process (`spawnBuilder`). */
  readonly spawn: () => BuilderChild;
}

export class BuilderPool {
  readonly #options: BuilderPoolOptions;
  readonly #working = new Set<Builder>();
  /** Builds that wait for a place; each is told whether it got one. */
  readonly #waiting: ((granted: boolean) => void)[] = [];
  /** Places taken, at most `publishLimits.buildersMax`. */
  #taken = 0;
  #spare: Builder | null = null;
  #isClosed = false;
  #cancelRefill: (() => void) | null = null;

  constructor(options: BuilderPoolOptions) {
    this.#options = options;
    this.#refill();
  }

  /** Evaluates one module; `signal` gives up on it. */
  async build(job: BuildJob, signal?: AbortSignal): Promise<BuildOutcome> {
    if (this.#taken >= publishLimits.buildersMax && this.#waiting.length >= publishLimits.buildQueueMax) {
      const queued = String(publishLimits.buildQueueMax);
      return failure("BUILD_QUEUE_FULL", `${queued} publishes are waiting already: try again later`);
    }
    if (!(await this.#takePlace(signal))) return failure("CONTROL_INTERNAL", "The publish was given up");
    try {
      const result = await this.#run(job, signal);
      // The waiting process may have died unseen; a fresh one tells whether builders work at all.
      return this.#toOutcome(result.kind === "unusable" ? await this.#run(job, signal) : result, job);
    } finally {
      this.#leavePlace();
      this.#refillLater();
    }
  }

  /** Ends every builder; running builds fail. Resolves when the processes are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRefill?.();
    const builders = [...this.#working, ...(this.#spare === null ? [] : [this.#spare])];
    this.#spare = null;
    for (const builder of builders) builder.kill();
    for (const tell of this.#waiting.splice(0)) tell(false);
    await Promise.all(builders.map((builder) => builder.ended));
  }

  /** Resolves with false when the build was given up before it got a place. */
  #takePlace(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#isClosed || signal?.aborted === true) return Promise.resolve(false);
    if (this.#taken < publishLimits.buildersMax) {
      this.#taken += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const tell = (granted: boolean): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve(granted);
      };
      const onAbort = (): void => {
        const at = this.#waiting.indexOf(tell);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(false);
      };
      this.#waiting.push(tell);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Hands the place to the build that waited longest. */
  #leavePlace(): void {
    const tell = this.#waiting.shift();
    if (tell === undefined) this.#taken -= 1;
    else tell(true);
  }

  async #run(job: BuildJob, signal: AbortSignal | undefined): Promise<BuilderResult> {
    if (this.#isClosed) return { kind: "aborted" };
    const builder = this.#spare ?? this.#start();
    this.#spare = null;
    if (builder === null) return { kind: "unusable", reason: "it could not be started" };
    this.#working.add(builder);
    try {
      return await builder.run({ ...job, guestCode: this.#options.guestCode }, signal);
    } finally {
      this.#working.delete(builder);
    }
  }

  /** A start takes a core for a quarter of a second: not while the version just built is on its way to the nodes. */
  #refillLater(): void {
    this.#cancelRefill?.();
    this.#cancelRefill = this.#options.clock.after(refillDelayMs, () => {
      this.#cancelRefill = null;
      this.#refill();
    });
  }

  /** Starts the process that waits for the next job. */
  #refill(): void {
    if (this.#isClosed || this.#spare !== null || this.#waiting.length > 0) return;
    this.#spare = this.#start();
    if (this.#spare !== null) void this.#forgetWhenEnded(this.#spare);
  }

  /** A process that dies while it waits is replaced when it is needed, so that a broken installation does not spin. */
  async #forgetWhenEnded(spare: Builder): Promise<void> {
    await spare.ended;
    if (this.#spare === spare) this.#spare = null;
  }

  #start(): Builder | null {
    const { spawn, clock, logger } = this.#options;
    try {
      return new Builder(spawn(), { clock });
    } catch (error) {
      logger.error({ error }, "builder-not-started");
      return null;
    }
  }

  #toOutcome(result: BuilderResult, { sourceMap }: BuildJob): BuildOutcome {
    switch (result.kind) {
      case "evaluated": {
        const { hooks, runtimeKey, snapshot } = result;
        if (snapshot.state === "failed") this.#options.logger.warn({ reason: snapshot.reason }, "snapshot-failed");
        return { ok: true, hooks, runtimeKey, snapshot };
      }
      case "refused": {
        const { stack, place } = inAuthorsFiles(result.stack, sourceMap);
        return { ok: false, code: result.code, message: result.message, stack, place };
      }
      case "aborted":
        return failure("CONTROL_INTERNAL", "The publish was given up");
      case "unusable":
        this.#options.logger.error({ reason: result.reason }, "builder-unusable");
        return failure("CONTROL_INTERNAL", "The builder process could not be used");
    }
  }
}

function failure(code: ErrorCode, message: string): BuildOutcome {
  return { ok: false, code, message, stack: "", place: null };
}

function inAuthorsFiles(stack: string, sourceMap: string | null): { stack: string; place: string | null } {
  if (stack === "" || sourceMap === null) return { stack, place: null };
  const lines = stack.split("\n");
  const mapped = new StackMap(sourceMap).map(stack).split("\n");
  const top = mapped.find((line, index) => line !== lines[index]);
  return {
    stack: mapped.join("\n"),
    place: top === undefined ? null : (/([^\s([]+:\d+:\d+)[)\]]?$/.exec(top)?.[1] ?? null),
  };
}
