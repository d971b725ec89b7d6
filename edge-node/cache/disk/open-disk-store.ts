/** Opens the disk tier of a front: the one way to get a `DiskStore`. Checks what was configured; what the disk says is no reason to fail. */
import { randomInt } from "node:crypto";
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Clock } from "../../clock.ts";
import type { Logger } from "../../logger.ts";
import { nodeDiskFiles, type DiskFiles } from "./disk-files.ts";
import type { DiskStore } from "./disk-store.ts";
import type { KeyHash } from "./key-hash.ts";
import { FolderDiskStore } from "./folder-disk-store.ts";

export interface DiskStoreOptions {
  /** The store's own folder, made when it is missing; all fronts of a node open the same. */
  readonly folder: string;
  /** Bytes of everything in it, `diskCacheLimits.bytesMin`..`bytesMax`; the same for all fronts. */
  readonly bytesMax: number;
  /** Bytes of one body; beyond a quarter of `bytesMax` that is the bound. */
  readonly objectBytesMax: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: the file system. */
  readonly files?: DiskFiles;
  /** An unsigned 32-bit random number; default: the system's. */
  readonly randomWord?: () => number;
  /** Tells the node's other fronts of an entry that this one made; what they tell goes to `learn`. Default: fronts do not tell each other. */
  readonly announce?: (key: KeyHash) => void;
  /** What this front may count as in the system's memory, bytes. Default: 0, everything is read through threads. */
  readonly recentBytesMax?: number;
}

/**
 * The store, after a bounded wait; when the disk is not usable (yet) it misses everything and tries again. Whoever opens it closes it.
 * @throws RangeError when an option is out of its range.
 */
export async function openDiskStore(options: DiskStoreOptions): Promise<DiskStore> {
  const { bytesMax, objectBytesMax } = options;
  check("bytesMax", { value: bytesMax, min: diskCacheLimits.bytesMin, max: diskCacheLimits.bytesMax });
  check("objectBytesMax", { value: objectBytesMax, min: 1, max: diskCacheLimits.bytesMax });
  const { files = nodeDiskFiles, randomWord = () => randomInt(2 ** 32), announce = null, recentBytesMax = 0 } = options;
  const store = new FolderDiskStore({ ...options, files, randomWord, announce, recentBytesMax });
  await store.start();
  return store;
}

function check(name: string, range: { readonly value: number; readonly min: number; readonly max: number }): void {
  const { value, min, max } = range;
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`Cannot open the disk cache: ${name}: received ${value}, allowed: an integer ${min}..${max}`);
}
