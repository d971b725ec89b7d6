/** The names of files in a store's folder. Pure; every other name is foreign and left alone. */
import path from "node:path";

export type SegmentState =
  | "segment"
  /** A front is dropping it and carries over what is in use. */
  | "leaving";

const SEGMENT = /^([0-9a-f]{8})\.(seg|out)$/;

export function segmentPath(folder: string, segment: number, state: SegmentState): string {
  const name = segment.toString(16).padStart(8, "0");
  return path.join(folder, `${name}.${state === "segment" ? "seg" : "out"}`);
}

export function parseSegmentName(name: string): { readonly segment: number; readonly state: SegmentState } | undefined {
  const match = SEGMENT.exec(name);
  if (match?.[1] === undefined) return undefined;
  const segment = Number.parseInt(match[1], 16);
  if (segment === 0) return undefined;
  return { segment, state: match[2] === "seg" ? "segment" : "leaving" };
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
