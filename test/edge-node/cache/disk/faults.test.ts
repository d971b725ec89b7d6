/** A disk that fails, fills, hangs or disappears costs hits and entries, never a request: nothing throws, nothing waits beyond its deadline. */
import { describe, expect, it, onTestFinished } from "vitest";
import type { DiskStore } from "../../../../edge-node/cache/disk/disk-store.ts";
import { diskCacheLimits } from "../../../../sdk/cdn-limits.ts";
import { bodyOf, collect, isEntry, readEntry, writeEntry } from "../../support/disk-bodies.ts";
import { openFront, segmentFiles } from "../../support/disk-store.ts";
import { FakeClock, settle } from "../../support/fake-clock.ts";
import { FaultyFiles } from "../../support/faulty-files.ts";
import { RecordingLogger } from "../../support/recording-logger.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { readMs, bodyReadMs, restMsMin, restMsMax, upkeepMs, writeWaitMs, failuresMax } = diskCacheLimits;
const entry = { head: "head", body: bodyOf(1, 1_000) };
const long = bodyOf(2, 900_000);

interface Setup {
  readonly folder: string;
  readonly clock: FakeClock;
  readonly files: FaultyFiles;
  readonly logger: RecordingLogger;
  readonly store: DiskStore;
}

async function setUp(): Promise<Setup> {
  const folder = await temporaryFolder();
  const [clock, files, logger] = [new FakeClock(), new FaultyFiles(), new RecordingLogger()];
  const store = await openFront({ folder, clock, files, logger });
  onTestFinished(() => files.release());
  await writeEntry(store, "key", entry);
  await writeEntry(store, "long", { body: long });
  return { folder, clock, files, logger, store };
}

/** Lets the file system's threads answer. */
async function untilQuiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await settle();
}

describe("a disk that fails", () => {
  it("is left alone after several failures in a row, and used again when it works", async () => {
    const { clock, files, logger, store } = await setUp();
    files.set({ fail: "EIO" }, "read");
    for (let time = 0; time < failuresMax; time++) expect(await store.read("key")).toBeUndefined();
    expect(store.stats).toMatchObject({ readErrors: failuresMax, rests: 1 });
    expect(logger.count("disk-cache-rests")).toBe(1);
    expect(logger.count("disk-cache-failed")).toBe(1);
    const tried = files.count("read");
    files.set(undefined);
    expect(await store.read("key")).toBeUndefined();
    expect(files.count("read")).toBe(tried);
    await clock.advance(restMsMin);
    expect(await isEntry(store, "key", entry)).toBe(true);
    expect(store.stats.damaged).toBe(0);
  });

  it("that fails to write loses new entries, and goes on giving out what it has", async () => {
    const { clock, files, store } = await setUp();
    files.set({ fail: "EROFS" }, "write");
    for (let time = 0; time < 10; time++) {
      expect(await writeEntry(store, "key", { body: bodyOf(3, 10) })).toBe(false);
      expect(await isEntry(store, "key", entry)).toBe(true);
    }
    expect(await store.replaceHead("key", Buffer.from("new"))).toBe(false);
    expect(store.stats).toMatchObject({ refusedWrites: 10, writeErrors: 1, rests: 1 });
    files.set(undefined);
    await clock.advance(restMsMin);
    expect(await writeEntry(store, "key", { head: "new", body: bodyOf(3, 10) })).toBe(true);
    expect(await isEntry(store, "key", { head: "new", body: bodyOf(3, 10) })).toBe(true);
  });

  it.each([
    ["says so", { fail: "ENOSPC" }],
    ["writes only in part", { half: true }],
  ] as const)("that is full and %s loses the entry, drops its oldest segment, and goes on", async (_name, fault) => {
    const { folder, clock, files, store } = await setUp();
    // The next segment is at hand before the disk is full.
    await expect.poll(() => segmentFiles(folder)).toHaveLength(2);
    await untilQuiet();
    files.set(fault, "write");
    expect(await writeEntry(store, "key", { body: bodyOf(3, 100_000) })).toBe(false);
    expect(await isEntry(store, "key", entry)).toBe(true);
    expect(await writeEntry(store, "long", { body: bodyOf(3, 600_000) })).toBe(false);
    files.set(undefined);
    await clock.advance(restMsMin);
    expect(await writeEntry(store, "new", { head: "new", body: long })).toBe(true);
    expect(await isEntry(store, "new", { head: "new", body: long })).toBe(true);
    expect(store.stats.evictedSegments).toBeGreaterThan(0);
    expect(store.stats.damaged).toBe(0);
  });

  it("has deleted what it could not delete yet, and deletes it later for everybody", async () => {
    const { folder, clock, files, store } = await setUp();
    files.set({ fail: "EIO" }, "write");
    await store.delete("key");
    expect(await store.read("key")).toBeUndefined();
    expect(await writeEntry(store, "key", entry)).toBe(false);
    files.set(undefined);
    await clock.advance(upkeepMs);
    await expect.poll(async () => (await openFront({ folder })).read("key")).toBeUndefined();
    expect(await writeEntry(store, "key", entry)).toBe(true);
    expect(await isEntry(store, "key", entry)).toBe(true);
  });

  it("is not found at the start, and used as soon as it is there", async () => {
    const folder = await temporaryFolder();
    const [clock, files, logger] = [new FakeClock(), new FaultyFiles(), new RecordingLogger()];
    files.set({ fail: "EACCES" }, "makeFolder");
    const store = await openFront({ folder, clock, files, logger });
    expect(await store.read("key")).toBeUndefined();
    expect(await writeEntry(store, "key", entry)).toBe(false);
    await store.delete("key");
    expect(await store.replaceHead("key", Buffer.from("head"))).toBe(false);
    expect(logger.count("disk-cache-upkeep-failed")).toBe(1);
    files.set(undefined);
    await clock.advance(upkeepMs);
    await expect.poll(() => writeEntry(store, "key", entry)).toBe(true);
    expect(await isEntry(store, "key", entry)).toBe(true);
  });

  it.each(["list", "stat", "statOpen", "replaceWhole", "rename", "remove", "truncate", "open", "close"] as const)(
    "fails at %s alone, and all that is given out is right",
    async (operation) => {
      const { clock, files, store } = await setUp();
      files.set({ fail: "EIO" }, operation);
      for (let number = 0; number < 600; number++) {
        await writeEntry(store, `${number}`, { head: "h", body: bodyOf(number, 60_000) });
        if (number % 100 === 0) await clock.advance(upkeepMs);
      }
      files.set(undefined);
      await clock.advance(restMsMax);
      for (let number = 0; number < 600; number++) {
        const read = await readEntry(store, `${number}`);
        expect(read === undefined || read.body.equals(bodyOf(number, 60_000))).toBe(true);
      }
      expect(store.stats.damaged).toBe(0);
    },
  );
});

describe("a disk that hangs", () => {
  it("gives nothing after the deadline, is left alone then, and leaves a thread to others", async () => {
    const { clock, files, logger, store } = await setUp();
    files.set({ hang: true }, "read");
    const reads = Array.from({ length: 20 }, () => store.read("key"));
    await expect.poll(() => files.hanging).toBe(diskCacheLimits.operationsMax);
    await clock.advance(readMs + 1);
    expect(await Promise.all(reads)).toEqual(reads.map(() => undefined));
    expect(store.stats.lateReads).toBe(20);
    expect(logger.count("disk-cache-rests")).toBe(1);
    expect(await store.read("key")).toBeUndefined();
    files.release();
    // Those that hung end on threads of their own, and each of them was slow.
    const isThere = async (): Promise<boolean> => {
      await clock.advance(restMsMax);
      return isEntry(store, "key", entry);
    };
    await expect.poll(isThere).toBe(true);
  });

  it("breaks a body off at its deadline", async () => {
    const { clock, files, store } = await setUp();
    const found = await store.read("long");
    files.set({ hang: true }, "read");
    const reading = collect(found?.body() ?? none()).catch((error: unknown) => error);
    await clock.advance(bodyReadMs + 1);
    expect(await reading).toMatchObject({ code: "CACHE_BODY_BROKEN", reason: "late" });
    files.release();
  });

  it("costs a writer the entry after a bounded wait, with bounded memory", async () => {
    const { clock, files, store } = await setUp();
    files.set({ hang: true }, "write");
    const writer = store.begin("new", Buffer.from("head"));
    const chunk = Buffer.alloc(65_536);
    let taken = 0;
    const writing = (async () => {
      for (; taken < 160; taken++) await writer.write(chunk);
    })();
    await untilQuiet();
    expect(taken * chunk.byteLength).toBeLessThan(diskCacheLimits.unwrittenBytesMax + 2 * chunk.byteLength);
    await clock.advance(writeWaitMs);
    await writing;
    expect(await writer.finish()).toBe(false);
    expect(store.stats.refusedWrites).toBe(1);
    files.release();
  });

  it("slows a writer down within the bound, and the entry is there", async () => {
    const { clock, files, store } = await setUp();
    files.set({ hang: true }, "write");
    const writer = store.begin("new", Buffer.from("head"));
    const body = bodyOf(7, 6_000_000);
    const writing = writer.write(body);
    await untilQuiet();
    await clock.advance(writeWaitMs / 2);
    files.release();
    await writing;
    expect(await writer.finish()).toBe(true);
    expect(await isEntry(store, "new", { head: "head", body })).toBe(true);
  });

  it("does not keep the store from opening, deleting and closing", async () => {
    const { folder, clock, files, store } = await setUp();
    files.set({ hang: true }, "read", "write", "readWhole", "list", "stat");
    const opening = openFront({ folder, clock, files });
    const deleting = store.delete("key");
    await clock.advance(bodyReadMs + 1);
    const other = await opening;
    await deleting;
    expect(await other.read("key")).toBeUndefined();
    const closing = other.close();
    await clock.advance(bodyReadMs + 1);
    await closing;
    files.release();
  });
});

async function* none(): AsyncGenerator<Uint8Array> {}
