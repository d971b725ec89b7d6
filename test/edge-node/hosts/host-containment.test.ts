import { describe, expect, it } from "vitest";
import { culpritTimes } from "../../../edge-node/hosts/culprit-search.ts";
import type { RunnableVersion } from "../../../runtime/driver.ts";
import { nodeLimits } from "../../../sdk/limits.ts";
import { settle } from "../support/fake-clock.ts";
import { fakeHosts, type FakeSet } from "./fake-host.ts";

const quarantinedNames = ({ hosts }: FakeSet): string[] =>
  hosts.containment().quarantined.map((version) => version.function);

/** Lets the front look at its hosts so often. */
async function look({ clock }: FakeSet, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await clock.advance(nodeLimits.hostCheckMs);
}

describe("a host that dies", () => {
  it("gives its place to the one that stands by; who ran alone is quarantined and runs once more in a process of its own", async () => {
    const set = await fakeHosts();
    const bomb = await set.load("bomb");
    const asked = set.ask(bomb);
    const [first] = set.started;
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    expect(quarantinedNames(set)).toEqual(["bomb"]);
    const second = set.hostOf("bomb");
    expect(second).not.toBe(first);
    second.answer();
    await settle();
    expect(asked.outcome).toEqual({ kind: "continue" });
    expect(set.hosts.containment()).toMatchObject({ repeated: 1, notRepeated: 0, deaths: { crash: 1 } });
    expect(set.logger.count("version_quarantined")).toBe(1);
  });

  it("an invocation that the world may have noticed is not repeated", async () => {
    const set = await fakeHosts();
    const asked = set.ask(await set.load("bomb"), "unsafe");
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    expect(asked.outcome).toMatchObject({ kind: "failed", code: "HOST_LOST" });
    expect(set.hosts.containment()).toMatchObject({ repeated: 0, notRepeated: 1 });
  });

  it("both runs share one wall limit: the second has what the first left of it", async () => {
    const set = await fakeHosts();
    const bomb = await set.load("bomb");
    const asked = set.ask(bomb);
    const wallMs = bomb.limits.fetchWallMs;
    await set.clock.advance(wallMs - 100);
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    const second = set.hostOf("bomb");
    await set.clock.advance(99);
    expect(asked.outcome).toBeNull();
    await set.clock.advance(1);
    expect(asked.outcome).toMatchObject({ kind: "failed", code: "FUNCTION_WALL_LIMIT" });
    expect(second.cancelled).toBe(1);
    second.answer();
    await settle();
    expect(asked.outcome).toMatchObject({ kind: "failed", code: "FUNCTION_WALL_LIMIT" });
  });

  it("what has used its wall limit up is not repeated", async () => {
    const set = await fakeHosts();
    const bomb = await set.load("bomb");
    const asked = set.ask(bomb);
    await set.clock.advance(bomb.limits.fetchWallMs);
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    expect(asked.outcome).toMatchObject({ kind: "failed", code: "FUNCTION_WALL_LIMIT" });
    expect(set.hosts.containment()).toMatchObject({ repeated: 0, notRepeated: 1 });
  });

  it("an invocation is repeated once; after that its function is held back, and says for how long", async () => {
    const set = await fakeHosts();
    const bomb = await set.load("bomb");
    const asked = set.ask(bomb);
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    expect(asked.outcome).toMatchObject({ kind: "failed", code: "HOST_LOST" });
    const later = set.ask(bomb);
    await settle();
    expect(later.outcome).toMatchObject({ kind: "failed", code: "FUNCTION_QUARANTINED", retryAfterSeconds: 1 });
    await set.clock.advance(culpritTimes.backOffMsMin);
    const afterwards = set.ask(bomb);
    await settle();
    set.hostOf("bomb").answer();
    await settle();
    expect(afterwards.outcome).toEqual({ kind: "continue" });
  });

  it("of several that ran each runs apart; with the second death the culprit is known and nobody else's request has failed", async () => {
    const set = await fakeHosts();
    const versions = await Promise.all(["bomb", "a", "b"].map((name) => set.load(name)));
    const asked = versions.map((version) => set.ask(version));
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    expect(quarantinedNames(set)).toEqual([]);
    expect(set.hosts.containment().suspects).toBe(3);
    expect(new Set(["bomb", "a", "b"].map((name) => set.hostOf(name))).size).toBe(3);
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    expect(quarantinedNames(set)).toEqual(["bomb"]);
    expect(set.hosts.containment().suspects).toBe(0);
    for (const name of ["a", "b"]) set.hostOf(name).answer();
    await settle();
    expect(asked.map(({ outcome }) => outcome?.kind)).toEqual(["failed", "continue", "continue"]);
    // Whoever is released shares a host again.
    for (const version of versions.slice(1)) set.ask(version);
    await settle();
    expect(set.hostOf("a")).toBe(set.hostOf("b"));
  });

  it("takes the versions along that did not run, without suspicion", async () => {
    const set = await fakeHosts();
    const [bomb, quiet] = [await set.load("bomb"), await set.load("quiet")];
    set.ask(bomb);
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    set.ask(quiet);
    await settle();
    expect(set.hostOf("quiet").loaded).toEqual(new Set(["quiet"]));
    expect(set.hosts.containment().suspects).toBe(0);
  });

  it("that somebody killed accuses nobody the first time, and its requests run on the one that stood by", async () => {
    const set = await fakeHosts();
    const asked = set.ask(await set.load("a"));
    set.hostOf("a").die("SIGKILL");
    await settle();
    expect(set.hosts.containment()).toMatchObject({ quarantined: [], suspects: 0, deaths: { killed: 1, crash: 0 } });
    set.hostOf("a").answer();
    await settle();
    expect(asked.outcome).toEqual({ kind: "continue" });
  });

  it("takes what is reserved along to the next one, which is told when it is said again", async () => {
    const set = await fakeHosts();
    const { key } = await set.load("a");
    const [first, standby] = set.started;
    set.hosts.reserve(key, 3);
    expect([first?.reserved, standby?.reserved]).toEqual([new Map([[key, 3]]), new Map()]);
    first?.die("SIGKILL");
    await settle();
    // Nothing ran there, so nothing has asked for a process yet.
    set.hosts.reserve(key, 3);
    await settle();
    set.hosts.reserve(key, 3);
    expect([standby?.loaded, standby?.reserved]).toEqual([new Set([key]), new Map([[key, 3]])]);
    set.hosts.reserve(key, 0);
    expect(standby?.reserved.size).toBe(0);
  });

  it("of more dedicated versions than there may be processes keeps some, and ends none for the others", async () => {
    const set = await fakeHosts();
    const versions: RunnableVersion[] = [];
    for (let at = 0; at < 2 * nodeLimits.apartHostsMax; at++) versions.push(await set.load(`d${at}`, "dedicated"));
    const keep = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        for (const { key } of versions) set.hosts.reserve(key, 1);
        await set.clock.advance(1_000);
      }
    };
    await keep(120);
    const startedBefore = set.started.length;
    const kept = set.started.filter(({ ended, reserved }) => !ended && reserved.size > 0).length;
    expect(kept).toBeGreaterThanOrEqual(nodeLimits.apartHostsMax);
    await keep(120);
    expect(set.started.length).toBe(startedBefore);
  });

  it("of a culprit keeps nothing that is reserved", async () => {
    const set = await fakeHosts();
    const version = await set.load("a");
    set.ask(version);
    set.hostOf("a").die("SIGTRAP");
    await settle();
    expect(set.hosts.containment().quarantined).toHaveLength(1);
    set.hosts.reserve(version.key, 3);
    expect(set.started.flatMap(({ reserved }) => [...reserved])).toEqual([]);
  });

  it("and dies again and again costs no more starts than the budget, and never more processes than the bound", async () => {
    const set = await fakeHosts();
    const bomb = await set.load("bomb");
    for (let second = 0; second < 120; second += 1) {
      set.ask(bomb);
      await set.clock.advance(1_000);
      for (const host of set.started) if (host.isLive) host.die("SIGTRAP");
    }
    await settle();
    // Each start costs 250 ms of one core; two seconds' worth are stored.
    expect(set.started.length).toBeLessThanOrEqual(2 + (120_000 + 2_000) / 250);
    expect(set.started.filter(({ isLive }) => isLive).length).toBeLessThanOrEqual(1 + nodeLimits.apartHostsMax + 4);
  });
});

describe("a host that is not fit", () => {
  it("that gives no sign of life is killed after some looks, and who ran in it is judged", async () => {
    const set = await fakeHosts();
    set.ask(await set.load("bomb"));
    const host = set.hostOf("bomb");
    host.answersPings = false;
    await look(set, nodeLimits.hostSilentChecksMax);
    expect(host.isLive).toBe(true);
    await look(set, 2);
    expect(host.isLive).toBe(false);
    expect(set.deaths("hang")).toBe(1);
    expect(quarantinedNames(set)).toEqual(["bomb"]);
  });

  it("that answers is left alone however long it is watched", async () => {
    const set = await fakeHosts();
    set.ask(await set.load("a"));
    await look(set, 100);
    expect(set.hostOf("a").isLive).toBe(true);
  });

  it("looks that come late accuse nobody: the front slept", async () => {
    const set = await fakeHosts();
    set.ask(await set.load("a"));
    set.hostOf("a").answersPings = false;
    let nowMs = 0;
    for (let time = 0; time < 20; time += 1) {
      // The clock jumps over the look, which then fires late.
      nowMs += 5_000;
      await set.clock.sleep(5_000);
    }
    expect(nowMs).toBe(100_000);
    expect(set.hostOf("a").isLive).toBe(true);
  });

  it("with a thread that does not come back gets nothing new; others finish within the grace, and who holds the thread is quarantined", async () => {
    const set = await fakeHosts();
    const [bomb, neighbour] = [await set.load("bomb"), await set.load("neighbour")];
    set.ask(bomb);
    const asked = set.ask(neighbour);
    const host = set.hostOf("bomb");
    host.driver.onCondemned({ key: "bomb", reason: "stuck" });
    await settle();
    expect(quarantinedNames(set)).toEqual(["bomb"]);
    const next = set.ask(neighbour);
    await settle();
    expect(set.started.filter((one) => one.isLive && one.running.includes("neighbour")).length).toBe(2);
    expect(host.isLive).toBe(true);
    host.answer();
    await look(set, 1);
    expect(asked.outcome).toEqual({ kind: "continue" });
    expect(host.isLive).toBe(false);
    set.hostOf("neighbour").answer();
    await settle();
    expect(next.outcome).toEqual({ kind: "continue" });
    expect(set.deaths("stuck")).toBe(1);
  });

  it("what has not finished within the grace runs once more elsewhere", async () => {
    const set = await fakeHosts();
    const [bomb, neighbour] = [await set.load("bomb"), await set.load("neighbour")];
    set.ask(bomb);
    const asked = set.ask(neighbour);
    const host = set.hostOf("bomb");
    host.driver.onCondemned({ key: "bomb", reason: "catastrophe" });
    await look(set, Math.ceil(nodeLimits.condemnedHostMs / nodeLimits.hostCheckMs) + 1);
    expect(host.isLive).toBe(false);
    set.hostOf("neighbour").answer();
    await settle();
    expect(asked.outcome).toEqual({ kind: "continue" });
    expect(set.hosts.containment()).toMatchObject({ suspects: 0, deaths: { catastrophe: 1, killed: 0, crash: 0 } });
  });

  it("with too much memory is replaced, and who used it of late is judged though nothing runs", async () => {
    const set = await fakeHosts({ hostMemoryMiB: 300 });
    const hoarder = await set.load("hoarder");
    set.ask(hoarder);
    const host = set.hostOf("hoarder");
    host.answer();
    host.rssMiB = 400;
    await look(set, 1);
    expect(quarantinedNames(set)).toEqual(["hoarder"]);
    expect(host.isLive).toBe(false);
    expect(set.deaths("memory")).toBe(1);
  });

  it("that grows on while others finish is not waited for", async () => {
    const set = await fakeHosts({ hostMemoryMiB: 300 });
    set.ask(await set.load("a"));
    set.ask(await set.load("b"));
    const host = set.hostOf("a");
    host.rssMiB = 400;
    await look(set, 1);
    expect(host.isLive).toBe(true);
    host.rssMiB = 1_000;
    await look(set, 1);
    expect(host.isLive).toBe(false);
  });

  it("with far too much memory is killed at once, whatever runs in it", async () => {
    const set = await fakeHosts({ hostMemoryMiB: 300 });
    set.ask(await set.load("a"));
    set.ask(await set.load("b"));
    const host = set.hostOf("a");
    host.rssMiB = 1_000;
    await look(set, 1);
    expect(host.isLive).toBe(false);
    expect(set.hosts.containment().suspects).toBe(2);
  });
});

describe("homes", () => {
  it("a dedicated version has a process of its own", async () => {
    const set = await fakeHosts();
    set.ask(await set.load("a"));
    set.ask(await set.load("d", "dedicated"));
    await settle();
    expect(set.hostOf("d")).not.toBe(set.hostOf("a"));
    expect(set.hosts.containment().hosts.map(({ kind }) => kind)).toContain("dedicated");
  });

  it("suspects that behave share a host again after their time", async () => {
    const set = await fakeHosts();
    const versions = await Promise.all(["a", "b"].map((name) => set.load(name)));
    for (const version of versions) set.ask(version);
    set.hostOf("a").die("SIGTRAP");
    await settle();
    for (const name of ["a", "b"]) set.hostOf(name).answer();
    await set.clock.advance(culpritTimes.probationMsMin + nodeLimits.hostCheckMs);
    expect(set.hosts.containment().suspects).toBe(0);
    for (const version of versions) set.ask(version);
    await settle();
    expect(set.hostOf("a")).toBe(set.hostOf("b"));
  });

  it("a version that is unloaded leaves quarantine and its process behind", async () => {
    const set = await fakeHosts();
    set.ask(await set.load("bomb"));
    set.hostOf("bomb").die("SIGTRAP");
    await settle();
    const host = set.hostOf("bomb");
    host.answer();
    set.hosts.unload("bomb");
    await look(set, 1);
    expect(quarantinedNames(set)).toEqual([]);
    expect(host.isLive).toBe(false);
  });

  it("more versions that want processes of their own than there may be wait, and the least needed process makes room", async () => {
    const set = await fakeHosts();
    const count = nodeLimits.apartHostsMax + 8;
    for (let index = 0; index < count; index += 1) {
      const version = await set.load(`d${index}`, "dedicated");
      const asked = set.ask(version);
      await set.clock.advance(1_000);
      set.hostOf(`d${index}`).answer();
      await settle();
      expect(asked.outcome).toEqual({ kind: "continue" });
    }
    expect(set.started.filter(({ isLive }) => isLive).length).toBeLessThanOrEqual(1 + nodeLimits.apartHostsMax + 4);
  });

  it("an invocation that no process comes for in time is FUNCTION_UNAVAILABLE", async () => {
    const set = await fakeHosts();
    const busy = Array.from({ length: nodeLimits.apartHostsMax + 4 }, (_, index) => `d${index}`);
    for (const name of busy) {
      set.ask(await set.load(name, "dedicated"));
      await set.clock.advance(1_000);
    }
    const asked = set.ask(await set.load("late", "dedicated"));
    await set.clock.advance(nodeLimits.hostWaitMs);
    expect(asked.outcome).toMatchObject({ kind: "failed", code: "FUNCTION_UNAVAILABLE" });
  });
});
