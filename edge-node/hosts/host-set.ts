/**
 * The process driver: a front's isolate hosts behind one `Driver`. Versions share hosts; a host that dies, hangs, grows too large or holds a
 * thread that does not come back is replaced by the one that stands by, and whoever brought it down runs apart from then on.
 *
 * Invariants: a dead host costs no other function's request that may be repeated; an invocation is repeated at most once; what a version that
 * is suspected or quarantined asked is never repeated beside trusted ones.
 */
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import type { TracedInvocation } from "../../runtime/client/invocation-client.ts";
import type {
  Driver,
  Invocation,
  InvocationHost,
  Outcome,
  RunnableVersion,
  RunningInvocation,
  VersionStats,
} from "../../runtime/driver.ts";
import { nodeLimits } from "../../sdk/limits.ts";
import type { Logger } from "../logger.ts";
import type { ContainmentReport } from "./containment-report.ts";
import { CulpritSearch, type Verdict } from "./culprit-search.ts";
import { EndingHosts } from "./ending-hosts.ts";
import { HostPlacement, type Home } from "./host-placement.ts";
import { HostSlot, unavailable } from "./host-slot.ts";
import { HostSupply } from "./host-supply.ts";
import { HostWatch } from "./host-watch.ts";
import { hostDeathCauses, type HostDeathCause, type IsolateHost, type StartHost } from "./isolate-host.ts";
import { RestartBudget } from "./restart-budget.ts";

export interface HostSetOptions {
  readonly startHost: StartHost;
  readonly environment: Pick<RuntimeEnvironment, "nowMs" | "startTimer">;
  readonly logger: Logger;
  /** Shared host processes of this front, 1..64. */
  readonly count: number;
  /** Of one core that restarts may take, above 0, at most 1. */
  readonly restartShare: number;
  /** Memory of a host without instances, MiB; beyond, it is replaced. */
  readonly hostMemoryMiB: number;
  /** Resident memory of a process in MiB, or null. */
  readonly rssMiB: (pid: number) => number | null;
}

interface Entry {
  readonly version: RunnableVersion;
  slot: HostSlot;
  /** Invocations that ended well. */
  served: number;
}

/** Looks in one generation of what was used of late. */
const looksPerGeneration = 60;
const rewarmedMax = 32;

export class HostSet implements Driver {
  readonly #options: HostSetOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #slots = new Map<string, HostSlot>();
  readonly #search = new CulpritSearch();
  readonly #placement: HostPlacement;
  readonly #supply: HostSupply;
  readonly #watch: HostWatch;
  readonly #ending: EndingHosts;
  readonly #waiters = { count: 0 };
  readonly #deaths = new Map<HostDeathCause, number>();
  #repeated = 0;
  #notRepeated = 0;
  #lookedAtMs = 0;
  #looks = 0;
  #closed = false;

  constructor(options: HostSetOptions) {
    this.#options = options;
    const { count, environment } = options;
    const { apartHostsMax } = nodeLimits;
    this.#placement = new HostPlacement({ sharedCount: count, suspectHomesMax: apartHostsMax });
    this.#watch = new HostWatch({ rssMiB: options.rssMiB, memoryMiBMax: options.hostMemoryMiB });
    this.#ending = new EndingHosts(environment);
    this.#supply = new HostSupply({
      start: () => this.#start(),
      // Beside those that serve: the one that stands by, and a few that are about to end.
      processesMax: count + apartHostsMax + 4,
      budget: new RestartBudget({ share: options.restartShare, nowMs: environment.nowMs() }),
      environment,
      onPressure: () => {
        this.#endLeastNeeded();
      },
    });
  }

  /** Starts the hosts and one that stands by. Resolves when the hosts answer. */
  async start(): Promise<void> {
    const starting = this.#placement.shared.map(async (home) => {
      const host = this.#supply.startOne();
      this.#slot(home).use(host);
      await host.driver.ping();
    });
    await Promise.all(starting);
    this.#supply.keepStandby();
    this.#lookedAtMs = this.#options.environment.nowMs();
    this.#lookLater();
  }

  /** Hosts that were lost or given up, since the start. */
  get deaths(): number {
    return [...this.#deaths.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Process ids of shared hosts that serve. */
  get pids(): readonly number[] {
    return this.#placement.shared.flatMap((home) => this.#slots.get(home.id)?.host?.pid ?? []);
  }

  async load(version: RunnableVersion): Promise<void> {
    if (this.#entries.has(version.key)) return;
    const home = this.#placement.add(version.key, version.isolation);
    const slot = this.#slot(home);
    this.#entries.set(version.key, { version, slot, served: 0 });
    if (home.kind === "dedicated") slot.wake();
    await slot.host?.driver.load(version);
  }

  unload(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#placement.remove(key);
    this.#search.forget(key);
    entry.slot.host?.driver.unload(key);
    this.#leaveEmpty(entry.slot);
  }

  async warm(key: string, count: number): Promise<Extract<Outcome, { kind: "failed" }> | null> {
    const entry = this.#entries.get(key);
    return entry === undefined ? unavailable : entry.slot.warm(entry.version, count);
  }

  invoke(invocation: Invocation, host: InvocationHost): RunningInvocation {
    const entry = this.#entries.get(invocation.key);
    if (entry === undefined) return { outcome: Promise.resolve(unavailable), cancel: ignore };
    const first = this.#run(entry, invocation, host);
    let current = first;
    let isCancelled = false;
    const outcome = first.outcome.then((ended): Outcome | Promise<Outcome> => {
      if (ended.kind !== "failed") {
        entry.served += 1;
        return ended;
      }
      if (ended.code !== "HOST_LOST" || isCancelled || this.#closed) return ended;
      const isRepeated = first.isRepeatable();
      this.#countRepeat(invocation, { entry, isRepeated });
      if (!isRepeated) return ended;
      current = this.#run(entry, invocation, host);
      return current.outcome;
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
    const perHost = await Promise.all([...this.#supply.living].map(async (host) => host.driver.stats()));
    return perHost.flat();
  }

  /** What was contained so far. */
  containment(): ContainmentReport {
    const nowMs = this.#options.environment.nowMs();
    const standings = [...this.#entries.values()].map(({ version }) => ({
      version,
      standing: this.#search.standing(version.key),
    }));
    const kinds = new Map([...this.#slots.values()].map(({ host, home }) => [host, home.kind] as const));
    return {
      deaths: Object.fromEntries(
        hostDeathCauses.map((cause) => [cause, this.#deaths.get(cause) ?? 0]),
      ) as ContainmentReport["deaths"],
      repeated: this.#repeated,
      notRepeated: this.#notRepeated,
      quarantined: standings.flatMap(({ version, standing }) => {
        if (standing.kind !== "quarantined") return [];
        const heldBackMs = Math.max(0, standing.retryAtMs - nowMs);
        return [{ function: version.function, version: version.version, kills: standing.kills, heldBackMs }];
      }),
      suspects: standings.filter(({ standing }) => standing.kind === "suspect").length,
      hosts: [...this.#supply.living].map((host) => ({
        kind: kinds.get(host) ?? (host === this.#supply.standby ? "standby" : "ending"),
        rssMiB: this.#watch.rssMiB(host),
      })),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#supply.close();
    this.#ending.close();
    for (const slot of this.#slots.values()) slot.close();
    for (const host of [...this.#supply.living]) {
      await host.driver.close();
      host.kill();
    }
  }

  #start(): IsolateHost {
    const host = this.#options.startHost((ended, reason) => {
      this.#onEnd(ended, reason);
    });
    host.driver.onLost = (running) => {
      this.#onDeath(host, { cause: "crash", running });
    };
    host.driver.onCondemned = ({ key, reason }) => {
      this.#onCondemned(host, { key, cause: reason });
    };
    return host;
  }

  #slot(home: Home): HostSlot {
    const known = this.#slots.get(home.id);
    if (known !== undefined) return known;
    const { environment } = this.#options;
    const slot = new HostSlot({ home, supply: this.#supply, environment, waiters: this.#waiters });
    this.#slots.set(home.id, slot);
    return slot;
  }

  #run(entry: Entry, invocation: Invocation, host: InvocationHost): TracedInvocation {
    const { slot, version } = entry;
    if (slot.home.kind !== "shared") {
      const standing = this.#search.standing(version.key);
      const waitMs = standing.kind === "quarantined" ? standing.retryAtMs - this.#options.environment.nowMs() : 0;
      if (waitMs > 0) return heldBack(waitMs);
    }
    return slot.run(version, invocation, host);
  }

  #countRepeat(
    { requestId, phase }: Invocation,
    { entry: { version }, isRepeated }: { readonly entry: Entry; readonly isRepeated: boolean },
  ): void {
    if (isRepeated) this.#repeated += 1;
    else this.#notRepeated += 1;
    const fields = { function: version.function, version: version.version, phase, requestId };
    this.#options.logger.info(fields, isRepeated ? "invocation_repeated" : "invocation_not_repeated");
  }

  #slotOf(host: IsolateHost): HostSlot | undefined {
    return [...this.#slots.values()].find((slot) => slot.host === host);
  }

  /** The process is over. */
  #onEnd(host: IsolateHost, reason: string): void {
    if (this.#closed) return;
    this.#onDeath(host, { cause: "crash", running: host.driver.running });
    this.#ending.ended(host);
    this.#options.logger.info({ pid: host.pid, reason }, "isolate_host_ended");
    this.#supply.ended(host);
  }

  /** The process ended, or is ended here: a host is judged once, and not when its end was wanted. */
  #onDeath(
    host: IsolateHost,
    { cause, running }: { readonly cause: HostDeathCause; readonly running: readonly string[] },
  ): void {
    if (this.#closed || this.#ending.has(host)) return;
    const slot = this.#slotOf(host);
    this.#ending.add(host, { graceMs: 0 });
    this.#count(cause, { host, running });
    if (slot === undefined) return;
    const suspected = this.#known(running.length > 0 ? running : slot.recent);
    this.#replace(slot, this.#search.judge(suspected, this.#options.environment.nowMs()));
  }

  /** One version's isolate holds a thread of the process: it is known who, and the others may finish. */
  #onCondemned(host: IsolateHost, { key, cause }: { readonly key: string; readonly cause: HostDeathCause }): void {
    if (this.#closed || this.#ending.has(host)) return;
    const slot = this.#slotOf(host);
    this.#ending.add(host, { graceMs: nodeLimits.condemnedHostMs, except: key });
    this.#count(cause, { host, running: [key] });
    if (slot === undefined) return;
    const [culprit] = this.#known([key]);
    const nowMs = this.#options.environment.nowMs();
    this.#replace(slot, culprit === undefined ? this.#search.judge([], nowMs) : this.#search.convict(culprit, nowMs));
  }

  #known(keys: readonly string[]): readonly string[] {
    return keys.filter((key) => this.#entries.has(key));
  }

  #count(
    cause: HostDeathCause,
    { host, running }: { readonly host: IsolateHost; readonly running: readonly string[] },
  ): void {
    this.#deaths.set(cause, (this.#deaths.get(cause) ?? 0) + 1);
    const kind = this.#slotOf(host)?.home.kind ?? "standby";
    const names = this.#names(running.slice(0, 20));
    this.#options.logger.error(
      { pid: host.pid, cause, kind, running: names, rssMiB: Math.round(this.#watch.rssMiB(host)) },
      "isolate_host_lost",
    );
  }

  #names(keys: readonly string[]): readonly string[] {
    return keys.flatMap((key) => {
      const version = this.#entries.get(key)?.version;
      return version === undefined ? [] : [`${version.function}@${version.version}`];
    });
  }

  /** The slot's process is not to be used any more: versions move as the verdict says, and who is asked for gets a process. */
  #replace(slot: HostSlot, verdict: Verdict): void {
    const { logger } = this.#options;
    const used = slot.recent;
    slot.retire();
    if (verdict.culprit !== null) {
      const standing = this.#search.standing(verdict.culprit);
      logger.error({ functions: this.#names([verdict.culprit]), standing }, "version_quarantined");
    }
    if (verdict.suspects.length > 0) logger.warn({ functions: this.#names(verdict.suspects) }, "versions_suspected");
    if (verdict.released.length > 0) logger.info({ functions: this.#names(verdict.released) }, "versions_released");
    // Who was good for longest gets the process that stands by.
    const moved = [...verdict.released, ...verdict.suspects].toSorted((a, b) => this.#served(b) - this.#served(a));
    for (const key of moved) this.#move(key);
    if (verdict.culprit !== null) this.#move(verdict.culprit);
    for (const key of verdict.suspects) this.#entries.get(key)?.slot.wake();
    if (slot.home.kind === "shared") this.#rewarm(slot, used);
  }

  #served(key: string): number {
    return this.#entries.get(key)?.served ?? 0;
  }

  #move(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || !this.#placement.move(key, this.#search.standing(key))) return;
    const from = entry.slot;
    const home = this.#placement.homeOf(key);
    if (home !== undefined) entry.slot = this.#slot(home);
    if (from !== entry.slot) this.#leaveEmpty(from);
  }

  /** A home that nobody lives in needs no process, and one of its own no slot. */
  #leaveEmpty(slot: HostSlot): void {
    if (slot.home.kind === "shared" || this.#placement.count(slot.home) > 0 || slot.waiting > 0) return;
    const host = slot.retire();
    slot.close();
    this.#slots.delete(slot.home.id);
    if (host !== null) this.#ending.add(host, { graceMs: idleGraceMs });
  }

  /** Starts instances of what was in use, before the next request comes. */
  #rewarm(slot: HostSlot, used: readonly string[]): void {
    slot.wake();
    const entries = used.flatMap((key) => this.#entries.get(key) ?? []).filter((entry) => entry.slot === slot);
    for (const { version } of entries.slice(0, rewarmedMax)) void slot.warm(version, 1);
  }

  /** A process is wanted and there are too many. */
  #endLeastNeeded(): void {
    if (this.#ending.endOne()) return;
    const idle = [...this.#slots.values()].find(
      ({ home, host, waiting }) => home.kind !== "shared" && host !== null && host.driver.active === 0 && waiting === 0,
    );
    const host = idle?.retire();
    if (host !== undefined && host !== null) this.#ending.add(host, { graceMs: 0 });
  }

  #lookLater(): void {
    this.#options.environment.startTimer(nodeLimits.hostCheckMs, () => {
      if (this.#closed) return;
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const nowMs = this.#options.environment.nowMs();
    const isLate = nowMs - this.#lookedAtMs > 2 * nodeLimits.hostCheckMs;
    this.#lookedAtMs = nowMs;
    for (const slot of [...this.#slots.values()]) {
      const { host } = slot;
      if (host === null) continue;
      const finding = this.#watch.look(host, { isLate });
      if (finding.kind === "hangs") this.#onDeath(host, { cause: "hang", running: host.driver.running });
      if (finding.kind === "too-large") this.#onTooLarge(slot, { host, isUrgent: finding.isUrgent });
    }
    this.#ending.look(nowMs);
    for (const slot of [...this.#slots.values()]) this.#leaveEmpty(slot);
    const released = this.#search.release(nowMs);
    if (released.length > 0) this.#options.logger.info({ functions: this.#names(released) }, "versions_released");
    for (const key of released) this.#move(key);
    if (++this.#looks % looksPerGeneration !== 0) return;
    for (const slot of this.#slots.values()) slot.age();
  }

  #onTooLarge(slot: HostSlot, { host, isUrgent }: { readonly host: IsolateHost; readonly isUrgent: boolean }): void {
    const { running } = host.driver;
    if (isUrgent) return this.#onDeath(host, { cause: "memory", running });
    this.#ending.add(host, { graceMs: nodeLimits.condemnedHostMs });
    this.#count("memory", { host, running });
    // Memory stays when what took it has ended: whoever was here of late may have.
    const suspected = this.#known([...new Set([...running, ...slot.recent])]);
    this.#replace(slot, this.#search.judge(suspected, this.#options.environment.nowMs()));
  }
}

/** For requests and sockets that a version left behind when it moved. */
const idleGraceMs = 60_000;

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
