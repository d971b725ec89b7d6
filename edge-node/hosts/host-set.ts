/**
 * The process driver: a front's isolate hosts behind one `Driver`. Every version lives in one of them; a host that dies or hangs is replaced by one that
 * stands by, and gets all its versions again.
 *
 * Invariant: a dead host costs the requests that ran in it and no others; restarts are held back when hosts keep dying.
 */
import type { Logger } from "../logger.ts";
import type {
  Driver,
  Invocation,
  InvocationHost,
  Outcome,
  RunnableVersion,
  RunningInvocation,
  VersionStats,
} from "../../runtime/driver.ts";
import { HostProcess, type HostProcessOptions } from "./host-process.ts";

export interface HostSetOptions extends HostProcessOptions {
  readonly logger: Logger;
  /** Host processes of this front, 1..64. */
  readonly count: number;
}

const pingEveryMs = 1_000;
const pingTimeoutMs = 5_000;
const backOffMsMin = 50;
const backOffMsMax = 5_000;
/** A host that lived this long was healthy: the next death starts from the shortest back-off again. */
const healthyMs = 10_000;

interface Slot {
  host: HostProcess | null;
  startedAtMs: number;
  deaths: number;
  cancelRestart: (() => void) | null;
}

export class HostSet implements Driver {
  readonly #options: HostSetOptions;
  readonly #slots: Slot[] = [];
  readonly #versions = new Map<string, { readonly version: RunnableVersion; readonly slot: Slot }>();
  #standby: HostProcess | null = null;
  #closed = false;
  #deaths = 0;

  constructor(options: HostSetOptions) {
    this.#options = options;
  }

  /** Starts the hosts and one that stands by. Resolves when the hosts answer. */
  async start(): Promise<void> {
    for (let index = 0; index < this.#options.count; index += 1) {
      const slot: Slot = { host: null, startedAtMs: 0, deaths: 0, cancelRestart: null };
      this.#slots.push(slot);
      this.#place(slot, this.#spawn());
    }
    await Promise.all(this.#slots.map(async (slot) => slot.host?.driver.ping()));
    this.#standby = this.#spawn();
    for (const slot of this.#slots) this.#watch(slot);
  }

  /** Hosts that ended without being asked to, since the start. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Process ids of hosts that serve, for metrics. */
  get pids(): readonly number[] {
    return this.#slots.flatMap((slot) => slot.host?.pid ?? []);
  }

  async load(version: RunnableVersion): Promise<void> {
    if (this.#versions.has(version.key)) return;
    const slot = this.#leastLoaded();
    this.#versions.set(version.key, { version, slot });
    await slot.host?.driver.load(version);
  }

  unload(key: string): void {
    const entry = this.#versions.get(key);
    this.#versions.delete(key);
    entry?.slot.host?.driver.unload(key);
  }

  async warm(key: string, count: number): Promise<Extract<Outcome, { kind: "failed" }> | null> {
    const host = this.#versions.get(key)?.slot.host;
    if (host === undefined || host === null) return unavailable;
    return host.driver.warm(key, count);
  }

  invoke(invocation: Invocation, host: InvocationHost): RunningInvocation {
    const entry = this.#versions.get(invocation.key);
    const process = entry?.slot.host;
    if (process === undefined || process === null) {
      return { outcome: Promise.resolve(unavailable), cancel: ignore };
    }
    return process.driver.invoke(invocation, host);
  }

  async stats(): Promise<readonly VersionStats[]> {
    const perHost = await Promise.all(this.#slots.map(async (slot) => slot.host?.driver.stats() ?? []));
    return perHost.flat();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const hosts = [...this.#slots.map((slot) => slot.host), this.#standby];
    for (const slot of this.#slots) {
      slot.cancelRestart?.();
      slot.host = null;
    }
    this.#standby = null;
    for (const host of hosts) {
      await host?.driver.close();
      host?.kill();
    }
  }

  #spawn(): HostProcess {
    return new HostProcess(this.#options, (host, reason) => {
      this.#onEnd(host, reason);
    });
  }

  #place(slot: Slot, host: HostProcess): void {
    slot.host = host;
    slot.startedAtMs = this.#options.environment.nowMs();
    for (const { version, slot: home } of this.#versions.values()) {
      if (home !== slot) continue;
      host.driver.load(version).catch((error: unknown) => {
        this.#options.logger.error({ function: version.function, error: String(error) }, "version_load_failed");
      });
    }
  }

  #onEnd(host: HostProcess, reason: string): void {
    if (this.#closed) return;
    this.#deaths += 1;
    this.#options.logger.error({ pid: host.pid, reason }, "isolate_host_ended");
    if (host === this.#standby) {
      this.#standby = null;
      this.#later(backOffMsMax, () => {
        this.#standby ??= this.#spawn();
      });
      return;
    }
    const slot = this.#slots.find((candidate) => candidate.host === host);
    if (slot !== undefined) this.#replace(slot);
  }

  #replace(slot: Slot): void {
    slot.host = null;
    const lived = this.#options.environment.nowMs() - slot.startedAtMs;
    slot.deaths = lived > healthyMs ? 1 : slot.deaths + 1;
    const standby = this.#standby;
    if (standby !== null && !standby.ended && slot.deaths <= 2) {
      this.#standby = null;
      this.#place(slot, standby);
      this.#later(backOffMsMin * 2 ** slot.deaths, () => {
        this.#standby ??= this.#spawn();
      });
      return;
    }
    const delayMs = Math.min(backOffMsMax, backOffMsMin * 2 ** slot.deaths);
    slot.cancelRestart = this.#later(delayMs, () => {
      slot.cancelRestart = null;
      this.#place(slot, this.#spawn());
    });
  }

  /** Kills a host whose event loop does not answer. */
  #watch(slot: Slot): void {
    this.#later(pingEveryMs, () => {
      const { host } = slot;
      if (host === null) {
        this.#watch(slot);
        return;
      }
      const cancelKill = this.#later(pingTimeoutMs, () => {
        this.#options.logger.error({ pid: host.pid, timeoutMs: pingTimeoutMs }, "isolate_host_hangs");
        host.kill();
        this.#watch(slot);
      });
      host.driver.ping().then(
        () => {
          if (host.ended) return;
          cancelKill();
          this.#watch(slot);
        },
        () => undefined,
      );
    });
  }

  #later(delayMs: number, act: () => void): () => void {
    return this.#options.environment.startTimer(delayMs, () => {
      if (!this.#closed) act();
    });
  }

  #leastLoaded(): Slot {
    const [first, ...others] = this.#slots;
    if (first === undefined) throw new Error("Cannot load a version: the hosts were not started");
    const counts = new Map<Slot, number>();
    for (const { slot } of this.#versions.values()) counts.set(slot, (counts.get(slot) ?? 0) + 1);
    let best = first;
    for (const slot of others) {
      if ((counts.get(slot) ?? 0) < (counts.get(best) ?? 0)) best = slot;
    }
    return best;
  }
}

const unavailable: Extract<Outcome, { kind: "failed" }> = {
  kind: "failed",
  code: "FUNCTION_UNAVAILABLE",
  message: "The function version is not loaded, or its host is being restarted",
  stack: "",
  passThrough: false,
};

function ignore(): void {}
