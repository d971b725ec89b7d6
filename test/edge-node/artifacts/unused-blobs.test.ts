import { describe, expect, it } from "vitest";
import { BlobFolder } from "../../../edge-node/artifacts/blob-folder.ts";
import { UnusedBlobs } from "../../../edge-node/artifacts/unused-blobs.ts";
import { digestOf } from "../../../sdk/artifact-format.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const contents = ["aaaa", "bbbb", "cccc", "dddd"].map((text) => Buffer.from(text));
const [a = "", b = "", c = "", d = ""] = contents.map((bytes) => digestOf(bytes));

async function* asChunks(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

describe("UnusedBlobs", () => {
  it("evicts what was not used for longest, at most once a minute, and nothing in use", async () => {
    const clock = new FakeClock();
    const blobs = new BlobFolder(await temporaryFolder(), { clock });
    for (const bytes of contents) {
      const spec = { digest: digestOf(bytes), bytes: bytes.byteLength, bytesMax: bytes.byteLength };
      await blobs.write(spec, asChunks(bytes));
    }
    const present = async (): Promise<string[]> => {
      const reads = await Promise.all([a, b, c, d].map(async (digest) => (await blobs.read(digest)).kind));
      return reads.map((kind) => kind.slice(0, 1));
    };
    const logger = new RecordingLogger();
    const unused = new UnusedBlobs({ blobs, bytesMax: 8, clock, logger });
    await unused.noteInUse(new Set([a, b, c, d]));
    // Their ages follow from when they left, not from when they were written.
    await clock.advance(1_000);
    await unused.noteInUse(new Set([b, c, d]));
    await clock.advance(1_000);
    await unused.noteInUse(new Set([c, d]));
    await clock.advance(1_000);
    await unused.noteInUse(new Set([d]));
    expect(await present()).toEqual(["f", "f", "f", "f"]);
    await clock.advance(60_000);
    await unused.noteInUse(new Set([d]));
    expect(await present()).toEqual(["m", "f", "f", "f"]);
    expect(logger.count("blobs.evicted")).toBe(1);
  });
});
