/** A disk that is full, damaged, slow or gone, as clients and operators see it: answers come from the origin, and it is counted and logged. */
import { readFile, writeFile } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { openDiskStore } from "../../../edge-node/cache/disk/open-disk-store.ts";
import { systemClock } from "../../../edge-node/clock.ts";
import { ask } from "../support/client.ts";
import { freshAnswer, hasWritten, statusOf } from "../support/disk-edge.ts";
import { segmentFiles } from "../support/disk-store.ts";
import type { Edge } from "../support/edge.ts";
import { FaultyFiles, type Fault, type FileOperation } from "../support/faulty-files.ts";
import { opensThings } from "../support/opened.ts";
import type { Origin } from "../support/origin.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened = opensThings();

interface OnDisk {
  readonly front: Edge;
  readonly files: FaultyFiles;
  readonly logger: RecordingLogger;
  readonly wrote: (entries: number) => Promise<void>;
  readonly counted: (name: string) => Promise<number | undefined>;
}

/** A front with an empty memory on the folder. */
async function frontOn(folder: string, source: Origin): Promise<OnDisk> {
  const [files, logger] = [new FaultyFiles(), new RecordingLogger()];
  const store = await openDiskStore({
    folder,
    bytesMax: 134_217_728,
    objectBytesMax: 16_000_000,
    clock: systemClock,
    logger,
    files,
  });
  onTestFinished(() => store.close());
  onTestFinished(() => files.release());
  const disk = { store, objectBytesMax: 16_000_000, minUses: 1 };
  const front = await opened.edge({ origins: [source.port], front: { disk } });
  return {
    front,
    files,
    logger,
    wrote: (entries) => hasWritten(store, entries),
    counted: async (name) => {
      const reports = await front.front.metrics();
      return reports.find((report) => report.name === `selvage_disk_cache_${name}_total`)?.values[0]?.value;
    },
  };
}

/** A folder with the answers to `/0`, `/1`, … of the origin. */
async function filled(entries: number): Promise<{ readonly folder: string; readonly source: Origin }> {
  const source = await opened.origin(freshAnswer);
  const folder = await temporaryFolder();
  const { front, wrote } = await frontOn(folder, source);
  for (let entry = 0; entry < entries; entry++) await ask(front.port, `/${entry}`);
  await wrote(entries);
  await front.close();
  source.requests.length = 0;
  return { folder, source };
}

async function expectFromOrigin(front: Edge, path: string): Promise<void> {
  const answer = await ask(front.port, path);
  expect([answer.status, answer.text, statusOf(answer)]).toEqual([
    200,
    `answer to ${path}`,
    expect.stringContaining("fwd=uri-miss; fwd-status=200"),
  ]);
}

it.each<[string, Fault, FileOperation, string]>([
  ["fails to read", { fail: "EIO" }, "read", "read_errors"],
  ["hangs", { hang: true }, "read", "late_reads"],
])(
  "a disk that %s: the origin answers, it is counted, logged, and left alone",
  async (_case, fault, operation, name) => {
    const entries = 6;
    const { folder, source } = await filled(entries);
    const { front, files, logger, counted } = await frontOn(folder, source);
    files.set(fault, operation);
    for (let entry = 0; entry < entries; entry++) await expectFromOrigin(front, `/${entry}`);
    files.release();
    expect(source.requests).toHaveLength(entries);
    expect(await counted(name)).toBeGreaterThanOrEqual(1);
    expect(logger.count("disk-cache-rests")).toBe(1);
    // Memory has them now, whatever the disk does.
    expect(statusOf(await ask(front.port, "/0"))).toContain("Selvage; hit");
  },
);

it("a disk that is full: the origin answers, entries are given up, counted and logged; memory goes on", async () => {
  const { folder, source } = await filled(1);
  const { front, files, logger, counted } = await frontOn(folder, source);
  files.set({ fail: "ENOSPC" }, "write");
  for (let entry = 1; entry < 10; entry++) {
    await expectFromOrigin(front, `/${entry}`);
    expect(statusOf(await ask(front.port, `/${entry}`))).toContain("Selvage; hit");
  }
  await expect.poll(() => counted("refused_writes")).toBe(9);
  expect(await counted("write_errors")).toBeGreaterThanOrEqual(1);
  expect(logger.lines.length).toBeGreaterThan(0);
});

it("a disk whose bytes were changed: the origin answers, no foreign byte is served, the damage is counted and logged", async () => {
  const entries = 4;
  const { folder, source } = await filled(entries);
  for (const file of await segmentFiles(folder)) {
    const bytes = await readFile(file);
    for (let at = 0; at < bytes.byteLength; at++) if (bytes[at] !== 0) bytes[at] = (bytes[at] ?? 0) ^ 0x55;
    await writeFile(file, bytes);
  }
  const { front, logger, counted } = await frontOn(folder, source);
  for (let entry = 0; entry < entries; entry++) await expectFromOrigin(front, `/${entry}`);
  expect(source.requests).toHaveLength(entries);
  expect([await counted("damaged"), logger.lines.length]).toEqual([expect.any(Number), expect.any(Number)]);
});
