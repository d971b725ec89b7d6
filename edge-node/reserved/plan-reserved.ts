/**
 * How many instances of each version one front keeps: what reservations ask of the node, within the node's memory for them, and this front's share of it.
 *
 * A reservation is for each node. What it guarantees is dealt out to the node's fronts one by one, beginning with another front for each function; what
 * metric or prediction ask beyond it, each front says for itself, since its instances serve its own connections only. Pure. Invariants: all fronts of a
 * node come to the same guaranteed numbers without asking each other; together they never keep more than the node's memory for reservations; where that
 * is not enough for what is guaranteed, it is dealt out one instance of each version in turn.
 */
import type { FunctionLimits } from "../../sdk/limits.ts";
import { reservedLimits } from "../../sdk/reserved-limits.ts";
import { guaranteedCount, type ReservedPolicy } from "../../sdk/reserved.ts";
import { adaptiveDemand } from "./reserved-demand.ts";
import type { MinuteUse } from "./usage-history.ts";

/** A version that is loaded and has reservations. */
export interface ReservedVersion {
  /** The driver's. */
  readonly key: string;
  readonly function: string;
  readonly version: string;
  readonly limits: Pick<FunctionLimits, "memoryMiB" | "concurrency" | "instancesMax">;
  readonly policies: readonly ReservedPolicy[];
}

export interface FrontPlace {
  /** 0 for the first. */
  readonly index: number;
  readonly fronts: number;
}

export interface PlanOptions {
  readonly front: FrontPlace;
  /** For reservations of the whole node; an instance counts with its version's `memoryMiB`. */
  readonly memoryMiB: number;
  /** Wall clock, for schedules. */
  readonly nowMs: number;
  readonly uses: (version: ReservedVersion) => readonly MinuteUse[];
}

export interface ReservedPlan {
  /** As the reservations say. */
  readonly wanted: number;
  /** As far as there is memory. */
  readonly kept: number;
}

interface Wish {
  readonly version: ReservedVersion;
  readonly guaranteed: number;
  granted: number;
}

/** By key. */
export function planReserved(
  versions: readonly ReservedVersion[],
  options: PlanOptions,
): ReadonlyMap<string, ReservedPlan> {
  const { front, memoryMiB, nowMs } = options;
  const wishes = versions
    .map((version): Wish => ({ version, guaranteed: guaranteedOf(version, nowMs), granted: 0 }))
    .sort((a, b) => (a.version.key < b.version.key ? -1 : 1));
  const left = grantInTurn(wishes, memoryMiB);
  let ownMiB = Math.floor(left / front.fronts);
  let room: number = reservedLimits.instancesPerFrontMax;
  const plans = new Map<string, ReservedPlan>();
  for (const { version, guaranteed, granted } of wishes) {
    const { instancesMax, memoryMiB: instanceMiB } = version.limits;
    const place = placeOf(version, front);
    const share = shareOf(guaranteed, place);
    const kept = Math.min(instancesMax, shareOf(granted, place));
    const wanted = Math.min(instancesMax, Math.max(share, adaptiveOf(version, { ...options, place })));
    const further = Math.min(Math.max(0, wanted - share), Math.floor(ownMiB / instanceMiB));
    ownMiB -= further * instanceMiB;
    const held = Math.min(instancesMax, kept + further, room);
    room -= held;
    plans.set(version.key, { wanted, kept: held });
  }
  return plans;
}

/** What falls to one of several fronts when `count` are dealt out one by one. */
export function shareOf(count: number, { index, fronts }: FrontPlace): number {
  return Math.floor(count / fronts) + (index < count % fronts ? 1 : 0);
}

function guaranteedOf({ policies }: ReservedVersion, nowMs: number): number {
  return Math.max(0, ...policies.map((policy) => guaranteedCount(policy, nowMs)));
}

function adaptiveOf(
  version: ReservedVersion,
  { uses, place }: Pick<PlanOptions, "uses"> & { readonly place: FrontPlace },
): number {
  const demand = { uses: uses(version), concurrency: version.limits.concurrency };
  return Math.max(
    0,
    ...version.policies.map((policy) => {
      const max = Math.max(policy.metric?.max ?? 0, policy.recommended?.max ?? 0);
      return Math.min(shareOf(max, place), adaptiveDemand(policy, demand));
    }),
  );
}

/** Gives each what it is guaranteed as far as the memory goes. Returns what is left of it, MiB. */
function grantInTurn(wishes: readonly Wish[], memoryMiB: number): number {
  const wantedMiB = wishes.reduce((sum, { guaranteed, version }) => sum + guaranteed * version.limits.memoryMiB, 0);
  if (wantedMiB <= memoryMiB) {
    for (const wish of wishes) wish.granted = wish.guaranteed;
    return memoryMiB - wantedMiB;
  }
  let left = memoryMiB;
  for (let isGranted = true; isGranted;) {
    isGranted = false;
    for (const wish of wishes) {
      const instanceMiB = wish.version.limits.memoryMiB;
      if (wish.granted >= wish.guaranteed || instanceMiB > left) continue;
      wish.granted += 1;
      left -= instanceMiB;
      isGranted = true;
    }
  }
  return left;
}

/** Not every function begins with the first front. */
function placeOf({ function: name }: ReservedVersion, { index, fronts }: FrontPlace): FrontPlace {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = (hash * 31 + name.charCodeAt(at)) % 65_521;
  return { index: (index + hash) % fronts, fronts };
}
