/** Bytes on the disk that are not what was written: never given out, counted, logged, dropped. */
import { copyFile, mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { DiskStore } from "../../../../edge-node/cache/disk/disk-store.ts";
import { diskCacheLimits } from "../../../../sdk/cdn-limits.ts";
import { bodyOf, collect, isEntry, readEntry, smallStoreBytes, writeEntry } from "../../support/disk-bodies.ts";
import { openFront, segmentFiles } from "../../support/disk-store.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { RecordingLogger } from "../../support/recording-logger.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const long = bodyOf(5, 900_000);

interface Setup {
  readonly folder: string;
  readonly clock: FakeClock;
  readonly logger: RecordingLogger;
  readonly store: DiskStore;
}

async function setUp(): Promise<Setup> {
  const folder = await temporaryFolder();
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const store = await openFront({ folder, clock, logger });
  await writeEntry(store, "short", { body: bodyOf(4, 1_000) });
  await writeEntry(store, "long", { body: long });
  return { folder, clock, logger, store };
}

/** Changes one byte of what stands where `needle` is, in whichever segment. */
async function damage(folder: string, needle: Uint8Array): Promise<void> {
  for (const file of await segmentFiles(folder)) {
    const bytes = await readFile(file);
    const at = bytes.indexOf(needle);
    if (at < 0) continue;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);
    return;
  }
  throw new Error("Cannot damage: not found");
}

async function indexFile(folder: string): Promise<string> {
  const { store } = JSON.parse(await readFile(path.join(folder, "store.json"), "utf8")) as { store: string };
  return path.join(folder, store, "index");
}

describe("a damaged disk store", () => {
  it.each([
    ["body", bodyOf(4, 1_000).subarray(500, 600)],
    ["record", Buffer.from("shorthead")],
  ])("does not find an entry whose %s was changed", async (_name, needle) => {
    const { folder, store, logger } = await setUp();
    await damage(folder, needle);
    expect(await readEntry(store, "short")).toBeUndefined();
    expect(store.stats.damaged).toBe(1);
    expect(logger.count("disk-cache-damaged")).toBe(1);
    expect(await readEntry(store, "short")).toBeUndefined();
    expect(store.stats.damaged).toBe(1);
    expect((await readEntry(store, "long"))?.body.equals(long)).toBe(true);
  });

  it("breaks a body off at a changed block, and drops the entry", async () => {
    const { folder, store } = await setUp();
    await damage(folder, long.subarray(600_000, 600_100));
    const chunks: Uint8Array[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of (await store.read("long"))?.body() ?? []) chunks.push(chunk);
    };
    await expect(read()).rejects.toMatchObject({ code: "CACHE_BODY_BROKEN", reason: "damaged" });
    const given = Buffer.concat(chunks);
    expect(given.equals(long.subarray(0, given.byteLength))).toBe(true);
    expect(given.byteLength).toBeLessThanOrEqual(600_000);
    await expect.poll(async () => store.read("long")).toBeUndefined();
    expect(store.stats.damaged).toBe(1);
  });

  it("gives a range out that does not touch the changed block", async () => {
    const { folder, store } = await setUp();
    await damage(folder, long.subarray(600_000, 600_100));
    const read = await readEntry(store, "long", { from: 0, to: 500_000 });
    expect(read?.body.equals(long.subarray(0, 500_000))).toBe(true);
  });

  it("gives nothing out of segments that were swapped, cut, emptied or filled with zeros", async () => {
    const { folder, store, clock } = await setUp();
    for (let number = 0; number < 120; number++) await writeEntry(store, `${number}`, { body: bodyOf(number, 50_000) });
    const files = await segmentFiles(folder);
    const [first = "", second = "", third = "", fourth = ""] = files;
    await copyFile(first, `${first}.copy`);
    await copyFile(second, first);
    await copyFile(`${first}.copy`, second);
    await truncate(third, 100_000);
    await writeFile(fourth, Buffer.alloc(1_048_576));
    await clock.advance(diskCacheLimits.upkeepMs);
    const other = await openFront({ folder });
    for (const front of [store, other]) {
      for (let number = 0; number < 120; number++) {
        const read = await readEntry(front, `${number}`);
        expect(read === undefined || read.body.equals(bodyOf(number, 50_000))).toBe(true);
      }
      const found = await front.read("long");
      const body = await collect(found?.body() ?? none()).catch(() => undefined);
      expect(body === undefined || found === undefined || body.equals(long)).toBe(true);
    }
  });

  it.each([
    ["overwritten", (file: string) => writeFile(file, bodyOf(9, 300_000))],
    ["emptied", (file: string) => truncate(file, 0)],
    ["cut", (file: string) => truncate(file, 5_000)],
  ])("goes on with an index that was %s", async (_name, harm) => {
    const { folder, store } = await setUp();
    await harm(await indexFile(folder));
    const other = await openFront({ folder });
    for (const front of [store, other]) {
      const read = await readEntry(front, "short");
      expect(read === undefined || read.body.equals(bodyOf(4, 1_000))).toBe(true);
      expect(await writeEntry(front, "new", { head: "new", body: bodyOf(6, 700_000) })).toBe(true);
      expect(await isEntry(front, "new", { head: "new", body: bodyOf(6, 700_000) })).toBe(true);
    }
  });

  it.each([
    ["another format", JSON.stringify({ format: 2, store: "0".repeat(16), buckets: 107, segmentBytes: 1_048_576 })],
    ["unreadable", "{"],
    ["unreadable", JSON.stringify({ format: 1, store: "../../etc", buckets: 107, segmentBytes: 1_048_576 })],
    ["laid out for another size", JSON.stringify({ format: 1, store: "0".repeat(16), buckets: 1e9, segmentBytes: 1 })],
  ])("begins anew in a folder whose store is %s", async (reason, text) => {
    const { folder, store } = await setUp();
    await store.close();
    await writeFile(path.join(folder, "store.json"), text);
    const logger = new RecordingLogger();
    const other = await openFront({ folder, logger });
    expect(logger.lines).toContainEqual({ level: "warn", event: "disk-cache-rebuilt", fields: { reason } });
    expect(other.stats.rebuilds).toBe(1);
    expect(await readEntry(other, "short")).toBeUndefined();
    expect(await writeEntry(other, "short", { body: bodyOf(1, 10) })).toBe(true);
    await expect.poll(() => segmentFiles(folder).then((files) => files.length)).toBe(1);
  });

  it("leaves foreign files alone and works beside them", async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, "notes.txt"), "mine");
    await mkdir(path.join(folder, "photos"));
    const store = await openFront({ folder });
    const inside = path.dirname(await indexFile(folder));
    await writeFile(path.join(inside, "00000002.seg"), bodyOf(1, 1_000));
    await mkdir(path.join(inside, "00000003.seg"));
    await writeFile(path.join(inside, "README"), "mine");
    for (let number = 0; number < 700; number++) await writeEntry(store, `${number}`, { body: bodyOf(number, 60_000) });
    expect((await readEntry(store, "699"))?.body.equals(bodyOf(699, 60_000))).toBe(true);
    expect(await readFile(path.join(folder, "notes.txt"), "utf8")).toBe("mine");
    expect(await readFile(path.join(inside, "README"), "utf8")).toBe("mine");
    expect(store.stats.refusedWrites).toBe(0);
  });

  it("goes on when its folder was removed: with what is open at first, with a new store at the next upkeep", async () => {
    const { folder, store, clock, logger } = await setUp();
    await readEntry(store, "short");
    // A segment may be made while this goes on.
    await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 100 });
    expect((await readEntry(store, "short"))?.body.byteLength).toBe(1_000);
    await clock.advance(diskCacheLimits.upkeepMs);
    await expect.poll(() => logger.count("disk-cache-rebuilt")).toBe(1);
    await expect.poll(() => writeEntry(store, "new", { head: "new", body: bodyOf(1, 100_000) })).toBe(true);
    expect(await isEntry(store, "new", { head: "new", body: bodyOf(1, 100_000) })).toBe(true);
    expect(await readEntry(store, "short")).toBeUndefined();
  });

  it("follows another front to a new store", async () => {
    const { folder, store, clock } = await setUp();
    const other = await openFront({ folder, bytesMax: smallStoreBytes * 64 });
    expect(other.stats.rebuilds).toBe(1);
    await writeEntry(other, "new", { body: bodyOf(1, 100) });
    await other.close();
    const third = await openFront({ folder, bytesMax: smallStoreBytes });
    await clock.advance(diskCacheLimits.upkeepMs);
    await expect.poll(() => store.stats.rebuilds).toBe(1);
    await expect.poll(() => writeEntry(store, "shared", { body: bodyOf(1, 100) })).toBe(true);
    await expect.poll(async () => (await third.read("shared")) !== undefined).toBe(true);
  });
});

async function* none(): AsyncGenerator<Uint8Array> {}
