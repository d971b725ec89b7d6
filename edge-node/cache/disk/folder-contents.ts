/**
 * What lies in a store's folder now: segments with their sizes, and how many fronts use it.
 *
 * Only segments that are being filled grow: the size of others is asked once. What those may still grow by is reserved by whoever makes
 * room. A front is alive while the time in its lease is young.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Clock } from "../../clock.ts";
import type { DiskFiles } from "./disk-files.ts";
import { isLeaseName, parseSegmentName, segmentPath, type SegmentState } from "./segment-names.ts";
import path from "node:path";

export interface SegmentFile {
  readonly segment: number;
  readonly state: SegmentState;
  readonly bytes: number;
  /** When this front saw it first in this state. */
  readonly sinceMs: number;
}

export interface FolderContents {
  /** By number, the oldest first. */
  readonly segments: readonly SegmentFile[];
  readonly bytes: number;
  readonly fronts: number;
}

export class FolderReader {
  readonly #folder: string;
  readonly #files: DiskFiles;
  readonly #clock: Clock;
  #known = new Map<string, SegmentFile>();

  constructor(options: { readonly folder: string; readonly files: DiskFiles; readonly clock: Clock }) {
    this.#folder = options.folder;
    this.#files = options.files;
    this.#clock = options.clock;
  }

  /** Undefined when the folder is gone. Leases of fronts that are long silent are removed. */
  async read(): Promise<FolderContents | undefined> {
    const names = await this.#files.list(this.#folder);
    if (names === undefined) return undefined;
    const known = new Map<string, SegmentFile>();
    let fronts = 0;
    for (const name of names) {
      const parsed = parseSegmentName(name);
      if (parsed !== undefined) {
        const entry = await this.#ask(name, parsed);
        if (entry !== undefined) known.set(name, entry);
      } else if (isLeaseName(name) && (await this.#isAlive(name))) fronts++;
    }
    this.#known = known;
    const segments = [...known.values()].sort((left, right) => left.segment - right.segment);
    return { segments, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0), fronts };
  }

  async #ask(
    name: string,
    parsed: { readonly segment: number; readonly state: SegmentState },
  ): Promise<SegmentFile | undefined> {
    const before = this.#known.get(name);
    if (before !== undefined && parsed.state !== "filling") return before;
    const found = await this.#files.stat(segmentPath(this.#folder, parsed.segment, parsed.state));
    if (found === undefined) return undefined;
    return { ...parsed, bytes: found.bytes, sinceMs: before?.sinceMs ?? this.#clock.monotonicMs() };
  }

  async #isAlive(name: string): Promise<boolean> {
    const lease = path.join(this.#folder, name);
    const told = Number(await this.#files.readWhole(lease));
    if (this.#clock.now() - told < diskCacheLimits.frontSilentMs) return true;
    await this.#files.remove(lease);
    return false;
  }
}
