/** What every `DiskStore` promises, whoever of a node's fronts writes and reads. */
import { describe, expect, it } from "vitest";
import type { DiskStore } from "../../../../edge-node/cache/disk/disk-store.ts";
import { diskCacheLimits } from "../../../../sdk/cdn-limits.ts";
import { bodyOf, collect, isEntry, readEntry, writeEntry } from "../../support/disk-bodies.ts";
import { openFront } from "../../support/disk-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

interface Fronts {
  readonly writer: DiskStore;
  readonly reader: () => Promise<DiskStore>;
}

const arrangements: Readonly<Record<string, () => Promise<Fronts>>> = {
  "one front": async () => {
    const front = await openFront({ folder: await temporaryFolder() });
    return { writer: front, reader: async () => front };
  },
  "two fronts of one folder": async () => {
    const folder = await temporaryFolder();
    const writer = await openFront({ folder });
    const reader = await openFront({ folder });
    return { writer, reader: async () => reader };
  },
  "a front that starts later": async () => {
    const folder = await temporaryFolder();
    return { writer: await openFront({ folder }), reader: () => openFront({ folder }) };
  },
};

const inline = diskCacheLimits.inlineBodyBytesMax;
const block = diskCacheLimits.blockBytes;

describe.each(Object.entries(arrangements))("a disk store, %s", (_name, arrange) => {
  it.each([0, 1, 1_000, block - 1, block, block + 1, inline, inline + 1, inline + block, 2_000_000])(
    "gives back an entry with a body of %i bytes",
    async (bytes) => {
      const { writer, reader } = await arrange();
      const body = bodyOf(bytes, bytes);
      expect(await writeEntry(writer, "key", { head: "some head", body })).toBe(true);
      const found = await (await reader()).read("key");
      expect(found?.bodyBytes).toBe(bytes);
      expect(await isEntry(await reader(), "key", { head: "some head", body })).toBe(true);
    },
  );

  it("takes chunks of any size, also empty ones, and does not keep their memory", async () => {
    const { writer, reader } = await arrange();
    const body = bodyOf(1, 700_000);
    const entry = writer.begin("key", Buffer.from("head"));
    for (const [from, to] of [
      [0, 0],
      [0, 1],
      [1, 300_000],
      [300_000, 700_000],
    ]) {
      const chunk = Buffer.from(body.subarray(from, to));
      await entry.write(chunk);
      chunk.fill(0);
    }
    expect(await entry.finish()).toBe(true);
    expect((await readEntry(await reader(), "key"))?.body.equals(body)).toBe(true);
  });

  it.each([
    [1_000, 0, 1_000],
    [1_000, 10, 11],
    [1_000, 1_000, 1_000],
    [1_000_000, 0, 1],
    [1_000_000, block, 2 * block],
    [1_000_000, block - 1, block + 1],
    [1_000_000, 123_456, 900_001],
    [1_000_000, 999_999, 1_000_000],
    [1_000_000, 1_000_000, 1_000_000],
  ])("gives of a body of %i bytes those from %i to %i", async (bytes, from, to) => {
    const { writer, reader } = await arrange();
    const body = bodyOf(2, bytes);
    await writeEntry(writer, "key", { body });
    const read = await readEntry(await reader(), "key", { from, to });
    expect(read?.body.equals(body.subarray(from, to))).toBe(true);
  });

  it.each([
    { from: -1, to: 1 },
    { from: 2, to: 1 },
    { from: 0, to: 1_001 },
    { from: 0.5, to: 1 },
  ])("refuses the range %j of a body of 1000 bytes", async (range) => {
    const { writer, reader } = await arrange();
    await writeEntry(writer, "key", { body: bodyOf(1, 1_000) });
    const found = await (await reader()).read("key");
    expect(() => found?.body(range)).toThrow(RangeError);
  });

  it("has nothing of an entry before finish(), nor after abort()", async () => {
    const { writer, reader } = await arrange();
    const pending = writer.begin("pending", Buffer.from("head"));
    await pending.write(bodyOf(1, 600_000));
    const aborted = writer.begin("aborted", Buffer.from("head"));
    await aborted.write(bodyOf(1, 600_000));
    await aborted.abort();
    expect(await aborted.finish()).toBe(false);
    expect(await readEntry(await reader(), "pending")).toBeUndefined();
    expect(await readEntry(await reader(), "aborted")).toBeUndefined();
    expect(await pending.finish()).toBe(true);
    expect((await readEntry(await reader(), "pending"))?.body.byteLength).toBe(600_000);
  });

  it("replaces an entry, and lets those that read the old one read it to its end", async () => {
    const { writer, reader } = await arrange();
    const store = await reader();
    const old = bodyOf(1, 900_000);
    await writeEntry(writer, "key", { head: "old", body: old });
    const reading = await store.read("key");
    await writeEntry(writer, "key", { head: "new", body: bodyOf(2, 5) });
    expect(await isEntry(store, "key", { head: "new", body: bodyOf(2, 5) })).toBe(true);
    expect((await collect(reading?.body() ?? none())).equals(old)).toBe(true);
  });

  it("asks a new entry whether it may take the place of what stands there, once that is whole", async () => {
    const { writer, reader } = await arrange();
    await writeEntry(writer, "key", { head: "old", body: bodyOf(1, 900) });
    const seen: string[] = [];
    const finish = (key: string, mayReplace: boolean): Promise<boolean> =>
      writer
        .begin(key, Buffer.from("new"), {
          mayReplace: ({ head, bodyBytes }) => {
            seen.push(`${Buffer.from(head).toString()} ${bodyBytes}`);
            return mayReplace;
          },
        })
        .finish();
    expect(await finish("key", false)).toBe(false);
    expect(await isEntry(await reader(), "key", { head: "old", body: bodyOf(1, 900) })).toBe(true);
    expect([await finish("key", true), await finish("nothing there", false)]).toEqual([true, true]);
    expect(seen).toEqual(["old 900", "old 900"]);
    expect((await readEntry(await reader(), "key"))?.head).toBe("new");
    expect(writer.stats.refusedWrites).toBe(0);
  });

  it.each([10, 100_000])("gives a body of %i bytes away once, and reads it anew for others", async (bytes) => {
    const { writer, reader } = await arrange();
    const body = bodyOf(4, bytes);
    await writeEntry(writer, "key", { head: "head", body });
    const store = await reader();
    const found = await store.read("key");
    expect(found?.take()).toEqual(body);
    expect(found?.take()).toBeUndefined();
    // Another head, of another length, may have come before the same body.
    await writer.replaceHead("key", Buffer.from("a longer head"));
    const range = { from: 3, to: bytes - 1 };
    expect((await collect(found?.body(range) ?? none())).equals(body.subarray(range.from, range.to))).toBe(true);
    await writeEntry(writer, "key", { body: bodyOf(5, bytes) });
    await expect(collect(found?.body() ?? none())).rejects.toThrow("gone");
  });

  it("gives no body away that does not come with its head", async () => {
    const { writer, reader } = await arrange();
    await writeEntry(writer, "key", { body: bodyOf(1, 900_000) });
    expect((await (await reader()).read("key"))?.take()).toBeUndefined();
  });

  it.each([10, 900_000])("replaces the head before a body of %i bytes", async (bytes) => {
    const { writer, reader } = await arrange();
    const store = await reader();
    const body = bodyOf(3, bytes);
    await writeEntry(writer, "key", { head: "old", body });
    expect((await readEntry(store, "key"))?.head).toBe("old");
    expect(await writer.replaceHead("key", Buffer.from("a new and longer head"))).toBe(true);
    expect(await isEntry(store, "key", { head: "a new and longer head", body })).toBe(true);
    expect(await writer.replaceHead("key", Buffer.from(""))).toBe(true);
    expect(await isEntry(store, "key", { head: "", body })).toBe(true);
  });

  it("replaces no head where there is no entry", async () => {
    const { writer, reader } = await arrange();
    expect(await writer.replaceHead("key", Buffer.from("head"))).toBe(false);
    expect(await readEntry(await reader(), "key")).toBeUndefined();
  });

  it("deletes an entry for whoever read it before, and takes a new one under its key", async () => {
    const { writer, reader } = await arrange();
    const store = await reader();
    await writeEntry(writer, "key", { body: bodyOf(1, 100) });
    await writeEntry(writer, "other", { body: bodyOf(2, 100) });
    expect(await readEntry(store, "key")).toBeDefined();
    await writer.delete("key");
    await writer.delete("never there");
    expect(await readEntry(store, "key")).toBeUndefined();
    expect(await readEntry(store, "other")).toBeDefined();
    await writeEntry(writer, "key", { head: "again", body: bodyOf(3, 100) });
    expect((await readEntry(store, "key"))?.head).toBe("again");
  });

  it("keeps entries apart whose keys are alike", async () => {
    const { writer, reader } = await arrange();
    const keys = ["a", "a ", "A", "a\n", "ä", "", "a".repeat(diskCacheLimits.keyBytesMax)];
    for (const [index, key] of keys.entries()) await writeEntry(writer, key, { head: key, body: bodyOf(index, 99) });
    const store = await reader();
    for (const [index, key] of keys.entries()) {
      expect(await isEntry(store, key, { head: key, body: bodyOf(index, 99) })).toBe(true);
    }
  });

  it("takes a head as long as allowed and refuses longer heads and keys", async () => {
    const { writer, reader } = await arrange();
    const head = "h".repeat(diskCacheLimits.headBytesMax);
    const key = "k".repeat(diskCacheLimits.keyBytesMax);
    expect(await writeEntry(writer, key, { head, body: bodyOf(1, inline) })).toBe(true);
    expect((await readEntry(await reader(), key))?.head).toBe(head);
    const refused = writer.stats.refusedWrites;
    expect(await writeEntry(writer, "key", { head: `${head}h`, body: bodyOf(1, 10) })).toBe(false);
    expect(await writeEntry(writer, `${key}k`, { body: bodyOf(1, 10) })).toBe(false);
    expect(await writer.replaceHead(key, Buffer.from(`${head}h`))).toBe(false);
    expect(writer.stats.refusedWrites - refused).toBe(2);
    expect(await (await reader()).read(`${key}k`)).toBeUndefined();
  });

  it("keeps many entries written at once", async () => {
    const { writer, reader } = await arrange();
    const numbers = Array.from({ length: 300 }, (_item, index) => index);
    const isThere = await Promise.all(
      numbers.map((number) => writeEntry(writer, `key ${number}`, { body: bodyOf(number, number * 37) })),
    );
    expect(isThere).not.toContain(false);
    const store = await reader();
    for (const number of numbers) {
      expect((await readEntry(store, `key ${number}`))?.body.equals(bodyOf(number, number * 37))).toBe(true);
    }
  });
});

async function* none(): AsyncGenerator<Uint8Array> {}
