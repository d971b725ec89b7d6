/** How large a cache on disk may be: none at all, or one that the disk store can lay out. */
import { diskCacheLimits } from "../../sdk/cdn-limits.ts";
import type { Problem } from "../../sdk/problem.ts";

const MIB = 1_048_576;
export const diskCacheMiBMin: number = diskCacheLimits.bytesMin / MIB;
export const diskCacheMiBMax: number = diskCacheLimits.bytesMax / MIB;

export function checkDiskCache(mib: number): Problem[] {
  if (mib === 0 || mib >= diskCacheMiBMin) return [];
  const message = `received ${mib}, allowed: 0 for none, or an integer from ${diskCacheMiBMin}`;
  return [{ path: "node.diskCacheMiB", message }];
}
