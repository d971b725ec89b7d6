/** What passes its limits again and again moves away from those that do not. */
import { describe, expect, it } from "vitest";
import { noisyTimes } from "../../../edge-node/hosts/noisy-versions.ts";
import type { RunnableVersion } from "../../../runtime/driver.ts";
import { nodeLimits } from "../../../sdk/limits.ts";
import { settle } from "../support/fake-clock.ts";
import { fakeHosts, type FakeHost, type FakeSet } from "./fake-host.ts";

/** Invocations that are stopped at a limit, until the version is noisy. */
async function strike(set: FakeSet, version: RunnableVersion): Promise<FakeHost> {
  let host: FakeHost | undefined;
  for (let time = 0; time < noisyTimes.strikes; time += 1) {
    set.ask(version);
    host = set.hostOf(version.key);
    host.limit();
    await set.clock.advance(1_000);
  }
  if (host === undefined) throw new Error("There was no strike");
  return host;
}

describe("a version that passes its limits again and again", () => {
  it("runs in a process apart from then on, and its instances beside the others are given up", async () => {
    const set = await fakeHosts();
    const [loud, neighbour] = [await set.load("loud"), await set.load("neighbour")];
    const shared = await strike(set, loud);
    set.ask(neighbour);
    expect(shared).toBe(set.hostOf("neighbour"));
    expect(shared.loaded.has("loud")).toBe(false);
    set.ask(loud);
    await settle();
    const apart = set.hostOf("loud");
    expect(apart).not.toBe(shared);
    expect(set.hosts.containment().hosts.map(({ kind }) => kind)).toContain("noisy");
    expect(set.logger.count("version_noisy")).toBe(1);
  });

  it("does not take the process that stands by", async () => {
    const set = await fakeHosts();
    const loud = await set.load("loud");
    await strike(set, loud);
    set.ask(loud);
    await settle();
    expect(set.hosts.containment().hosts.map(({ kind }) => kind)).toContain("standby");
  });

  it("shares that process with others like it, and gives way to all who are not", async () => {
    const set = await fakeHosts();
    const loud = [await set.load("loud-1"), await set.load("loud-2")];
    for (const version of loud) await strike(set, version);
    for (const version of loud) set.ask(version);
    await settle();
    const apart = set.hostOf("loud-1");
    expect(set.hostOf("loud-2")).toBe(apart);
    await set.clock.advance(nodeLimits.hostCheckMs);
    expect(set.lowered).toContainEqual([apart.pid, 8]);
  });

  it("is back among the others after a quiet time", async () => {
    const set = await fakeHosts();
    const loud = await set.load("loud");
    const shared = await strike(set, loud);
    await set.clock.advance(noisyTimes.staysMsMin + nodeLimits.hostCheckMs);
    set.ask(loud);
    await settle();
    expect(set.hostOf("loud")).toBe(shared);
  });

  it("leaves no process behind when it is unloaded, but for a while that the next one like it may use", async () => {
    const set = await fakeHosts();
    const loud = await set.load("loud");
    await strike(set, loud);
    set.ask(loud);
    await settle();
    const apart = set.hostOf("loud");
    apart.answer();
    set.hosts.unload("loud");
    const next = await set.load("next");
    await strike(set, next);
    set.ask(next);
    await settle();
    expect(set.hostOf("next")).toBe(apart);
    apart.answer();
    set.hosts.unload("next");
    await set.clock.advance(30_000);
    expect(apart.isLive).toBe(false);
  });

  it("that has its own process by configuration stays there", async () => {
    const set = await fakeHosts();
    const own = await set.load("own", "dedicated");
    set.ask(own);
    await settle();
    const host = set.hostOf("own");
    host.answer();
    await strike(set, own);
    set.ask(own);
    await settle();
    expect(set.hostOf("own")).toBe(host);
  });
});
