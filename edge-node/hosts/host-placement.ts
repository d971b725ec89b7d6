/**
 * Which home each function version has: one of the shared ones, one for suspects, the one for noisy ones, or one of its own. A home has at most one isolate host
 * process at a time; this file knows no processes.
 *
 * Pure. Invariants: a version has exactly one home; no version shares a home with one that is quarantined or dedicated, and no trusted one with a suspect.
 */
import type { Isolation } from "../../sdk/isolation.ts";
import type { Standing } from "./culprit-search.ts";

export type HomeKind = "shared" | "suspect" | "noisy" | "quarantine" | "dedicated";

export interface Home {
  readonly id: string;
  readonly kind: HomeKind;
}

export interface HostPlacementOptions {
  /** Shared homes, 1..64. */
  readonly sharedCount: number;
  /** Homes for suspects; with more suspects than that, some share one. */
  readonly suspectHomesMax: number;
}

interface Placed {
  readonly isolation: Isolation;
  home: Home;
}

export class HostPlacement {
  readonly shared: readonly Home[];
  readonly #suspectHomes: readonly Home[];
  readonly #placed = new Map<string, Placed>();
  readonly #counts = new Map<string, number>();

  constructor({ sharedCount, suspectHomesMax }: HostPlacementOptions) {
    this.shared = homes("shared", sharedCount);
    this.#suspectHomes = homes("suspect", suspectHomesMax);
  }

  /** Gives a new version its home. Idempotent. */
  add(key: string, isolation: Isolation): Home {
    const known = this.#placed.get(key);
    if (known !== undefined) return known.home;
    const home = isolation === "dedicated" ? ownHome("dedicated", key) : this.#emptiest(this.shared);
    this.#placed.set(key, { isolation, home });
    this.#addTo(home, 1);
    return home;
  }

  homeOf(key: string): Home | undefined {
    return this.#placed.get(key)?.home;
  }

  /** Puts a version where its standing belongs. Returns whether it moved. */
  move(key: string, standing: Standing): boolean {
    const placed = this.#placed.get(key);
    if (placed === undefined) return false;
    const kind = homeKind(placed.isolation, standing);
    if (placed.home.kind === kind && kind !== "suspect") return false;
    this.#addTo(placed.home, -1);
    placed.home = this.#find(kind, key);
    this.#addTo(placed.home, 1);
    return true;
  }

  remove(key: string): void {
    const placed = this.#placed.get(key);
    if (placed === undefined) return;
    this.#placed.delete(key);
    this.#addTo(placed.home, -1);
  }

  /** Versions that live in a home. */
  count(home: Home): number {
    return this.#counts.get(home.id) ?? 0;
  }

  #find(kind: HomeKind, key: string): Home {
    switch (kind) {
      case "shared":
        return this.#emptiest(this.shared);
      case "suspect":
        return this.#emptiest(this.#suspectHomes);
      case "noisy":
        return noisyHome;
      case "quarantine":
      case "dedicated":
        return ownHome(kind, key);
    }
  }

  #emptiest(among: readonly Home[]): Home {
    const [first, ...others] = among;
    if (first === undefined) throw new Error("Cannot place a version: there are no homes");
    return others.reduce((best, home) => (this.count(home) < this.count(best) ? home : best), first);
  }

  #addTo(home: Home, change: 1 | -1): void {
    const count = this.count(home) + change;
    if (count > 0) this.#counts.set(home.id, count);
    else this.#counts.delete(home.id);
  }
}

function homeKind(isolation: Isolation, standing: Standing): HomeKind {
  if (isolation === "dedicated") return "dedicated";
  switch (standing.kind) {
    case "trusted":
      return "shared";
    case "suspect":
    case "noisy":
      return standing.kind;
    case "quarantined":
      return "quarantine";
  }
}

function homes(kind: HomeKind, count: number): readonly Home[] {
  return Array.from({ length: count }, (_, index) => ({ id: `${kind}-${index}`, kind }));
}

const noisyHome: Home = { id: "noisy", kind: "noisy" };

function ownHome(kind: HomeKind, key: string): Home {
  return { id: `${kind}:${key}`, kind };
}
