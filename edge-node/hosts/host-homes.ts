/**
 * The homes of a front's function versions and the processes in them: who lives where, what happens when a process dies, hangs, grows too large or
 * holds a thread that does not come back, and who is to blame.
 *
 * It runs no invocation. Invariants: a process is judged once; its place is taken by the one that stands by; a version that is suspected or
 * quarantined has moved away from trusted ones before anything is run for it again.
 */
import type { RunnableVersion } from "../../runtime/driver.ts";
import { nodeLimits } from "../../sdk/limits.ts";
import { accusedOf, nobodyAccused, type Accusation, type Scene } from "./accused-versions.ts";
import { CulpritSearch, culpritTimes, type Standing, type Verdict } from "./culprit-search.ts";
import { EndingHosts } from "./ending-hosts.ts";
import type { HostHomesOptions } from "./host-homes-options.ts";
import { HostLosses } from "./host-losses.ts";
import { HostPlacement, type Home, type HomeKind } from "./host-placement.ts";
import { HostPriorities } from "./host-priorities.ts";
import { HostRenewal } from "./host-renewal.ts";
import { HostSlot } from "./host-slot.ts";
import { HostSupply } from "./host-supply.ts";
import { HostWatch } from "./host-watch.ts";
import type { HostDeathCause, HostEnd, HostLoss, IsolateHost } from "./isolate-host.ts";
import { NoisyVersions } from "./noisy-versions.ts";
import { RestartBudget } from "./restart-budget.ts";
import { UnjudgedHosts } from "./unjudged-hosts.ts";

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
/** The process of noisy ones waits so long for the next of them. */
const noisyIdleMs = 20_000;

export class HostHomes {
  readonly #options: HostHomesOptions;
  readonly #residents = new Map<string, Living>();
  readonly #slots = new Map<string, HostSlot>();
  readonly #search = new CulpritSearch();
  readonly #noisy = new NoisyVersions();
  readonly #placement: HostPlacement;
  readonly #supply: HostSupply;
  readonly #watch: HostWatch;
  readonly #ending: EndingHosts;
  readonly #renewal: HostRenewal;
  readonly #priorities: HostPriorities;
  readonly #losses: HostLosses;
  readonly #waiters = { count: 0 };
  readonly #unjudged: UnjudgedHosts;
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
    this.#unjudged = new UnjudgedHosts(environment);
    this.#priorities = new HostPriorities(options.priority);
    this.#losses = new HostLosses(options.logger, (key) => {
      const version = this.#residents.get(key)?.version;
      return version === undefined ? null : `${version.function}@${version.version}`;
    });
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
    this.#renewal = new HostRenewal({ supply: this.#supply, ending: this.#ending, environment });
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
    return this.#losses.of(cause);
  }

  get(key: string): Resident | undefined {
    return this.#residents.get(key);
  }

  standing(key: string): Standing {
    const standing = this.#search.standing(key);
    const untilMs = standing.kind === "trusted" ? this.#noisy.untilMs(key) : null;
    return untilMs === null ? standing : { kind: "noisy", untilMs };
  }

  /** An invocation of a version failed at its CPU or memory limit, which stopped its instance. */
  limited(key: string): void {
    const resident = this.#residents.get(key);
    if (resident === undefined) return;
    const { served, slot } = resident;
    if (!this.#noisy.strike(key, { nowMs: this.#options.environment.nowMs(), served })) return;
    this.#options.logger.warn({ functions: this.#losses.names([key]) }, "version_noisy");
    this.#move(key);
    // Its instances are not wanted where it was; what runs in them may finish.
    if (resident.slot !== slot) slot.host?.driver.unload(key);
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
    for (const memory of [this.#search, this.#noisy, resident.slot]) memory.forget(key);
    for (const { driver } of this.#supply.living) driver.unload(key);
    this.#leaveEmpty(resident.slot);
  }

  /** A host said which versions have instances in it. */
  saw(host: IsolateHost, keys: readonly string[]): void {
    this.#slotOf(host)?.saw(keys);
  }

  /** Resolves when every host that was lost was judged: from then on versions live where they should. */
  judged(): Promise<void> {
    return this.#unjudged.judged();
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
    host.driver.onLost = (running, failure) => {
      this.#onLost(host, { running, failure });
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

  /** The link to a process ended: how the process did will be known in a moment, unless it said what nobody can read. */
  #onLost(host: IsolateHost, { running, failure }: HostLoss): void {
    if (this.#closed || this.#ending.has(host)) return;
    const judge = (): void => this.#onDeath(host, { cause: "crash", running });
    if (failure === null) return this.#unjudged.add(host, running, judge);
    this.#losses.unreadable(host, failure);
    judge();
  }

  /** The process is over: nobody waits for it any more, whatever its link says. */
  #onEnd(host: IsolateHost, { reason, isKilled }: HostEnd): void {
    if (this.#closed) return;
    host.driver.ended();
    const running = this.#unjudged.running(host) ?? host.driver.running;
    this.#onDeath(host, { cause: isKilled ? "killed" : "crash", running });
    this.#ending.ended(host);
    this.#options.logger.info({ pid: host.pid, reason }, "isolate_host_ended");
    this.#supply.ended(host);
  }

  /** The process ended, or is ended here: a host is judged once, and not when its end was wanted. */
  #onDeath(host: IsolateHost, { cause, running }: { cause: HostDeathCause; running: readonly string[] }): void {
    if (this.#closed || this.#ending.has(host)) return;
    const slot = this.#slotOf(host);
    this.#ending.add(host, { graceMs: 0 });
    this.#count(cause, { host, running });
    this.#unjudged.judge(host);
    if (slot === undefined) return;
    const accused = this.#accused(slot, { running, present: slot.present });
    const isForgivable = cause === "killed" && slot.home.kind === "shared";
    const nowMs = this.#options.environment.nowMs();
    this.#replace(slot, this.#search[isForgivable ? "judgeKilled" : "judge"](accused, nowMs));
  }

  /** One version's isolate holds a thread of the process: it is known who, and the others may finish. */
  #onCondemned(host: IsolateHost, { key, cause }: { readonly key: string; readonly cause: HostDeathCause }): void {
    if (this.#closed || this.#ending.has(host)) return;
    const slot = this.#slotOf(host);
    this.#ending.add(host, { graceMs: nodeLimits.condemnedHostMs, except: key });
    this.#count(cause, { host, running: [key] });
    if (slot === undefined) return;
    const nowMs = this.#options.environment.nowMs();
    // A process may accuse whom it has, and nobody else.
    const isHere = this.#residents.get(key)?.slot === slot || slot.present.includes(key);
    this.#replace(slot, isHere ? this.#search.convict(key, nowMs) : this.#search.judge(nobodyAccused, nowMs));
  }

  /** `running` with invocations, `present` with instances. */
  #accused(slot: HostSlot, { running, present }: Pick<Scene, "running" | "present">): Accusation {
    const nowMs = this.#options.environment.nowMs();
    const isAgain = nowMs - slot.lostAtMs <= culpritTimes.againMsMax;
    slot.lostAtMs = nowMs;
    const known = (keys: readonly string[]): readonly string[] => keys.filter((key) => this.#residents.has(key));
    return accusedOf({ kind: slot.home.kind, running: known(running), present: known(present), isAgain });
  }

  #count(cause: HostDeathCause, { host, running }: { host: IsolateHost; running: readonly string[] }): void {
    const kind = this.#slotOf(host)?.home.kind ?? "standby";
    this.#losses.count(cause, { pid: host.pid, kind, running, rssMiB: this.#watch.rssMiB(host) });
  }

  /** The slot's process is not to be used any more: versions move as the verdict says, and who is asked for gets a process. */
  #replace(slot: HostSlot, verdict: Verdict): void {
    const used = slot.recent;
    slot.retire();
    this.#losses.tell(verdict, (key) => this.standing(key));
    // Who was good for longest gets the process that stands by.
    const served = (key: string): number => this.#residents.get(key)?.served ?? 0;
    const moved = [...verdict.released, ...verdict.suspects].toSorted((a, b) => served(b) - served(a));
    for (const key of moved) this.#move(key);
    if (verdict.culprit !== null) this.#move(verdict.culprit);
    for (const key of moved) {
      const resident = this.#residents.get(key);
      if (resident !== undefined && resident.slot.home.kind !== "shared") resident.slot.wake();
    }
    if (slot.home.kind === "shared") this.#rewarm(slot, used);
  }

  #move(key: string): void {
    const resident = this.#residents.get(key);
    if (resident === undefined || !this.#placement.move(key, this.standing(key))) return;
    const from = resident.slot;
    const home = this.#placement.homeOf(key);
    from.forget(key);
    if (home !== undefined) resident.slot = this.#slot(home);
    if (from === resident.slot) return;
    if (resident.slot.home.kind === "shared") this.#adopt(key, { from, to: resident.slot });
    this.#leaveEmpty(from);
  }

  /** A released version brings its process along where there is none: it has its instances in it. */
  #adopt(key: string, { from, to }: { readonly from: HostSlot; readonly to: HostSlot }): void {
    if (to.host !== null || from.home.kind !== "suspect" || this.#placement.count(from.home) > 0) return;
    const host = from.waiting === 0 ? from.retire() : null;
    if (host === null) return;
    to.use(host);
    to.saw([key]);
  }

  /** A home that nobody lives in needs no process, and one of its own no slot. */
  #leaveEmpty(slot: HostSlot): void {
    if (slot.home.kind === "shared") return;
    const isUsed = this.#placement.count(slot.home) > 0 || slot.waiting > 0;
    const nowMs = this.#options.environment.nowMs();
    slot.emptySinceMs = isUsed ? null : (slot.emptySinceMs ?? nowMs);
    if (isUsed || (slot.home.kind === "noisy" && nowMs - (slot.emptySinceMs ?? nowMs) < noisyIdleMs)) return;
    const host = slot.retire();
    slot.close();
    this.#slots.delete(slot.home.id);
    if (host !== null) this.#ending.add(host, { graceMs: idleGraceMs });
  }

  /** Starts instances of what was in use, before the next request comes. */
  #rewarm(slot: HostSlot, used: readonly string[]): void {
    const versions = this.#rewarmed(slot, used);
    if (versions.length > 0) slot.wake();
    for (const version of versions) void slot.warm(version, 1);
  }

  #rewarmed(slot: HostSlot, used: readonly string[]): RunnableVersion[] {
    const residents = used.flatMap((key) => this.#residents.get(key) ?? []);
    return residents.flatMap((one) => (one.slot === slot ? one.version : [])).slice(0, rewarmedMax);
  }

  /** A process is wanted and there are too many. */
  #endLeastNeeded(): void {
    if (this.#ending.endOne()) return;
    const idle = [...this.#slots.values()].toSorted((a, b) => a.kept - b.kept).find(({ isSpare }) => isSpare);
    const host = idle?.retire() ?? null;
    if (host !== null) this.#ending.add(host, { graceMs: 0 });
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
      if (finding.kind === "fit" && slot.home.kind === "shared") {
        const rssMiB = this.#watch.rssMiB(host);
        this.#renewal.look(slot, { rssMiB, versions: () => this.#rewarmed(slot, slot.recent) });
      }
    }
    for (const host of this.#ending.hosts) {
      const finding = this.#watch.look(host, { isLate });
      // Memory may grow faster than a grace passes.
      if (finding.kind === "too-large" && finding.isUrgent) host.kill();
    }
    this.#ending.look(nowMs);
    for (const { host, kind } of this.hosts) {
      this.#priorities.look(host, kind);
      host.driver.failOverdue(nowMs);
    }
    for (const slot of this.#slots.values()) this.#leaveEmpty(slot);
    const released = [...this.#search.release(nowMs), ...this.#noisy.release(nowMs)];
    this.#losses.tellReleased(released);
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
    const accused = this.#accused(slot, { running: [], present: [...running, ...slot.present] });
    this.#replace(slot, this.#search.judge(accused, this.#options.environment.nowMs()));
  }
}
