/**
 * The process driver: a front's isolate hosts behind one `Driver`. Which host a version lives in, and what happens when one is lost, is
 * decided in host-homes.ts; here invocations are run there, and run once more when their host was lost.
 *
 * Invariants: a dead host costs no other function's request that may be repeated; an invocation is repeated at most once; what a version that
 * is suspected or quarantined asked is never repeated beside trusted ones.
 */
import type {
  Driver,
  Invocation,
  InvocationHost,
  Outcome,
  RunnableVersion,
  RunningInvocation,
  TracedInvocation,
  VersionStats,
} from "../../runtime/driver.ts";
import { wholeWallLimit } from "../../runtime/whole-wall-limit.ts";
import type { ContainmentReport } from "./containment-report.ts";
import { HostHomes, type Resident } from "./host-homes.ts";
import type { HostHomesOptions } from "./host-homes-options.ts";
import { unavailable } from "./host-slot.ts";
import { hostDeathCauses } from "./isolate-host.ts";
import { late, withinTime } from "./repeated-run.ts";
import { VersionCounters } from "./version-counters.ts";

export class HostSet implements Driver {
  readonly #options: HostHomesOptions;
  readonly #homes: HostHomes;
  readonly #counters = new VersionCounters();
  #repeated = 0;
  #notRepeated = 0;
  #closed = false;

  constructor(options: HostHomesOptions) {
    this.#options = options;
    this.#homes = new HostHomes({
      ...options,
      startHost: (onEnd) =>
        options.startHost((host, end) => {
          this.#counters.ended(host);
          onEnd(host, end);
        }),
    });
  }

  /** Starts the hosts and one that stands by. Resolves when the hosts answer. */
  start(): Promise<void> {
    return this.#homes.start();
  }

  /** Hosts that were lost or given up, since the start. */
  get deaths(): number {
    return hostDeathCauses.reduce((sum, cause) => sum + this.#homes.deaths(cause), 0);
  }

  /** Process ids of shared hosts that serve. */
  get pids(): readonly number[] {
    return this.#homes.hosts.flatMap(({ kind, host }) => (kind === "shared" ? (host.pid ?? []) : []));
  }

  async load(version: RunnableVersion): Promise<void> {
    if (this.#homes.get(version.key) !== undefined) return;
    await this.#homes.add(version).slot.host?.driver.load(version);
  }

  unload(key: string): void {
    this.#homes.remove(key);
    this.#counters.forget(key);
  }

  async warm(key: string, count: number): Promise<Extract<Outcome, { kind: "failed" }> | null> {
    const resident = this.#homes.get(key);
    return resident === undefined ? unavailable : resident.slot.warm(resident.version, count);
  }

  async prewarm(key: string): Promise<void> {
    const resident = this.#homes.get(key);
    await resident?.slot.prewarm(resident.version);
  }

  /** Nothing for a version that is not trusted: it runs apart until it has behaved. */
  reserve(key: string, count: number): void {
    const resident = this.#homes.get(key);
    if (resident === undefined || this.#homes.standing(key).kind !== "trusted") return;
    resident.slot.reserve(resident.version, count);
  }

  invoke(invocation: Invocation, host: InvocationHost): RunningInvocation {
    const resident = this.#homes.get(invocation.key);
    if (resident === undefined) return { outcome: Promise.resolve(unavailable), cancel: ignore };
    const first = this.#run(resident, invocation, host);
    let current = first;
    let isCancelled = false;
    const startedMs = this.#options.environment.nowMs();
    const repeat = async (ended: Outcome): Promise<Outcome> => {
      await this.#homes.judged();
      if (isCancelled || this.#closed) return ended;
      const { environment } = this.#options;
      // The client waits for one answer: what the first run took is gone.
      const leftMs = startedMs + wholeWallLimit(resident.version, invocation.phase) - environment.nowMs();
      const isRepeated = leftMs > 0 && first.isRepeatable();
      this.#countRepeat(invocation, { resident, isRepeated });
      if (!isRepeated) return leftMs > 0 ? ended : late;
      current = this.#run(resident, invocation, host);
      return withinTime(current, { leftMs, environment });
    };
    const outcome = first.outcome.then((ended): Outcome | Promise<Outcome> => {
      if (ended.kind !== "failed") {
        resident.served += 1;
        return ended;
      }
      if (ended.code === "FUNCTION_CPU_LIMIT" || ended.code === "FUNCTION_MEMORY_LIMIT")
        this.#homes.limited(invocation.key);
      return ended.code === "HOST_LOST" ? repeat(ended) : ended;
    });
    return {
      outcome,
      cancel: () => {
        isCancelled = true;
        current.cancel();
      },
    };
  }

  async stats(): Promise<readonly VersionStats[]> {
    await Promise.all(
      this.#homes.hosts.map(async ({ host }) => {
        const rows = await host.driver.stats();
        this.#counters.saw(host, rows);
        this.#homes.saw(
          host,
          rows.flatMap(({ key, instances }) => (instances > 0 ? key : [])),
        );
      }),
    );
    return this.#counters.rows;
  }

  /** What was contained so far. */
  containment(): ContainmentReport {
    const nowMs = this.#options.environment.nowMs();
    const standings = [...this.#homes.residents].map(({ version }) => ({
      version,
      standing: this.#homes.standing(version.key),
    }));
    return {
      deaths: Object.fromEntries(
        hostDeathCauses.map((cause) => [cause, this.#homes.deaths(cause)]),
      ) as ContainmentReport["deaths"],
      repeated: this.#repeated,
      notRepeated: this.#notRepeated,
      quarantined: standings.flatMap(({ version, standing }) => {
        if (standing.kind !== "quarantined") return [];
        const heldBackMs = Math.max(0, standing.retryAtMs - nowMs);
        return [{ function: version.function, version: version.version, kills: standing.kills, heldBackMs }];
      }),
      suspects: standings.filter(({ standing }) => standing.kind === "suspect").length,
      hosts: this.#homes.hosts.map(({ kind, rssMiB }) => ({ kind, rssMiB })),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#homes.close();
  }

  #run(resident: Resident, invocation: Invocation, host: InvocationHost): TracedInvocation {
    const { slot, version } = resident;
    if (slot.home.kind !== "shared") {
      const standing = this.#homes.standing(version.key);
      const waitMs = standing.kind === "quarantined" ? standing.retryAtMs - this.#options.environment.nowMs() : 0;
      if (waitMs > 0) return heldBack(waitMs);
    }
    return slot.run(version, invocation, host);
  }

  #countRepeat(
    { requestId, phase }: Invocation,
    { resident: { version }, isRepeated }: { readonly resident: Resident; readonly isRepeated: boolean },
  ): void {
    if (isRepeated) this.#repeated += 1;
    else this.#notRepeated += 1;
    const fields = { function: version.function, version: version.version, phase, requestId };
    this.#options.logger.info(fields, isRepeated ? "invocation_repeated" : "invocation_not_repeated");
  }
}

function heldBack(waitMs: number): TracedInvocation {
  const outcome: Outcome = {
    kind: "failed",
    code: "FUNCTION_QUARANTINED",
    message: "The function version ended its process again and again, and is held back for a while",
    stack: "",
    passThrough: false,
    retryAfterSeconds: Math.ceil(waitMs / 1_000),
  };
  return { outcome: Promise.resolve(outcome), cancel: ignore, isRepeatable: () => false };
}

function ignore(): void {}
