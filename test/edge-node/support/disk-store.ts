/** Disk stores for tests: opened on a folder, closed with the test. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { DiskStore } from "../../../edge-node/cache/disk/disk-store.ts";
import { openDiskStore, type DiskStoreOptions } from "../../../edge-node/cache/disk/open-disk-store.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import { smallStoreBytes } from "./disk-bodies.ts";
import { FakeClock } from "./fake-clock.ts";

export async function openFront(options: Partial<DiskStoreOptions> & { readonly folder: string }): Promise<DiskStore> {
  const store = await openDiskStore({
    bytesMax: smallStoreBytes,
    objectBytesMax: smallStoreBytes,
    clock: new FakeClock(),
    logger: silentLogger,
    ...options,
  });
  onTestFinished(() => store.close());
  return store;
}

/** Paths of the store's segments below the configured folder, the oldest first. */
export async function segmentFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => /\.(new|seg|out)$/.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}
