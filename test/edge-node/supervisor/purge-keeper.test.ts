import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { PurgeFile } from "../../../edge-node/control/purge-file.ts";
import type { KeptPurges } from "../../../edge-node/control/purges-parser.ts";
import { PurgeTable, type Purge } from "../../../edge-node/cache/purge-table.ts";
import { PurgeKeeper } from "../../../edge-node/supervisor/purge-keeper.ts";
import type { PurgeAck, PurgePosition, PurgesMessage, PurgeTarget } from "../../../sdk/purge.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { Signer } from "../support/signed-release.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const domain = "www.example.com";
const tag = (name: string): PurgeTarget => ({ kind: "tag", domain, tag: name });
const at = (sequence: number): PurgePosition => ({ sequence, id: `id-${sequence}` });

/** Purges numbered after `since`, one for each target. */
function message(since: number, targets: readonly PurgeTarget[], change: Partial<PurgesMessage> = {}): PurgesMessage {
  const purges = targets.map((target, index) => ({
    sequence: since + 1 + index,
    mode: "hard" as const,
    targets: [target],
  }));
  return { kind: "purges", since, position: at(since + targets.length), everything: false, purges, ...change };
}

class FakeFile {
  saved: KeptPurges | null = null;
  saves = 0;
  failures = 0;

  load(): ReturnType<PurgeFile["load"]> {
    return Promise.resolve(this.saved === null ? { kind: "missing" } : { kind: "found", ...this.saved });
  }
  save(kept: KeptPurges): Promise<void> {
    if (this.failures-- > 0) return Promise.reject(new Error("disk full"));
    this.saves++;
    this.saved = kept;
    return Promise.resolve();
  }
}

interface SetUp {
  readonly keeper: PurgeKeeper;
  readonly clock: FakeClock;
  readonly logger: RecordingLogger;
  readonly acks: Omit<PurgeAck, "node">[];
  /** What fronts were told, purge by purge. */
  readonly told: Purge[];
}

function setUp(
  file: ConstructorParameters<typeof PurgeKeeper>[0]["file"],
  fronts: Promise<void> = Promise.resolve(),
): SetUp {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const acks: Omit<PurgeAck, "node">[] = [];
  const told: Purge[] = [];
  const state = new Signer().state(1, []);
  const keeper = new PurgeKeeper({
    file,
    fronts: {
      purge: (purges) => {
        told.push(...purges);
        return fronts;
      },
    },
    states: () => [state],
    onDone: (ack) => acks.push(ack),
    clock,
    random: () => 0,
    logger,
  });
  return { keeper, clock, logger, acks, told };
}

/** How entries of these tags, requested at `requestedAt`, are judged by what a starting front is told. */
function judged(keeper: PurgeKeeper, tags: readonly string[], requestedAt = 1): string {
  const table = new PurgeTable();
  table.replace(keeper.purges);
  return table.judge({ domain, path: "/", query: "", tags, requestedAt });
}

describe("PurgeKeeper", () => {
  it("tells fronts, keeps and then acknowledges", async () => {
    const file = new FakeFile();
    const { keeper, acks, told, clock } = setUp(file);
    await keeper.load();
    keeper.offer(message(0, [tag("a"), tag("b")]));
    expect(told.map(({ target, at: when }) => [target, when])).toEqual(
      [tag("a"), tag("b")].map((target) => [target, clock.now()]),
    );
    expect(acks).toEqual([]);
    await settle();
    expect(acks).toEqual([{ ...at(2), applyMs: 0 }]);
    expect(file.saved?.position).toEqual(at(2));
    expect([judged(keeper, ["b"]), judged(keeper, ["c"])]).toEqual(["gone", "kept"]);
  });

  it("acknowledges nothing before every front has confirmed", async () => {
    const fronts = Promise.withResolvers<void>();
    const { keeper, acks, clock } = setUp(new FakeFile(), fronts.promise);
    keeper.offer(message(0, [tag("a")]));
    await clock.advance(30);
    expect(acks).toEqual([]);
    fronts.resolve();
    await settle();
    expect(acks).toEqual([{ ...at(1), applyMs: 30 }]);
  });

  it("acknowledges nothing before the disk has it, and tells fronts all the same", async () => {
    const file = new FakeFile();
    file.failures = 2;
    const { keeper, acks, told, clock, logger } = setUp(file);
    keeper.offer(message(0, [tag("a")]));
    await settle();
    keeper.offer(message(1, [tag("b")]));
    expect(told).toHaveLength(2);
    await settle();
    expect(acks).toEqual([]);
    expect(logger.count("purges.file.failed")).toBeGreaterThan(0);
    await clock.advance(1_000);
    expect(acks.at(-1)).toMatchObject(at(2));
    expect(file.saved?.purges).toHaveLength(2);
  });

  it("takes a purge that comes twice once, and acknowledges it again", async () => {
    const file = new FakeFile();
    const { keeper, acks, told, clock } = setUp(file);
    keeper.offer(message(0, [tag("a")]));
    await clock.advance(100);
    keeper.offer(message(0, [tag("a")]));
    keeper.offer(message(1, []));
    await settle();
    expect([told.length, file.saves]).toEqual([1, 1]);
    expect(acks.map(({ sequence }) => sequence)).toEqual([1, 1, 1]);
    expect(judged(keeper, ["a"], clock.now())).toBe("kept");
  });

  it("takes of an overlapping message only what is new, and never goes back", async () => {
    const { keeper, told } = setUp(new FakeFile());
    keeper.offer(message(0, [tag("a"), tag("b")]));
    keeper.offer(message(1, [tag("b"), tag("c")]));
    keeper.offer(message(0, [tag("a")]));
    expect(told.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(keeper.position).toEqual(at(3));
  });

  it("purges everything when a message shows a gap", async () => {
    const { keeper, told, logger } = setUp(new FakeFile());
    keeper.offer(message(5, [tag("a")]));
    expect(told).toMatchObject([{ target: { kind: "all", domain: null }, mode: "hard" }]);
    expect(keeper.position).toEqual(at(6));
    expect(logger.count("purges.gap")).toBeGreaterThan(0);
    await settle();
  });

  it("purges everything when it is told so, and takes the position even when that goes back", async () => {
    const { keeper } = setUp(new FakeFile());
    keeper.offer(message(0, [tag("a"), tag("b")]));
    keeper.offer(message(2, [], { everything: true, position: at(1) }));
    expect([keeper.position, judged(keeper, [])]).toEqual([at(1), "gone"]);
    await settle();
  });

  it("catches up before any front runs; what it took is kept and acknowledged with the next message", async () => {
    const file = new FakeFile();
    const { keeper, acks, told } = setUp(file);
    keeper.catchUp(message(0, [tag("a")]));
    expect([judged(keeper, ["a"]), told, file.saves]).toEqual(["gone", [], 0]);
    keeper.offer(message(1, []));
    await settle();
    expect([acks[0]?.sequence, file.saved?.position]).toEqual([1, at(1)]);
  });

  it("dates a purge not before what it dated before, though the wall clock was set back", async () => {
    const { keeper, clock, told } = setUp(new FakeFile());
    const startedAt = clock.now();
    await clock.advance(1_000);
    clock.now = () => startedAt - 60_000;
    keeper.offer(message(0, [tag("a")]));
    expect(told[0]?.at).toBe(startedAt + 1_000);
  });

  it("acknowledges nothing more after stop(), and stop() does not wait for a disk that fails", async () => {
    const file = new FakeFile();
    file.failures = 1_000;
    const { keeper, acks } = setUp(file);
    keeper.offer(message(0, [tag("a")]));
    await settle();
    await keeper.stop();
    keeper.offer(message(1, [tag("b")]));
    expect([acks, keeper.position]).toEqual([[], at(1)]);
  });
});

describe("PurgeKeeper and its file", () => {
  it("goes on after a restart where it was", async () => {
    const folder = await temporaryFolder();
    const first = setUp(new PurgeFile(folder));
    first.keeper.offer(message(0, [tag("a"), { kind: "url", domain, url: "/x?y" }]));
    await expect.poll(() => first.acks.length).toBe(1);
    const second = setUp(new PurgeFile(folder));
    await second.keeper.load();
    expect([second.keeper.position, judged(second.keeper, ["a"]), judged(second.keeper, [])]).toEqual([
      at(2),
      "gone",
      "kept",
    ]);
  });

  it.each<[string, (text: string) => string]>([
    ["is cut off", (text) => text.slice(0, -10)],
    ["has other content than its checksum says", (text) => text.replace('"tag":"a"', '"tag":"b"')],
    ["is another thing", () => "[]"],
  ])("purges everything when the file %s", async (_claim, damage) => {
    const folder = await temporaryFolder();
    const first = setUp(new PurgeFile(folder));
    first.keeper.offer(message(0, [tag("a")]));
    await expect.poll(() => first.acks.length).toBe(1);
    const file = path.join(folder, "purges.json");
    await writeFile(file, damage(await readFile(file, "utf8")));
    const second = setUp(new PurgeFile(folder));
    await second.keeper.load();
    expect([judged(second.keeper, []), second.keeper.position.sequence]).toEqual(["gone", 0]);
    expect(second.logger.count("purges.file.damaged")).toBeGreaterThan(0);
  });
});
