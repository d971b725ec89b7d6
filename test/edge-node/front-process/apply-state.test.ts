import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { BlobFolder } from "../../../edge-node/artifacts/blob-folder.ts";
import { VersionPreparer } from "../../../edge-node/artifacts/prepare-versions.ts";
import { StackMaps } from "../../../edge-node/artifacts/stack-maps.ts";
import { StateApplier } from "../../../edge-node/front-process/apply-state.ts";
import type { FrontApplied, FrontState } from "../../../edge-node/ipc.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import type { ReservedVersion } from "../../../edge-node/reserved/plan-reserved.ts";
import { emptyRouting, type Routing } from "../../../edge-node/routing/routing.ts";
import type { DesiredState } from "../../../sdk/desired-state.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeDriver } from "../support/fake-driver.ts";
import { domainServedBy, Signer, type Release } from "../support/signed-release.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Setup {
  readonly signer: Signer;
  readonly driver: FakeDriver;
  readonly clock: FakeClock;
  readonly stackMaps: StackMaps;
  readonly inFlight: { count: number };
  readonly routings: Routing[];
  /** Applies a state of these releases, which are put on the disk first. */
  readonly apply: (revision: number, releases: readonly Release[]) => Promise<FrontApplied>;
  readonly damage: (digest: string) => Promise<void>;
  readonly loadedVersions: () => string[];
  readonly applyChanged: (
    releases: readonly Release[],
    change: (state: DesiredState) => DesiredState,
  ) => Promise<FrontApplied>;
  /** What was told of reservations, state by state. */
  readonly reserved: readonly (readonly ReservedVersion[])[];
}

async function setUp(): Promise<Setup> {
  const signer = new Signer();
  const folder = await temporaryFolder();
  const clock = new FakeClock();
  const blobs = new BlobFolder(folder, { clock });
  const driver = new FakeDriver();
  const stackMaps = new StackMaps(blobs);
  const inFlight = { count: 0 };
  const routings: Routing[] = [];
  const reserved: (readonly ReservedVersion[])[] = [];
  const applier = new StateApplier({
    warmInstances: 1,
    snapshots: "on",
    driver,
    blobs,
    runtimeKey: "ours",
    stackMaps,
    setRouting: (routing) => routings.push(routing),
    setCertificates: () => {},
    setReserved: (versions) => reserved.push(versions),
    requestsInFlight: () => inFlight.count,
    clock,
    logger: silentLogger,
  });
  const preparer = new VersionPreparer({ blobs, token: "token", clock, random: () => 0, logger: silentLogger });
  const written = new Set<string>();
  const prepare = async (revision: number, releases: readonly Release[]): Promise<FrontState> => {
    for (const [digest, bytes] of signer.blobs) {
      if (written.has(digest)) continue;
      written.add(digest);
      await blobs.write({ digest, bytes: bytes.byteLength, bytesMax: bytes.byteLength }, asChunks(bytes));
    }
    const domains = [domainServedBy("www.example.com", "hello")];
    const signal = new AbortController().signal;
    const options = { source: null, runtimeKey: "ours", signal };
    return (await preparer.prepare(signer.state(revision, releases, domains), options)).state;
  };
  return {
    signer,
    driver,
    clock,
    stackMaps,
    inFlight,
    routings,
    apply: async (revision, releases) => applier.apply(await prepare(revision, releases)),
    applyChanged: async (releases, change) => {
      const prepared = await prepare(1, releases);
      return applier.apply({ ...prepared, state: change(prepared.state) });
    },
    reserved,
    damage: (digest) => {
      const bytes = Buffer.alloc(signer.blobs.get(digest)?.byteLength ?? 0, "x");
      return writeFile(path.join(folder, digest.slice(0, 2), digest), bytes);
    },
    loadedVersions: () => [...driver.loaded.values()].map(({ function: name, version }) => `${name}@${version}`),
  };
}

async function* asChunks(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

/** What the domain's one rule leads to. */
function keyServed(routing: Routing | undefined): string | null | undefined {
  return routing?.find("www.example.com")?.rules.fetch[0]?.key;
}

describe("StateApplier", () => {
  it("routes a version with the egress lists of its signed manifest", async () => {
    const { signer, routings, apply } = await setUp();
    await apply(1, [signer.release({ egress: { allow: ["a.test"], deny: [] } })]);
    const egress = routings[0]?.find("www.example.com")?.rules.fetch[0]?.egress;
    expect([egress?.judge("a.test", 443)?.isNone, egress?.judge("b.test", 443)?.isNone]).toEqual([undefined, true]);
    await apply(2, [signer.release({ version: "v2" })]);
    expect(routings[1]?.find("www.example.com")?.rules.fetch[0]?.egress).toBeNull();
  });

  it("loads and warms a version before it routes to it, and gives it environment and snapshot", async () => {
    const { signer, driver, routings, apply } = await setUp();
    const release = signer.release({
      code: "the code",
      variables: { A: "1" },
      secrets: { B: "2" },
      services: { AUTH: { function: "auth", alias: "prod" } },
      snapshots: [
        { runtimeKey: "theirs", bytes: "not ours" },
        { runtimeKey: "ours", bytes: "the snapshot" },
      ],
    });
    expect(await apply(1, [release])).toEqual({ failures: [], damaged: [] });
    const [loaded] = driver.loaded.values();
    expect(loaded).toMatchObject({ function: "hello", code: "the code", environment: { A: "1", B: "2" } });
    expect(loaded?.services).toEqual({ AUTH: { function: "auth", alias: "prod" } });
    expect(Buffer.from(loaded?.snapshot ?? []).toString()).toBe("the snapshot");
    expect(driver.warmed).toEqual([loaded?.key]);
    expect(routings.map(({ revision }) => revision)).toEqual([1]);
    expect(keyServed(routings[0])).toBe(loaded?.key);
  });

  it("tells of reservations of loaded versions with their limits, and of none of a function that is disabled", async () => {
    const { signer, driver, reserved, applyChanged } = await setUp();
    const releases = [signer.release(), signer.release({ function: "off" }), signer.release({ function: "plain" })];
    const policy = { count: 2, schedules: [], metric: null, recommended: null };
    await applyChanged(releases, (state) => ({
      ...state,
      functions: state.functions.map((one) => ({
        ...one,
        enabled: one.name !== "off",
        versions: one.versions.map((each) => (one.name === "plain" ? each : { ...each, reserved: [policy] })),
      })),
    }));
    const loaded = [...driver.loaded.values()].find((version) => version.function === "hello");
    const { key = "", limits = null } = loaded ?? {};
    expect(reserved).toEqual([[{ key, function: "hello", version: "v1", limits, policies: [policy] }]]);
  });

  it("touches nothing that is loaded when only the rest of the state changes", async () => {
    const { signer, driver, routings, apply } = await setUp();
    const release = signer.release();
    await apply(1, [release]);
    await apply(2, [release]);
    expect(driver.warmed).toHaveLength(1);
    expect(routings.map(({ revision }) => revision)).toEqual([1, 2]);
  });

  it("routes to nothing for a version that does not load, and goes on with the others", async () => {
    const { signer, driver, routings, apply, loadedVersions } = await setUp();
    driver.loadErrors.set("hello", "no memory");
    const applied = await apply(1, [signer.release(), signer.release({ function: "other" })]);
    expect(applied.failures).toEqual([
      { function: "hello", version: "v1", code: "FUNCTION_LOAD_FAILED", message: "no memory" },
    ]);
    expect(keyServed(routings[0])).toBeNull();
    expect(loadedVersions()).toEqual(["other@v1"]);
  });

  it("tries a version again that did not load, with the next state", async () => {
    const { signer, driver, routings, apply } = await setUp();
    const release = signer.release();
    driver.loadErrors.set("hello", "no memory");
    await apply(1, [release]);
    driver.loadErrors.clear();
    expect((await apply(2, [release])).failures).toEqual([]);
    expect(keyServed(routings[1])).toBe([...driver.loaded.keys()][0]);
  });

  it("reports a version that does not start as long as it does not, and leaves the answer to the driver", async () => {
    const { signer, driver, routings, apply } = await setUp();
    const release = signer.release();
    const failed = {
      kind: "failed",
      code: "HOST_LOST",
      message: "threw",
      stack: "",
      passThrough: false,
    } as const;
    driver.warmFailures.set("hello", failed);
    expect((await apply(1, [release])).failures).toMatchObject([{ function: "hello", message: "threw" }]);
    expect((await apply(2, [release])).failures).toHaveLength(1);
    expect(keyServed(routings[0])).not.toBeNull();
    driver.warmFailures.clear();
    expect((await apply(3, [release])).failures).toEqual([]);
    await apply(4, [release]);
    expect(driver.warmed).toHaveLength(3);
  });

  it("reports a version that is wrong itself with every state, but tries it once", async () => {
    const { signer, driver, apply } = await setUp();
    const release = signer.release();
    const wrong = {
      kind: "failed",
      code: "FUNCTION_LOAD_FAILED",
      message: "threw",
      stack: "",
      passThrough: false,
    } as const;
    driver.warmFailures.set("hello", wrong);
    for (const revision of [1, 2]) expect((await apply(revision, [release])).failures).toHaveLength(1);
    expect(driver.warmed).toHaveLength(1);
  });

  it("names damaged blobs: a module or what it imports keeps its version away, a snapshot only costs the faster start", async () => {
    const { signer, driver, damage, apply } = await setUp();
    const bad = signer.release({ function: "bad", code: "the code" });
    const lame = signer.release({ function: "lame", wasm: [Buffer.from("the WebAssembly")] });
    const slow = signer.release({ function: "slow", snapshots: [{ runtimeKey: "ours", bytes: "the snapshot" }] });
    // Brings the blobs to the disk.
    await apply(1, []);
    const [snapshot] = slow.manifest.snapshots;
    const [imported] = lame.manifest.wasm;
    const damaged = [bad.manifest.module.digest, snapshot?.digest ?? "", imported?.digest ?? ""];
    for (const digest of damaged) await damage(digest);
    const applied = await apply(2, [bad, lame, slow]);
    expect(applied.damaged.toSorted()).toEqual(damaged.toSorted());
    expect(applied.failures.map((failure) => failure.function)).toEqual(["bad", "lame"]);
    expect([...driver.loaded.values()]).toMatchObject([{ function: "slow", snapshot: null }]);
  });

  it("unloads what left the routing when no request is in flight any more", async () => {
    const { signer, clock, inFlight, apply, loadedVersions } = await setUp();
    await apply(1, [signer.release()]);
    inFlight.count = 1;
    await apply(2, [signer.release({ version: "v2", code: "2" })]);
    await clock.advance(60_000);
    expect(loadedVersions()).toEqual(["hello@v1", "hello@v2"]);
    inFlight.count = 0;
    await clock.advance(1_000);
    expect(loadedVersions()).toEqual(["hello@v2"]);
    expect(clock.waits).toEqual([]);
  });

  it("unloads it after a time longer than any request when there always is one in flight", async () => {
    const { signer, clock, inFlight, apply, loadedVersions } = await setUp();
    inFlight.count = 1;
    await apply(1, [signer.release()]);
    await apply(2, [signer.release({ version: "v2", code: "2" })]);
    await clock.advance(331_000);
    expect(loadedVersions()).toEqual(["hello@v2"]);
  });

  it("keeps a version that comes back before it was unloaded: a rollback starts nothing", async () => {
    const { signer, driver, clock, inFlight, apply, loadedVersions } = await setUp();
    const [one, two] = [signer.release(), signer.release({ version: "v2", code: "2" })];
    inFlight.count = 1;
    await apply(1, [one]);
    await apply(2, [two]);
    await apply(3, [one]);
    inFlight.count = 0;
    await clock.advance(1_000);
    expect(loadedVersions()).toEqual(["hello@v1"]);
    expect(driver.warmed).toHaveLength(2);
  });

  it("keeps at most 64 versions that left the routing", async () => {
    const { signer, inFlight, apply, loadedVersions } = await setUp();
    inFlight.count = 1;
    for (let number = 0; number < 70; number++) {
      await apply(number, [signer.release({ version: `v${number}`, code: String(number) })]);
    }
    expect(loadedVersions()).toHaveLength(65);
    expect(loadedVersions()[0]).toBe("hello@v5");
  });

  it("maps stacks of a loaded version with its source map, and leaves others as they are", async () => {
    const { signer, driver, stackMaps, apply } = await setUp();
    const sourceMap = JSON.stringify({ version: 3, sources: ["src/index.ts"], names: [], mappings: "AASI" });
    await apply(1, [signer.release({ sourceMap }), signer.release({ function: "plain", code: "2" })]);
    // Versions are loaded side by side: either may be first.
    const loaded = [...driver.loaded.values()];
    const keyOf = (name: string): string => loaded.find((version) => version.function === name)?.key ?? "";
    const stack = "Error: no\n    at run (function.js:1:1)";
    expect(await stackMaps.map(keyOf("hello"), stack)).toBe("Error: no\n    at run (src/index.ts:10:5)");
    expect(await stackMaps.map(keyOf("plain"), stack)).toBe(stack);
    expect(await stackMaps.map("unknown", stack)).toBe(stack);
  });

  it("never shows a routing of nothing in between", async () => {
    const { signer, routings, apply } = await setUp();
    await apply(1, [signer.release()]);
    await apply(2, [signer.release({ version: "v2", code: "2" })]);
    expect(routings).toHaveLength(2);
    expect(routings).not.toContain(emptyRouting);
  });
});
