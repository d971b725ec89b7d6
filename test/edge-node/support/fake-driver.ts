/** A driver that runs nothing and remembers what it was told. */
import type { Driver, Outcome, RunnableVersion, RunningInvocation, VersionStats } from "../../../runtime/driver.ts";

export type FailedOutcome = Extract<Outcome, { kind: "failed" }>;

export class FakeDriver implements Driver {
  readonly loaded: Map<string, RunnableVersion> = new Map();
  readonly warmed: string[] = [];
  readonly prewarmed: string[] = [];
  /** By function name: why it does not load or start. */
  readonly loadErrors: Map<string, string> = new Map();
  readonly warmFailures: Map<string, FailedOutcome> = new Map();
  closed = false;

  load(version: RunnableVersion): Promise<void> {
    const error = this.loadErrors.get(version.function);
    if (error !== undefined) return Promise.reject(new Error(error));
    this.loaded.set(version.key, version);
    return Promise.resolve();
  }

  unload(key: string): void {
    this.loaded.delete(key);
  }

  warm(key: string): Promise<FailedOutcome | null> {
    this.warmed.push(key);
    return Promise.resolve(this.warmFailures.get(this.loaded.get(key)?.function ?? "") ?? null);
  }

  prewarm(key: string): Promise<void> {
    this.prewarmed.push(key);
    return Promise.resolve();
  }

  /** Without a version whose number is 0. */
  readonly reserved: Map<string, number> = new Map();

  reserve(key: string, count: number): void {
    if (count > 0) this.reserved.set(key, count);
    else this.reserved.delete(key);
  }

  invoke(): RunningInvocation {
    const outcome: Outcome = {
      kind: "failed",
      code: "FUNCTION_UNAVAILABLE",
      message: "a fake runs nothing",
      stack: "",
      passThrough: false,
    };
    return { outcome: Promise.resolve(outcome), cancel: () => {} };
  }

  stats(): Promise<readonly VersionStats[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
