import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { BlobFolder, BlobMismatchError, type BlobSpec } from "../../../edge-node/artifacts/blob-folder.ts";
import { digestOf } from "../../../sdk/artifact-format.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function open(): Promise<{ folder: string; blobs: BlobFolder }> {
  const folder = await temporaryFolder();
  return { folder, blobs: new BlobFolder(folder, { clock: new FakeClock() }) };
}

function specOf(bytes: Buffer, overrides: Partial<BlobSpec> = {}): BlobSpec {
  return { digest: digestOf(bytes), bytes: bytes.byteLength, bytesMax: bytes.byteLength, ...overrides };
}

async function* inChunks(bytes: Buffer, chunkBytes = 7): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    await Promise.resolve();
    yield bytes.subarray(at, at + chunkBytes);
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const bytes = Buffer.from("the bytes of one blob");

describe("BlobFolder", () => {
  it("write() stores a blob under aa/digest and read() gives it back", async () => {
    const { folder, blobs } = await open();
    const spec = specOf(bytes);
    expect(await blobs.has(spec)).toBe(false);
    await blobs.write(spec, inChunks(bytes));
    expect(await blobs.has(spec)).toBe(true);
    expect(await blobs.read(spec.digest)).toEqual({ kind: "found", bytes });
    expect(await readFile(path.join(folder, spec.digest.slice(0, 2), spec.digest))).toEqual(bytes);
  });

  it.each([
    ["other bytes", specOf(bytes), Buffer.from("the bytes of two blob")],
    ["fewer bytes than named", specOf(bytes, { bytes: 22 }), bytes],
    ["more bytes than named", specOf(bytes, { bytes: 20 }), bytes],
    ["more bytes than allowed", specOf(bytes, { bytes: null, bytesMax: 20 }), bytes],
    ["nothing", specOf(bytes), Buffer.alloc(0)],
  ])("write() refuses %s and leaves nothing behind", async (_name, spec, sent) => {
    const { folder, blobs } = await open();
    await expect(blobs.write(spec, inChunks(sent))).rejects.toThrow(BlobMismatchError);
    expect(await filesIn(folder)).toEqual([]);
  });

  it("write() throws what breaks its source and leaves nothing behind", async () => {
    const { folder, blobs } = await open();
    async function* broken(): AsyncGenerator<Buffer> {
      yield* inChunks(bytes.subarray(0, 10));
      throw new Error("connection lost");
    }
    await expect(blobs.write(specOf(bytes), broken())).rejects.toThrow("connection lost");
    expect(await filesIn(folder)).toEqual([]);
  });

  it("read() tells missing from damaged", async () => {
    const { folder, blobs } = await open();
    const spec = specOf(bytes);
    expect(await blobs.read(spec.digest)).toEqual({ kind: "missing" });
    await blobs.write(spec, inChunks(bytes));
    await writeFile(path.join(folder, spec.digest.slice(0, 2), spec.digest), "THE bytes of one blob");
    expect(await blobs.read(spec.digest)).toEqual({ kind: "damaged" });
  });

  it("has() is false for a file of another size", async () => {
    const { folder, blobs } = await open();
    const spec = specOf(bytes);
    await blobs.write(spec, inChunks(bytes));
    await writeFile(path.join(folder, spec.digest.slice(0, 2), spec.digest), "cut");
    expect(await blobs.has(spec)).toBe(false);
  });

  it("refuses a name that is not a digest", async () => {
    const { blobs } = await open();
    await expect(blobs.read("../../etc/passwd")).rejects.toThrow("not a digest");
  });

  it("evict() deletes the longest unused blobs beyond the bound, and never those in use", async () => {
    const { folder, blobs } = await open();
    const contents = ["oldest, in use", "old", "newer", "newest"].map((text) => Buffer.from(text));
    for (const [age, content] of contents.entries()) {
      const { digest } = specOf(content);
      await blobs.write(specOf(content), inChunks(content));
      await utimes(path.join(folder, digest.slice(0, 2), digest), 1_000 + age, 1_000 + age);
    }
    const specs = contents.map((content) => specOf(content));
    const inUse = new Set(specs.slice(0, 1).map(({ digest }) => digest));
    const freed = await blobs.evict({ inUse, bytesMax: "newernewest".length });
    expect(freed).toBe("old".length);
    const kept = await Promise.all(specs.map((spec) => blobs.has(spec)));
    expect(kept).toEqual([true, false, true, true]);
  });

  it("evict() goes by the last touch() and clears what an interrupted write left", async () => {
    const { folder, blobs } = await open();
    for (const text of ["touched", "not touched"]) {
      const spec = specOf(Buffer.from(text));
      await blobs.write(spec, inChunks(Buffer.from(text)));
      await utimes(path.join(folder, spec.digest.slice(0, 2), spec.digest), 1, 1);
    }
    const touched = specOf(Buffer.from("touched"));
    await writeFile(path.join(folder, touched.digest.slice(0, 2), `${touched.digest}.3.tmp`), "half");
    await blobs.touch([touched.digest, digestOf(Buffer.from("not here"))]);
    await blobs.evict({ inUse: new Set(), bytesMax: "touched".length });
    expect(await filesIn(folder)).toEqual([touched.digest]);
  });
});
