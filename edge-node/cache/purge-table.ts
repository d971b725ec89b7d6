/**
 * Purges as a bounded table that entries are judged by: no purge walks the cache.
 *
 * Knows no clock, no disk and no HTTP. Invariants: an entry that was requested at or before a purge's instant falls under it for as long as
 * the table lives; when the table is full the oldest purges become one of everything in their domain, and the oldest domains one of
 * everything, so that too much may be purged and never too little.
 */
import { purgeLimits } from "../../sdk/cdn-limits.ts";
import type { PurgeTarget } from "../../sdk/purge.ts";
import type { PurgeableEntry, PurgeJudgement, PurgeView } from "./purge-view.ts";

export type { PurgeTarget } from "../../sdk/purge.ts";

export interface Purge {
  /** The control plane's number of the purge; 0 for purges that were folded together. */
  readonly sequence: number;
  /** A path is canonical here, a query as the domain's cache rule keys it (resolve-purge.ts). */
  readonly target: PurgeTarget;
  /** Soft: entries become stale. Hard: they are gone. */
  readonly mode: "soft" | "hard";
  /** Milliseconds since the epoch on this node's clock. */
  readonly at: number;
}

export interface PurgeTableLimits {
  /** Targets other than whole domains. Default `purgeLimits.tableTargetsMax`. */
  readonly targetsMax?: number;
  /** Characters of those targets. Default `purgeLimits.tableCharsMax`. */
  readonly charsMax?: number;
  /** Domains that have purges of their own. Default `purgeLimits.tableDomainsMax`. */
  readonly domainsMax?: number;
}

type SmallTarget = Exclude<PurgeTarget, { kind: "all" }>;

/** The latest instants; -Infinity: never. */
interface Times {
  hardAt: number;
  softAt: number;
}

interface Held extends Times {
  readonly target: SmallTarget;
}

/** All purges of one domain, or those that mean every domain. */
class Scope {
  readonly domain: string | null;
  readonly everything: Times = { hardAt: -Infinity, softAt: -Infinity };
  readonly byKind = { url: new Map<string, Held>(), directory: new Map<string, Held>(), tag: new Map<string, Held>() };
  /** Of its longest directory so far: longer beginnings of a path need no look. */
  directoryCharsMax = 0;

  constructor(domain: string | null) {
    this.domain = domain;
  }
}

export class PurgeTable implements PurgeView {
  readonly #targetsMax: number;
  readonly #charsMax: number;
  readonly #domainsMax: number;
  readonly #domains = new Map<string, Scope>();
  #everyDomain = new Scope(null);
  /** Purged longest ago first. */
  readonly #held = new Set<Held>();
  #chars = 0;
  #isEmpty = true;

  constructor(limits: PurgeTableLimits = {}) {
    this.#targetsMax = limits.targetsMax ?? purgeLimits.tableTargetsMax;
    this.#charsMax = limits.charsMax ?? purgeLimits.tableCharsMax;
    this.#domainsMax = limits.domainsMax ?? purgeLimits.tableDomainsMax;
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Targets held, whole domains not counted. */
  get size(): number {
    return this.#held.size;
  }

  judge(entry: PurgeableEntry): PurgeJudgement {
    if (this.#isEmpty) return "kept";
    const every = judgeIn(this.#everyDomain, entry);
    if (every === "gone") return every;
    const scope = this.#domains.get(entry.domain);
    if (scope === undefined) return every;
    const own = judgeIn(scope, entry);
    return own === "kept" ? every : own;
  }

  /** Takes a purge; one that is held already only moves to its newer instant. */
  add({ target, mode, at }: Purge): void {
    this.#isEmpty = false;
    const scope = this.#scopeOf(target.domain);
    if (target.kind === "all") this.#purgeAll(scope, timesOf(mode, at));
    else this.#hold(scope, target, timesOf(mode, at));
    while (this.#held.size > this.#targetsMax || this.#chars > this.#charsMax) this.#foldOldestTarget();
    while (this.#domains.size > this.#domainsMax) this.#foldOldestDomain();
  }

  /** Takes the place of everything held. */
  replace(purges: readonly Purge[]): void {
    this.#domains.clear();
    this.#held.clear();
    this.#everyDomain = new Scope(null);
    this.#chars = 0;
    this.#isEmpty = true;
    for (const purge of purges) this.add(purge);
  }

  /** Purges that make a table with the same judgements; whole domains first, then by age. */
  snapshot(): readonly Purge[] {
    const purges: Purge[] = [];
    for (const { domain, everything } of [this.#everyDomain, ...this.#domains.values()]) {
      purges.push(...asPurges({ kind: "all", domain }, everything));
    }
    for (const held of this.#held) purges.push(...asPurges(held.target, held));
    return purges;
  }

  #scopeOf(domain: string | null): Scope {
    if (domain === null) return this.#everyDomain;
    const known = this.#domains.get(domain);
    if (known !== undefined) return known;
    const scope = new Scope(domain);
    this.#domains.set(domain, scope);
    return scope;
  }

  #hold(scope: Scope, target: SmallTarget, times: Times): void {
    const index = scope.byKind[target.kind];
    const key = keyOf(target);
    let held = index.get(key);
    if (held === undefined) {
      held = { target, hardAt: -Infinity, softAt: -Infinity };
      index.set(key, held);
      this.#chars += key.length;
    }
    merge(held, times);
    this.#held.delete(held);
    this.#held.add(held);
    if (target.kind === "directory") scope.directoryCharsMax = Math.max(scope.directoryCharsMax, key.length);
  }

  /** What the purge of everything covers needs no place of its own any more. */
  #purgeAll(scope: Scope, times: Times): void {
    merge(scope.everything, times);
    const scopes = scope.domain === null ? [scope, ...this.#domains.values()] : [scope];
    for (const each of scopes) {
      for (const index of Object.values(each.byKind)) {
        for (const held of index.values()) if (isCovered(held, scope.everything)) this.#drop(each, held);
      }
      if (each !== scope && isBare(each) && isCovered(each.everything, scope.everything)) {
        this.#domains.delete(each.domain ?? "");
      }
    }
  }

  #drop(scope: Scope, held: Held): void {
    const key = keyOf(held.target);
    scope.byKind[held.target.kind].delete(key);
    this.#held.delete(held);
    this.#chars -= key.length;
  }

  #foldOldestTarget(): void {
    const [oldest] = this.#held;
    if (oldest === undefined) return;
    const scope = this.#scopeOf(oldest.target.domain);
    this.#drop(scope, oldest);
    merge(scope.everything, oldest);
  }

  #foldOldestDomain(): void {
    const [oldest] = this.#domains.values();
    if (oldest === undefined) return;
    const latest: Times = { ...oldest.everything };
    for (const index of Object.values(oldest.byKind)) {
      for (const held of index.values()) {
        merge(latest, held);
        this.#drop(oldest, held);
      }
    }
    this.#domains.delete(oldest.domain ?? "");
    merge(this.#everyDomain.everything, latest);
  }
}

function judgeIn(scope: Scope, { path, query, tags, requestedAt }: PurgeableEntry): PurgeJudgement {
  const { url, directory, tag } = scope.byKind;
  let worst = judgeTimes(scope.everything, requestedAt);
  if (url.size > 0) worst = worseOf(worst, url.get(query === "" ? path : path + query), requestedAt);
  if (tag.size > 0) for (const name of tags) worst = worseOf(worst, tag.get(name), requestedAt);
  if (directory.size > 0) {
    for (let end = path.indexOf("/") + 1; end > 0 && end <= scope.directoryCharsMax; end = path.indexOf("/", end) + 1) {
      worst = worseOf(worst, directory.get(path.slice(0, end)), requestedAt);
    }
  }
  return worst;
}

function worseOf(worst: PurgeJudgement, held: Held | undefined, requestedAt: number): PurgeJudgement {
  if (held === undefined || worst === "gone") return worst;
  const judgement = judgeTimes(held, requestedAt);
  return judgement === "kept" ? worst : judgement;
}

function judgeTimes({ hardAt, softAt }: Times, requestedAt: number): PurgeJudgement {
  if (requestedAt <= hardAt) return "gone";
  return requestedAt <= softAt ? "stale" : "kept";
}

function keyOf(target: SmallTarget): string {
  switch (target.kind) {
    case "url":
      return target.url;
    case "directory":
      return target.path;
    case "tag":
      return target.tag;
  }
}

function timesOf(mode: Purge["mode"], at: number): Times {
  return mode === "hard" ? { hardAt: at, softAt: -Infinity } : { hardAt: -Infinity, softAt: at };
}

function merge(into: Times, { hardAt, softAt }: Times): void {
  into.hardAt = Math.max(into.hardAt, hardAt);
  into.softAt = Math.max(into.softAt, softAt);
}

/** Whether `all` judges every entry at least as severely. */
function isCovered(times: Times, all: Times): boolean {
  return times.hardAt <= all.hardAt && times.softAt <= Math.max(all.hardAt, all.softAt);
}

function isBare({ byKind }: Scope): boolean {
  return byKind.url.size === 0 && byKind.directory.size === 0 && byKind.tag.size === 0;
}

function asPurges(target: PurgeTarget, { hardAt, softAt }: Times): readonly Purge[] {
  const purges: Purge[] = [];
  if (hardAt > -Infinity) purges.push({ sequence: 0, target, mode: "hard", at: hardAt });
  // A soft purge before a hard one of the same says nothing more.
  if (softAt > hardAt) purges.push({ sequence: 0, target, mode: "soft", at: softAt });
  return purges;
}
