/** The store stays within its bytes, keeps what is in use, and never mixes entries up while segments leave. */
import { stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { DiskStore } from "../../../../edge-node/cache/disk/disk-store.ts";
import { diskCacheLimits } from "../../../../sdk/cdn-limits.ts";
import { bodyOf, collect, isEntry, readEntry, smallStoreBytes, writeEntry } from "../../support/disk-bodies.ts";
import { openFront, segmentFiles } from "../../support/disk-store.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const bytes = 60_000;

function body(number: number): Buffer {
  return bodyOf(number, bytes);
}

async function fill(store: DiskStore, numbers: { readonly from: number; readonly to: number }): Promise<void> {
  for (let number = numbers.from; number < numbers.to; number++) {
    await writeEntry(store, `key ${number}`, { head: String(number), body: body(number) });
  }
}

/** A segment may leave, or get another name, while this looks. */
async function bytesOnDisk(folder: string): Promise<number> {
  const sizes = (await segmentFiles(folder)).map((file) =>
    stat(file).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Numbers of entries that are there; each must be right. */
async function present(store: DiskStore, to: number): Promise<number[]> {
  const numbers: number[] = [];
  for (let number = 0; number < to; number++) {
    const read = await readEntry(store, `key ${number}`);
    if (read === undefined) continue;
    expect(read.head).toBe(String(number));
    expect(read.body.equals(body(number))).toBe(true);
    numbers.push(number);
  }
  return numbers;
}

describe("a disk store that is full", () => {
  it("stays within its bytes and keeps the newest entries", async () => {
    const folder = await temporaryFolder();
    const store = await openFront({ folder });
    await fill(store, { from: 0, to: 1_000 });
    expect(await bytesOnDisk(folder)).toBeLessThanOrEqual(smallStoreBytes);
    const numbers = await present(store, 1_000);
    // At least two thirds of the room hold entries, and those are the last ones.
    expect(numbers.length * bytes).toBeGreaterThan((smallStoreBytes * 2) / 3);
    expect(numbers).toEqual(Array.from(numbers, (_number, index) => 1_000 - numbers.length + index));
    expect(store.stats.evictedSegments).toBeGreaterThan(0);
    expect(store.stats.refusedWrites).toBe(0);
  });

  it("keeps an old entry that is read again and again, short or long", async () => {
    const clock = new FakeClock();
    const store = await openFront({ folder: await temporaryFolder(), clock });
    const long = bodyOf(999, 450_000);
    await writeEntry(store, "short", { head: "short", body: body(998) });
    await writeEntry(store, "long", { head: "long", body: long });
    for (let from = 0; from < 2_000; from += 100) {
      await fill(store, { from, to: from + 100 });
      expect(await isEntry(store, "short", { head: "short", body: body(998) })).toBe(true);
      expect(await isEntry(store, "long", { head: "long", body: long })).toBe(true);
      await clock.advance(diskCacheLimits.usesMs);
    }
    expect(store.stats.keptEntries).toBeGreaterThan(0);
    expect(store.stats.damaged).toBe(0);
  });

  it("keeps an entry that only another front reads", async () => {
    const folder = await temporaryFolder();
    const clock = new FakeClock();
    const [writer, reader] = [await openFront({ folder }), await openFront({ folder, clock })];
    await writeEntry(writer, "read", { head: "read", body: body(998) });
    await writeEntry(writer, "unread", { head: "unread", body: body(997) });
    expect(await readEntry(reader, "read")).toBeDefined();
    await clock.advance(diskCacheLimits.usesMs);
    await expect.poll(() => readEntry(reader, "read")).toBeDefined();
    await fill(writer, { from: 0, to: 700 });
    expect(await isEntry(reader, "read", { head: "read", body: body(998) })).toBe(true);
    expect(await readEntry(reader, "unread")).toBeUndefined();
  });

  it("goes on with a long body at its new places when it is carried over while it is read", async () => {
    const clock = new FakeClock();
    const store = await openFront({ folder: await temporaryFolder(), clock });
    const long = bodyOf(999, 450_000);
    await writeEntry(store, "long", { body: long });
    const chunks = (await store.read("long"))?.body()[Symbol.asyncIterator]();
    const first = await chunks?.next();
    await clock.advance(diskCacheLimits.usesMs);
    await fill(store, { from: 0, to: 600 });
    const read = [first?.value as Uint8Array];
    for (let next = await chunks?.next(); next?.done === false; next = await chunks?.next()) read.push(next.value);
    expect(Buffer.concat(read).equals(long)).toBe(true);
  });

  it("breaks a long body off that leaves while it is read", async () => {
    const store = await openFront({ folder: await temporaryFolder() });
    await writeEntry(store, "long", { body: bodyOf(999, 1_500_000) });
    const found = await store.read("long");
    await fill(store, { from: 0, to: 1_000 });
    await expect(collect(found?.body() ?? none())).rejects.toMatchObject({ code: "CACHE_BODY_BROKEN", reason: "gone" });
    expect(store.stats.damaged).toBe(0);
  });

  it("does not bring back an entry that was deleted or replaced", async () => {
    const clock = new FakeClock();
    const store = await openFront({ folder: await temporaryFolder(), clock });
    await fill(store, { from: 0, to: 5 });
    await present(store, 5);
    await clock.advance(diskCacheLimits.usesMs);
    await store.delete("key 0");
    await writeEntry(store, "key 1", { head: "new", body: bodyOf(77, 10) });
    await store.replaceHead("key 2", Buffer.from("2"));
    await fill(store, { from: 5, to: 600 });
    expect(await readEntry(store, "key 0")).toBeUndefined();
    expect((await readEntry(store, "key 1"))?.head ?? "new").toBe("new");
    expect((await readEntry(store, "key 2"))?.head ?? "2").toBe("2");
  });

  it("holds its bytes over several fronts that write at once", async () => {
    const folder = await temporaryFolder();
    const fronts = await Promise.all([1, 2, 3].map(() => openFront({ folder })));
    await Promise.all(fronts.map((front, index) => fill(front, { from: index * 500, to: index * 500 + 500 })));
    expect(await bytesOnDisk(folder)).toBeLessThanOrEqual(smallStoreBytes);
    for (const front of fronts) {
      expect((await present(front, 1_500)).length).toBeGreaterThan(100);
      expect(front.stats.damaged).toBe(0);
    }
  });

  it("refuses a body longer than allowed and keeps the entry that was there", async () => {
    const store = await openFront({ folder: await temporaryFolder(), objectBytesMax: 1_000_000 });
    await writeEntry(store, "key", { head: "old", body: bodyOf(1, 10) });
    expect(await writeEntry(store, "key", { body: bodyOf(2, 1_000_001) })).toBe(false);
    expect(await isEntry(store, "key", { head: "old", body: bodyOf(1, 10) })).toBe(true);
    expect(await writeEntry(store, "key", { head: "new", body: bodyOf(2, 1_000_000) })).toBe(true);
    expect(store.stats.refusedWrites).toBe(1);
  });
});

async function* none(): AsyncGenerator<Uint8Array> {}
