/** The names of files in a store's folder. Pure; every other name is foreign and left alone. */
import path from "node:path";

/** In the order of a segment's life: whoever looks for one tries the names in this order and does not miss a change. */
export const segmentStates = ["filling", "finished", "leaving"] as const;
export type SegmentState = (typeof segmentStates)[number];

/** A finished segment does not grow; one that is leaving is being dropped by a front, which carries over what is in use. */
const ENDINGS: Readonly<Record<SegmentState, string>> = { filling: "new", finished: "seg", leaving: "out" };
const SEGMENT = /^([0-9a-f]{8})\.(new|seg|out)$/;

export function segmentPath(folder: string, segment: number, state: SegmentState): string {
  return path.join(folder, `${segment.toString(16).padStart(8, "0")}.${ENDINGS[state]}`);
}

export function parseSegmentName(name: string): { readonly segment: number; readonly state: SegmentState } | undefined {
  const match = SEGMENT.exec(name);
  const state = segmentStates.find((state) => ENDINGS[state] === match?.[2]);
  const segment = Number.parseInt(match?.[1] ?? "0", 16);
  return state === undefined || segment === 0 ? undefined : { segment, state };
}

const LEASE = /^front-[0-9a-f]{16}$/;

export function leasePath(folder: string, front: string): string {
  return path.join(folder, `front-${front}`);
}

export function isLeaseName(name: string): boolean {
  return LEASE.test(name);
}

export function indexPath(folder: string): string {
  return path.join(folder, "index");
}
