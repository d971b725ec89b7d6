/**
 * A front that does nothing but change entries of a disk store until it is killed: `node disk-writer-main.ts FOLDER NAME SEED`.
 *
 * Each entry says in its head what its body has to be. After an entry of its own exists it prints `KEY VERSION`.
 */
import { systemClock } from "../../../edge-node/clock.ts";
import type { DiskStore } from "../../../edge-node/cache/disk/disk-store.ts";
import { openDiskStore } from "../../../edge-node/cache/disk/open-disk-store.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import { describedEntry, nextRandom } from "./described-entry.ts";
import { readEntry, smallStoreBytes, writeEntry } from "./disk-bodies.ts";

const [folder = "", name = "", seed = "1"] = process.argv.slice(2);
const store = await openDiskStore({
  folder,
  bytesMax: smallStoreBytes,
  objectBytesMax: smallStoreBytes,
  clock: systemClock,
  logger: silentLogger,
});
let random = Number(seed);
await Promise.all([1, 2, 3].map((lane) => changeForever(store, lane)));

async function changeForever(store: DiskStore, lane: number): Promise<never> {
  for (;;) {
    random = nextRandom(random);
    const [version, choice] = [random, random % 16];
    const isOwn = version % 3 > 0;
    const key = isOwn ? `${name} ${lane} ${version % 20}` : `shared ${version % 20}`;
    const entry = describedEntry(key, version);
    if (choice === 0) await store.delete(key);
    else if (choice === 1) await readEntry(store, key).catch(() => undefined);
    else if (choice === 2) await replaceHeadOfRead(store, key);
    else if ((await writeEntry(store, key, entry)) && isOwn) process.stdout.write(`${key} ${version}\n`);
  }
}

/** With a head that says the same and is longer. */
async function replaceHeadOfRead(store: DiskStore, key: string): Promise<void> {
  const found = await store.read(key);
  if (found === undefined) return;
  const head = Buffer.from(found.head);
  // Another front may have replaced the entry since it was read.
  await store.replaceHead(key, Buffer.from(`${head.toString().trim()}  `), {
    isFor: (present) => head.equals(present.head),
  });
}
