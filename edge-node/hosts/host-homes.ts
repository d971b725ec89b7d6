/**
 * The homes of a front's function versions and the processes in them: who lives where, what happens when a process dies, hangs, grows too large or
 * holds a thread that does not come back, and who is to blame.
 *
 * It runs no invocation. Invariants: a process is judged once; its place is taken by the one that stands by; a version that is suspected or
 * quarantined has moved away from trusted ones before anything is run for it again.
 */
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import type { RunnableVersion } from "../../runtime/driver.ts";
import { nodeLimits } from "../../sdk/limits.ts";
import type { Logger } from "../logger.ts";
import { CulpritSearch, type Standing, type Verdict } from "./culprit-search.ts";
import { EndingHosts } from "./ending-hosts.ts";
import { HostPlacement, type Home, type HomeKind } from "./host-placement.ts";
import { HostSlot } from "./host-slot.ts";
import { HostSupply } from "./host-supply.ts";
import { HostWatch } from "./host-watch.ts";
import type { HostDeathCause, HostEnd, IsolateHost, StartHost } from "./isolate-host.ts";
import { RestartBudget } from "./restart-budget.ts";

export interface HostHomesOptions {
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
  /** CPU time of a process in milliseconds, or null. */
  readonly cpuMs: (pid: number) => number | null;
}

/** A version that was loaded, and where it lives now. */
export interface Resident {
  readonly version: RunnableVersion;
  readonly slot: HostSlot;
  /** Invocations that ended well; counted by whoever runs them. */
  served: number;
}

interface Living extends Resident {
  slot: HostSlot;
}

/** Looks in one generation of what was used of late. */
const looksPerGeneration = 60;
const rewarmedMax = 32;
/** For requests and sockets that a version left behind when it moved. */
const idleGraceMs = 60_000;
/** From the end of a process's link to its own. */
const lostMsMax = 250;

interface Unjudged {
  readonly running: readonly string[];
  readonly judged: PromiseWithResolvers<undefined>;
  readonly cancel: () => void;
}

export class HostHomes {
  readonly #options: HostHomesOptions;
  readonly #residents = new Map<string, Living>();
  readonly #slots = new Map<string, HostSlot>();
  readonly #search = new CulpritSearch();
  readonly #placement: HostPlacement;
  readonly #supply: HostSupply;
  readonly #watch: HostWatch;
  readonly #ending: EndingHosts;
  readonly #waiters = { count: 0 };
  readonly #deaths = new Map<HostDeathCause, number>();
  /** Hosts that were lost and not judged: how they ended is not known yet. */
  readonly #unjudged = new Map<IsolateHost, Unjudged>();
  #lookedAtMs = 0;
  #looks = 0;
  #closed = false;

  constructor(options: HostHomesOptions) {
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
      cpuMs: options.cpuMs,
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

  /** Everybody who was loaded. */
  get residents(): Iterable<Resident> {
    return this.#residents.values();
  }

  /** Living processes and what they are for. */
  get hosts(): readonly {
    readonly host: IsolateHost;
    readonly kind: HomeKind | "standby" | "ending";
    readonly rssMiB: number;
  }[] {
    const kinds = new Map([...this.#slots.values()].map(({ host, home }) => [host, home.kind] as const));
    return [...this.#supply.living].map((host) => ({
      host,
      kind: kinds.get(host) ?? (host === this.#supply.standby ? "standby" : "ending"),
      rssMiB: this.#watch.rssMiB(host),
    }));
  }

  /** Hosts that were lost or given up for each cause, since the start. */
  deaths(cause: HostDeathCause): number {
    return this.#deaths.get(cause) ?? 0;
  }

  get(key: string): Resident | undefined {
    return this.#residents.get(key);
  }

  standing(key: string): Standing {
    return this.#search.standing(key);
  }

  /** Gives a version its home. */
  add(version: RunnableVersion): Resident {
    const home = this.#placement.add(version.key, version.isolation);
    const resident: Living = { version, slot: this.#slot(home), served: 0 };
    this.#residents.set(version.key, resident);
    if (home.kind === "dedicated") resident.slot.wake();
    return resident;
  }

  remove(key: string): void {
    const resident = this.#residents.get(key);
    if (resident === undefined) return;
    this.#residents.delete(key);
    this.#placement.remove(key);
    this.#search.forget(key);
    for (const { driver } of this.#supply.living) driver.unload(key);
    this.#leaveEmpty(resident.slot);
  }

  /** Resolves when every host that was lost was judged: from then on versions live where they should. */
  async judged(): Promise<void> {
    await Promise.all([...this.#unjudged.values()].map(({ judged }) => judged.promise));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#supply.close();
    this.#ending.close();
    for (const slot of this.#slots.values()) slot.close();
    for (const host of this.#supply.living) {
      await host.driver.close();
      host.kill();
    }
  }

  #start(): IsolateHost {
    const host = this.#options.startHost((ended, end) => {
      this.#onEnd(ended, end);
    });
    host.driver.onLost = (running) => {
      this.#onLost(host, running);
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

  #slotOf(host: IsolateHost): HostSlot | undefined {
    return [...this.#slots.values()].find((slot) => slot.host === host);
  }

  /** The link to a process ended; how the process did will be known in a moment. */
  #onLost(host: IsolateHost, running: readonly string[]): void {
    if (this.#closed || this.#ending.has(host)) return;
    const judged = Promise.withResolvers<undefined>();
    const cancel = this.#options.environment.startTimer(lostMsMax, () => {
      this.#onDeath(host, { cause: "crash", running });
    });
    this.#unjudged.set(host, { running, judged, cancel });
  }

  /** The process is over. */
  #onEnd(host: IsolateHost, { reason, isKilled }: HostEnd): void {
    if (this.#closed) return;
    const running = this.#unjudged.get(host)?.running ?? host.driver.running;
    this.#onDeath(host, { cause: isKilled ? "killed" : "crash", running });
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
    const unjudged = this.#unjudged.get(host);
    this.#unjudged.delete(host);
    unjudged?.cancel();
    unjudged?.judged.resolve(undefined);
    if (slot === undefined) return;
    const suspected = this.#known(running.length > 0 ? running : slot.recent);
    const nowMs = this.#options.environment.nowMs();
    const isForgivable = cause === "killed" && slot.home.kind === "shared";
    const verdict = isForgivable ? this.#search.judgeKilled(suspected, nowMs) : this.#search.judge(suspected, nowMs);
    this.#replace(slot, verdict);
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
    return keys.filter((key) => this.#residents.has(key));
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
      const version = this.#residents.get(key)?.version;
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
    for (const key of moved) {
      const resident = this.#residents.get(key);
      if (resident !== undefined && resident.slot.home.kind !== "shared") resident.slot.wake();
    }
    if (slot.home.kind === "shared") this.#rewarm(slot, used);
  }

  #served(key: string): number {
    return this.#residents.get(key)?.served ?? 0;
  }

  #move(key: string): void {
    const resident = this.#residents.get(key);
    if (resident === undefined || !this.#placement.move(key, this.#search.standing(key))) return;
    const from = resident.slot;
    const home = this.#placement.homeOf(key);
    if (home !== undefined) resident.slot = this.#slot(home);
    if (from === resident.slot) return;
    if (resident.slot.home.kind === "shared") this.#adopt(from, resident.slot);
    this.#leaveEmpty(from);
  }

  /** A released version brings its process along where there is none: it has its instances in it. */
  #adopt(from: HostSlot, to: HostSlot): void {
    if (to.host !== null || from.home.kind !== "suspect" || this.#placement.count(from.home) > 0) return;
    const host = from.waiting === 0 ? from.retire() : null;
    if (host !== null) to.use(host);
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
    const residents = used
      .flatMap((key) => this.#residents.get(key) ?? [])
      .filter((resident) => resident.slot === slot);
    if (residents.length > 0) slot.wake();
    for (const { version } of residents.slice(0, rewarmedMax)) void slot.warm(version, 1);
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
    for (const slot of this.#slots.values()) {
      const { host } = slot;
      if (host === null) continue;
      const finding = this.#watch.look(host, { isLate });
      if (finding.kind === "hangs") this.#onDeath(host, { cause: "hang", running: host.driver.running });
      if (finding.kind === "too-large") this.#onTooLarge(slot, { host, isUrgent: finding.isUrgent });
    }
    for (const host of this.#ending.hosts) {
      const finding = this.#watch.look(host, { isLate });
      // Memory may grow faster than a grace passes.
      if (finding.kind === "too-large" && finding.isUrgent) host.kill();
    }
    this.#ending.look(nowMs);
    for (const slot of this.#slots.values()) this.#leaveEmpty(slot);
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
