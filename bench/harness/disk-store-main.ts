/**
 * Fills a disk store or opens a filled one, in a process of its own: prints one JSON object.
 *
 * `node disk-store-main.ts fill FOLDER OBJECTS BODY_BYTES` writes objects through the store itself;
 * `node disk-store-main.ts open FOLDER OBJECTS BODY_BYTES` tells how long it takes from opening to the first read, and reads on for a while.
 */
import { randomFillSync } from "node:crypto";
import { systemClock } from "../../edge-node/clock.ts";
import type { DiskStore } from "../../edge-node/cache/disk/disk-store.ts";
import { openDiskStore } from "../../edge-node/cache/disk/open-disk-store.ts";
import { silentLogger } from "../../edge-node/logger.ts";

const AT_ONCE = 64;
const READS = 20_000;
/** Beside the body: record, key, head and room for those that leave. */
const ENTRY_BYTES = 4_096;

const [task = "", folder = "", objects = "0", bodyBytes = "0"] = process.argv.slice(2);
const size = { objects: Number(objects), bodyBytes: Number(bodyBytes) };
const begunMs = performance.now();
const store = await openDiskStore({
  folder,
  bytesMax: Math.max(33_554_432, Math.ceil(size.objects * (size.bodyBytes + ENTRY_BYTES) * 1.2)),
  objectBytesMax: size.bodyBytes,
  clock: systemClock,
  logger: silentLogger,
});
const openMs = performance.now() - begunMs;
const result = task === "fill" ? await fill(store) : await read(store);
process.stdout.write(`${JSON.stringify({ openMs, ...result })}\n`);
await store.close();

function keyOf(number: number): string {
  return `bench.test https://bench.test/objects/${number}`;
}

async function fill(store: DiskStore): Promise<object> {
  const head = randomFillSync(Buffer.alloc(400));
  const body = randomFillSync(Buffer.alloc(size.bodyBytes));
  const fillMs = await inParallel(size.objects, async (number) => {
    const writer = store.begin(keyOf(number), head);
    await writer.write(body);
    await writer.finish();
  });
  return { fillMs, ...memory(), stats: store.stats };
}

async function read(store: DiskStore): Promise<object> {
  let found = 0;
  const readOne = async (number: number): Promise<void> => {
    const entry = await store.read(keyOf(number));
    if (entry === undefined) return;
    for await (const chunk of entry.body()) if (chunk.byteLength > 0) found++;
  };
  await readOne(0);
  const firstReadMs = performance.now() - begunMs;
  const afterOpen = memory();
  // A step that has no common divisor with the number of objects meets each once.
  const readMs = await inParallel(READS, (number) => readOne((number * 7_919) % size.objects));
  const againMs = await inParallel(READS, (number) => readOne((number * 7_919) % size.objects));
  return { firstReadMs, readMs, againMs, reads: READS, found, afterOpen, ...memory(), stats: store.stats };
}

async function inParallel(count: number, perform: (number: number) => Promise<void>): Promise<number> {
  const begunMs = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await perform(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return performance.now() - begunMs;
}

function memory(): { readonly rssMiB: number } {
  return { rssMiB: Math.round(process.memoryUsage().rss / 1_048_576) };
}
