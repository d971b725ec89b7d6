/** Reads in the event loop: only of what was read lately, never of anything but the entry, and not when they take long. */
import { readdir, stat, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { DiskBodyError, type DiskFound, type DiskStore } from "../../../../edge-node/cache/disk/disk-store.ts";
import { diskCacheLimits } from "../../../../sdk/cdn-limits.ts";
import { bodyOf, collect, isEntry, readEntry, writeEntry } from "../../support/disk-bodies.ts";
import { openFront } from "../../support/disk-store.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FaultyFiles } from "../../support/faulty-files.ts";
import { RecordingLogger } from "../../support/recording-logger.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { recentMs, inlineBodyBytesMax } = diskCacheLimits;
const { slowReadMs, slowMsMax, slowMsPerSecond, pauseMsMin, pauseMsMax } = diskCacheLimits.synchronous;
const entry = { head: "head", body: bodyOf(1, 65_536) };

interface Setup {
  readonly folder: string;
  readonly clock: FakeClock;
  readonly files: FaultyFiles;
  readonly logger: RecordingLogger;
  readonly store: DiskStore;
}

/** A front that has read its entry "key" once. */
async function setUp({ recentBytesMax = 1_000_000 }: { readonly recentBytesMax?: number } = {}): Promise<Setup> {
  const folder = await temporaryFolder();
  const [clock, files, logger] = [new FakeClock(), new FaultyFiles(), new RecordingLogger()];
  const store = await openFront({ folder, clock, files, logger, recentBytesMax });
  await writeEntry(store, "key", entry);
  expect(store.readNow("key")).toBeUndefined();
  expect(await isEntry(store, "key", entry)).toBe(true);
  return { folder, clock, files, logger, store };
}

async function isFoundNow(store: DiskStore, key: string, expected: typeof entry): Promise<boolean> {
  const found = store.readNow(key);
  return found !== undefined && (await isFound(found, expected));
}

async function isFound(found: DiskFound, expected: typeof entry): Promise<boolean> {
  const body = await collect(found.body());
  return Buffer.from(found.head).toString() === expected.head && body.equals(expected.body);
}

function bodyIn(found: DiskFound | undefined): AsyncIterable<Uint8Array> {
  if (found === undefined) throw new Error("nothing was found");
  return found.body();
}

/** A copy of what is lent. */
function lentBody(found: DiskFound | undefined): Buffer | undefined {
  let lent: Buffer | undefined;
  found?.lend((bytes) => {
    lent = Buffer.from(bytes);
  });
  return lent;
}

/** The next read in the event loop takes that long. */
function readTaking(
  { clock, files, store, key = "key" }: Setup & { readonly key?: string },
  ms: number,
): DiskFound | undefined {
  files.beforeReadNow = () => clock.jump(ms);
  const found = store.readNow(key);
  files.beforeReadNow = () => {};
  return found;
}

describe("a read in the event loop", () => {
  it.each([0, 1, 1_000, inlineBodyBytesMax])("gives what a thread would, with a body of %i bytes", async (bytes) => {
    const { store } = await setUp();
    const other = { head: "other head", body: bodyOf(2, bytes) };
    await writeEntry(store, "other", other);
    expect(await isEntry(store, "other", other)).toBe(true);
    expect(await isFoundNow(store, "other", other)).toBe(true);
    expect(store.stats).toMatchObject({ synchronousReads: 1, hits: 3, damaged: 0 });
  });

  it("gives bodies that are each their taker's alone, as often as they are asked for", async () => {
    const { store } = await setUp();
    const found = store.readNow("key");
    const [first, second] = [found?.take(), found?.take()];
    expect(first?.buffer.byteLength).toBe(entry.body.byteLength);
    first?.fill(0);
    expect(entry.body.equals(second ?? new Uint8Array())).toBe(true);
    expect(found !== undefined && (await isFound(found, entry))).toBe(true);
  });

  it("is one operation for the entry with its body, and gives the same value as long as the entry is the same", async () => {
    const { files, store } = await setUp();
    const found = store.readNow("key");
    expect(lentBody(found)?.equals(entry.body)).toBe(true);
    expect(files.count("readNow")).toBe(1);
    expect(store.readNow("key")).toBe(found);
    expect(found).toMatchObject({ isAtHand: true, isLasting: true });
    expect(await store.read("key")).toMatchObject({ isAtHand: true, isLasting: false });
  });

  it("is not made unless the front may count on the system's memory", async () => {
    const { files, store } = await setUp({ recentBytesMax: 0 });
    expect(store.readNow("key")).toBeUndefined();
    expect(files.count("readNow")).toBe(0);
  });

  it("is not made of what was read too long ago", async () => {
    const { clock, store } = await setUp();
    await clock.advance(recentMs);
    expect(await isFoundNow(store, "key", entry)).toBe(true);
    await clock.advance(recentMs + 1);
    expect(store.readNow("key")).toBeUndefined();
    expect(await isEntry(store, "key", entry)).toBe(true);
    expect(await isFoundNow(store, "key", entry)).toBe(true);
  });

  it("is not made of what was read before more than the bound", async () => {
    const { store } = await setUp({ recentBytesMax: 200_000 });
    for (const key of ["second", "third"]) await writeEntry(store, key, entry);
    await readEntry(store, "second");
    expect(await isFoundNow(store, "key", entry)).toBe(true);
    await readEntry(store, "third");
    expect(store.readNow("second")).toBeUndefined();
    expect(await isFoundNow(store, "key", entry)).toBe(true);
  });

  it("is not made of a body that stands apart from its head", async () => {
    const { files, store } = await setUp();
    await writeEntry(store, "long", { body: bodyOf(3, inlineBodyBytesMax + 1) });
    await readEntry(store, "long");
    const found = store.readNow("long");
    expect(found?.take()).toBeUndefined();
    const tried = files.count("readNow");
    expect(found && (await collect(found.body())).equals(bodyOf(3, inlineBodyBytesMax + 1))).toBe(true);
    expect(files.count("readNow")).toBe(tried);
  });
});

describe("a body that is lent after something else was read", () => {
  const other = { head: "other head", body: bodyOf(5, 65_536) };

  /** An entry that was found, and another that was read since. */
  async function setUpTwo(): Promise<Setup & { readonly found: DiskFound | undefined }> {
    const setup = await setUp();
    await writeEntry(setup.store, "other", other);
    await readEntry(setup.store, "other");
    const found = setup.store.readNow("key");
    expect(lentBody(setup.store.readNow("other"))?.equals(other.body)).toBe(true);
    return { ...setup, found };
  }

  it("is read again", async () => {
    const { files, found } = await setUpTwo();
    expect(lentBody(found)?.equals(entry.body)).toBe(true);
    expect(files.count("readNow")).toBe(3);
  });

  it("is the one that was found, though another front has replaced it", async () => {
    const { folder, found } = await setUpTwo();
    await writeEntry(await openFront({ folder }), "key", { body: bodyOf(6, 65_536) });
    expect(lentBody(found)?.equals(entry.body)).toBe(true);
  });

  it("is not lent when something else stands in its place, nor given by a thread", async () => {
    const { folder, found } = await setUpTwo();
    for (const name of await readdir(folder, { recursive: true })) {
      const file = path.join(folder, name);
      if (/\.(new|seg)$/.test(name)) await writeFile(file, bodyOf(7, (await stat(file)).size));
    }
    expect(lentBody(found)).toBeUndefined();
    await expect(collect(bodyIn(found))).rejects.toThrow(DiskBodyError);
  });

  it("is not lent when its segment was dropped, nor given by a thread", async () => {
    const { folder, found } = await setUpTwo();
    for (const name of await readdir(folder, { recursive: true })) {
      if (/\.(new|seg)$/.test(name)) await truncate(path.join(folder, name), 0);
    }
    expect(lentBody(found)).toBeUndefined();
    await expect(collect(bodyIn(found))).rejects.toThrow(DiskBodyError);
  });

  it("is not lent while reads in the event loop pause", async () => {
    const setup = await setUpTwo();
    expect(readTaking({ ...setup, key: "other" }, slowMsMax + 1)).toBeDefined();
    expect(lentBody(setup.found)).toBeUndefined();
    expect(setup.found !== undefined && (await isFound(setup.found, entry))).toBe(true);
  });
});

describe("an entry that changed since it was read", () => {
  it("is not given, whoever of the fronts changed it", async () => {
    const { folder, store } = await setUp();
    const other = await openFront({ folder });
    const next = { head: "next", body: bodyOf(4, 500) };
    await writeEntry(other, "key", next);
    expect(store.readNow("key")).toBeUndefined();
    expect(await isEntry(store, "key", next)).toBe(true);
    expect(await isFoundNow(store, "key", next)).toBe(true);
    await other.delete("key");
    expect(store.readNow("key")).toBeUndefined();
    expect(await store.read("key")).toBeUndefined();
  });

  it("has its new head", async () => {
    const { store } = await setUp();
    expect(await store.replaceHead("key", Buffer.from("a longer head"))).toBe(true);
    expect(store.readNow("key")).toBeUndefined();
    const next = { head: "a longer head", body: entry.body };
    expect(await isEntry(store, "key", next)).toBe(true);
    expect(await isFoundNow(store, "key", next)).toBe(true);
  });

  it("is not given when this front deleted it, even if the disk does not take that", async () => {
    const { files, store } = await setUp();
    files.set({ fail: "EIO" }, "write");
    await store.delete("key");
    expect(store.readNow("key")).toBeUndefined();
  });
});

describe("reads in the event loop that go wrong", () => {
  it("are left to a thread when they fail", async () => {
    const { files, store } = await setUp();
    files.set({ fail: "EIO" }, "readNow");
    expect(store.readNow("key")).toBeUndefined();
    files.set(undefined);
    expect(store.readNow("key")).toBeUndefined();
    expect(await isEntry(store, "key", entry)).toBe(true);
    expect(await isFoundNow(store, "key", entry)).toBe(true);
  });

  it("pause at once after one that takes very long, longer each time, and begin anew after a time without", async () => {
    const setup = await setUp();
    const { clock, logger, store } = setup;
    for (const pauseMs of [pauseMsMin, pauseMsMin * 2, pauseMsMin * 4]) {
      expect(readTaking(setup, slowMsMax + 1)).toBeDefined();
      expect(store.readNow("key")).toBeUndefined();
      await clock.advance(pauseMs - 1);
      expect(await isEntry(store, "key", entry)).toBe(true);
      expect(store.readNow("key")).toBeUndefined();
      await clock.advance(1);
      expect(store.readNow("key")).toBeDefined();
    }
    expect(store.stats).toMatchObject({ slowSynchronousReads: 3, synchronousPauses: 3 });
    expect(logger.count("disk-cache-reads-through-threads")).toBe(3);
    await clock.advance(pauseMsMax);
    expect(await isEntry(store, "key", entry)).toBe(true);
    readTaking(setup, slowMsMax + 1);
    await clock.advance(pauseMsMin);
    expect(await isEntry(store, "key", entry)).toBe(true);
    expect(store.readNow("key")).toBeDefined();
  });

  it("pause after many slow ones in a short time, not after as many in a long time", async () => {
    const setup = await setUp();
    const { clock, store } = setup;
    const slowOnes = Math.floor(slowMsMax / slowReadMs);
    for (let time = 0; time < slowOnes * 2; time++) {
      await clock.advance((slowReadMs / slowMsPerSecond) * 1_000);
      expect(readTaking(setup, slowReadMs)).toBeDefined();
    }
    expect(store.stats.synchronousPauses).toBe(0);
    for (let time = 0; time <= slowOnes * 2; time++) readTaking(setup, slowReadMs);
    expect(store.stats.synchronousPauses).toBe(1);
    expect(store.readNow("key")).toBeUndefined();
  });
});
