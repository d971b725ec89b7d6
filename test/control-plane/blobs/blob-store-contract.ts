/** What every blob store must do, as one suite to run over each implementation. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BlobStore } from "../../../control-plane/blobs/blob-store.ts";
import { digestOf } from "../../../sdk/artifact-format.ts";

export interface BlobPlace {
  /** Another view of the same blobs. */
  open(): Promise<BlobStore>;
  remove(): Promise<void>;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Runs the suite; `makePlace` gives an empty place for each test. */
export function describeBlobStore(name: string, makePlace: () => Promise<BlobPlace>): void {
  describe(`${name} as a blob store`, () => {
    let place: BlobPlace;
    let blobs: BlobStore;
    beforeEach(async () => {
      place = await makePlace();
      blobs = await place.open();
    });
    afterEach(() => place.remove());

    it.each([0, 1, 1_048_575, 1_048_576, 1_048_577, 3_000_000])("gives back %i bytes, to others too", async (size) => {
      const bytes = Buffer.alloc(size, "selvage");
      const digest = await blobs.put(bytes);
      expect(digest).toBe(digestOf(bytes));
      for (const view of [blobs, await place.open()]) {
        const read = await view.read(digest);
        expect(read !== null && Buffer.compare(read, bytes)).toBe(0);
      }
      expect(await blobs.list()).toMatchObject([{ digest, bytes: size }]);
    });

    it("keeps equal bytes once, also when they are put at once by several", async () => {
      const views = [blobs, await place.open(), await place.open()];
      const digests = await Promise.all(views.flatMap((view) => [view.put(bytesOf("a")), view.put(bytesOf("a"))]));
      expect(new Set(digests).size).toBe(1);
      expect(await blobs.list()).toHaveLength(1);
    });

    it("knows when a blob was last asked for", async () => {
      const digest = await blobs.put(bytesOf("a"));
      expect(await blobs.touch(digest, 5_000_000)).toBe(true);
      expect(await blobs.list()).toEqual([{ digest, bytes: 1, usedAt: 5_000_000 }]);
      expect(await blobs.touch(digestOf(bytesOf("b")), 1)).toBe(false);
    });

    it("has nothing under names that were never given, or are none", async () => {
      for (const name of [digestOf(bytesOf("none")), "", "../../etc/passwd", "A".repeat(64)]) {
        expect(await blobs.read(name)).toBeNull();
        expect(await blobs.touch(name, 1)).toBe(false);
        expect(await blobs.removeUnused(name, Number.MAX_SAFE_INTEGER)).toBe(false);
        await blobs.remove(name);
      }
    });

    it("removes what was not used since, and nothing else", async () => {
      const digest = await blobs.put(bytesOf("a"));
      await blobs.touch(digest, 2_000);
      expect(await blobs.removeUnused(digest, 1_999)).toBe(false);
      expect(await blobs.read(digest)).not.toBeNull();
      expect(await blobs.removeUnused(digest, 2_000)).toBe(true);
      expect([await blobs.read(digest), await blobs.list()]).toEqual([null, []]);
      expect(await blobs.removeUnused(digest, 2_000)).toBe(false);
    });

    it("has what was put or touched while it was to be removed as unused", async () => {
      const digest = digestOf(bytesOf("a"));
      for (let round = 0; round < 50; round++) {
        await blobs.put(bytesOf("a"));
        await blobs.touch(digest, 1_000);
        await Promise.all([blobs.removeUnused(digest, 2_000), blobs.put(bytesOf("a"))]);
        expect(await blobs.read(digest)).not.toBeNull();
        await blobs.touch(digest, 1_000);
        const [, isThere] = await Promise.all([blobs.removeUnused(digest, 2_000), blobs.touch(digest, 3_000)]);
        expect((await blobs.read(digest)) !== null).toBe(isThere);
      }
    });

    it("forgets what is removed, and takes it again", async () => {
      const digest = await blobs.put(bytesOf("a"));
      await blobs.remove(digest);
      expect([await blobs.read(digest), await blobs.list()]).toEqual([null, []]);
      expect(await blobs.put(bytesOf("a"))).toBe(digest);
      expect(await blobs.read(digest)).not.toBeNull();
    });
  });
}
