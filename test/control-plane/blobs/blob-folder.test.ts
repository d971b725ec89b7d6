import { mkdtemp, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BlobFolder } from "../../../control-plane/blobs/blob-folder.ts";
import { sweepArtifacts } from "../../../control-plane/blobs/sweep-artifacts.ts";
import { uploadLimits, Uploads } from "../../../control-plane/blobs/uploads.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import type { Store } from "../../../control-plane/store.ts";
import { openSqliteStore } from "../../../control-plane/store/sqlite.ts";
import { digestOf } from "../../../sdk/artifact-format.ts";
import { FakeClock } from "../fake-clock.ts";
import { describeBlobStore } from "./blob-store-contract.ts";
import { versionRow } from "../store/version-row.ts";

let folder: string;
let blobs: BlobFolder;
let clock: FakeClock;
let ids = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-blobs-"));
  clock = new FakeClock();
  blobs = await openFolder();
});
afterEach(() => rm(folder, { recursive: true }));

function openFolder(): Promise<BlobFolder> {
  return BlobFolder.open({
    folder,
    durability: "durable",
    uniqueId: () => String(++ids),
    now: () => clock.now(),
    logger: silentLogger,
  });
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const fileOf = (digest: string): string => join(folder, digest.slice(0, 2), digest);
const textOf = async (digest: string): Promise<string | null> => {
  const bytes = await blobs.read(digest);
  return bytes === null ? null : new TextDecoder().decode(bytes);
};

describeBlobStore("a folder", async () => {
  const place = await mkdtemp(join(tmpdir(), "selvage-blobs-"));
  return {
    open: () =>
      BlobFolder.open({
        folder: place,
        durability: "durable",
        uniqueId: () => String(++ids),
        now: () => clock.now(),
        logger: silentLogger,
      }),
    remove: () => rm(place, { recursive: true }),
  };
});

describe("BlobFolder", () => {
  it("gives back what was put under its digest, also after it was opened again", async () => {
    const digest = await blobs.put(bytesOf("hello"));
    expect(digest).toBe(digestOf(bytesOf("hello")));
    blobs = await openFolder();
    expect(await textOf(digest)).toBe("hello");
  });

  it("keeps one file of equal bytes, also when they are put at once", async () => {
    const digests = await Promise.all(Array.from({ length: 8 }, () => blobs.put(bytesOf("same"))));
    expect(new Set(digests).size).toBe(1);
    expect(await blobs.list()).toHaveLength(1);
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
  });

  it("never gives out bytes that were damaged, and takes them again", async () => {
    const digest = await blobs.put(bytesOf("hello"));
    await writeFile(fileOf(digest), "hellO");
    expect(await textOf(digest)).toBeNull();
    expect(await textOf(digest)).toBeNull();
    await blobs.put(bytesOf("hello"));
    expect(await textOf(digest)).toBe("hello");
    await truncate(fileOf(digest), 2);
    await blobs.put(bytesOf("hello"));
    expect(await textOf(digest)).toBe("hello");
  });

  it.each(["", "..", "../../etc/passwd", "A".repeat(64), "0".repeat(63), `${"0".repeat(63)}/`])(
    "has nothing under the name %j",
    async (name) => {
      expect(await blobs.read(name)).toBeNull();
      expect(await blobs.touch(name, 0)).toBe(false);
      await blobs.remove(name);
    },
  );

  it("follows no link", async () => {
    const digest = await blobs.put(bytesOf("hello"));
    await rm(fileOf(digest));
    await writeFile(join(folder, "elsewhere"), "hello");
    await symlink(join(folder, "elsewhere"), fileOf(digest));
    await expect(blobs.read(digest)).rejects.toThrow("ELOOP");
  });

  it("removes what an earlier process left unfinished", async () => {
    await writeFile(join(folder, "tmp", "left"), "half");
    await openFolder();
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
  });
});

describe("Uploads", () => {
  it("removes the least recently asked for beyond its bound, never what was asked for lately", async () => {
    const sizes = new Map<string, number>();
    const big: Pick<BlobFolder, "list"> = {
      list: async () => (await blobs.list()).map((file) => ({ ...file, bytes: sizes.get(file.digest) ?? file.bytes })),
    };
    const uploads = new Uploads({ blobs: Object.assign(Object.create(blobs) as BlobFolder, bind(blobs), big), clock });
    const digests: string[] = [];
    for (const text of ["oldest", "older", "newest"]) {
      const digest = await blobs.put(bytesOf(text));
      await blobs.touch(digest, clock.now());
      sizes.set(digest, uploadLimits.bytesMax / 2);
      digests.push(digest);
      clock.advance(uploadLimits.keepMs);
    }
    await uploads.missing([digests[0] ?? ""]);
    expect(await uploads.sweep()).toBe(1);
    expect(await uploads.missing(digests)).toEqual([digests[1]]);
  });

  it("keeps what a publish asks for while it sweeps", async () => {
    const digest = await blobs.put(bytesOf("asked for"));
    await blobs.touch(digest, clock.now());
    clock.advance(uploadLimits.keepMs);
    const asking: Pick<BlobFolder, "list"> = {
      list: async () => {
        const files = (await blobs.list()).map((file) => ({ ...file, bytes: uploadLimits.bytesMax + 1 }));
        expect(await uploads.missing([digest])).toEqual([]);
        return files;
      },
    };
    const uploads: Uploads = new Uploads({
      blobs: Object.assign(Object.create(blobs) as BlobFolder, bind(blobs), asking),
      clock,
    });
    clock.advance(1);
    expect(await uploads.sweep()).toBe(0);
    expect(await textOf(digest)).toBe("asked for");
  });

  it("tells each missing blob once", async () => {
    const uploads = new Uploads({ blobs, clock });
    const digest = digestOf(bytesOf("x"));
    expect(await uploads.missing([digest, digest])).toEqual([digest]);
  });
});

/** Methods that keep working on an object derived from the folder. */
function bind(target: BlobFolder): Pick<BlobFolder, "touch" | "removeUnused" | "read" | "put"> {
  return {
    touch: (digest, time) => target.touch(digest, time),
    removeUnused: (digest, usedUntil) => target.removeUnused(digest, usedUntil),
    read: (digest) => target.read(digest),
    put: (bytes) => target.put(bytes),
  };
}

const padVersion = {
  dependency: "pad",
  version: 1,
  id: "v",
  description: "",
  runtime: "",
  archiveBytes: 1,
  bytes: 1,
  files: 1,
  packages: [],
  createdAt: "",
};

describe("sweepArtifacts()", () => {
  it("removes what no version needs, except what was stored within the last hour", async () => {
    const store = await openSqliteStore({ file: ":memory:", openedAt: "2026-01-01T00:00:00.000Z" });
    const put = async (text: string, usedAt: number): Promise<string> => {
      const digest = await blobs.put(bytesOf(text));
      await blobs.touch(digest, usedAt);
      return digest;
    };
    const old = clock.now() - 3_600_001;
    const needed = await put("needed", old);
    const fresh = await put("fresh", clock.now());
    const unused = await put("unused", old);
    const dependency = await put("dependency", old);
    await store.change(async ({ dependencies, functions, versions }) => {
      await dependencies.insert({ name: "pad", id: "d", isPublic: false, newest: 0, createdAt: "" });
      await dependencies.insertVersion({ ...padVersion, archive: dependency });
      await functions.insert({ name: "hello", description: "", enabled: true, createdAt: "2026-01-01T00:00:00.000Z" });
      await versions.insert(versionRow({ blobs: [needed] }));
    });
    expect(await sweepArtifacts({ artifacts: blobs, store, clock })).toBe(1);
    expect([await textOf(needed), await textOf(fresh), await textOf(unused)]).toEqual(["needed", "fresh", null]);
    expect(await textOf(dependency)).toBe("dependency");
    await store.close();
  });

  it("keeps what a version that is committed after the look at what is needed has stored again", async () => {
    const store = await openSqliteStore({ file: ":memory:", openedAt: "2026-01-01T00:00:00.000Z" });
    await store.change(({ functions }) =>
      functions.insert({ name: "hello", description: "", enabled: true, createdAt: "2026-01-01T00:00:00.000Z" }),
    );
    const orphans = [await blobs.put(bytesOf("left over")), await blobs.put(bytesOf("used again"))];
    for (const digest of orphans) await blobs.touch(digest, clock.now() - 3_600_001);
    const looking: Pick<Store, "read"> = {
      read: async (work) => {
        const found = await store.read(work);
        const digest = await blobs.put(bytesOf("used again"));
        await store.change(({ versions }) => versions.insert(versionRow({ blobs: [digest] })));
        return found;
      },
    };
    expect(await sweepArtifacts({ artifacts: blobs, store: { ...store, ...looking }, clock })).toBe(1);
    expect(await Promise.all(orphans.map(textOf))).toEqual([null, "used again"]);
    await store.close();
  });
});
