/** Shared hosts that hold much more memory than what lives in them needs. */
import { describe, expect, it } from "vitest";
import { renewalTimes } from "../../../edge-node/hosts/host-renewal.ts";
import { nodeLimits } from "../../../sdk/limits.ts";
import { settle } from "../support/fake-clock.ts";
import { fakeHosts, type FakeSet } from "./fake-host.ts";

async function look({ clock }: FakeSet, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await clock.advance(nodeLimits.hostCheckMs);
}

function renewals({ started }: FakeSet): number {
  return started.filter(({ isLive }) => !isLive).length;
}

/** Every host is large, of instances that ended. */
function leaveMuch({ started }: FakeSet): void {
  const { leanMiB, instancesGone } = renewalTimes;
  for (const host of started) Object.assign(host, { rssMiB: leanMiB + 1, instancesGone });
}

async function withLargeHost(): Promise<{ readonly set: FakeSet; readonly old: FakeSet["started"][number] }> {
  const set = await fakeHosts();
  const version = await set.load("a");
  set.ask(version);
  const old = set.hostOf("a");
  old.answer();
  old.rssMiB = renewalTimes.leanMiB + 1;
  return { set, old };
}

describe("a shared host that is larger than it needs to be", () => {
  it("is replaced by the one that stands by, which has its versions ready", async () => {
    const { set, old } = await withLargeHost();
    await look(set, renewalTimes.looks - 1);
    expect(old.isLive).toBe(true);
    await look(set, 2);
    expect(old.isLive).toBe(false);
    const asked = set.ask(await set.load("a"));
    const fresh = set.hostOf("a");
    expect(fresh.warmed).toEqual(["a"]);
    fresh.answer();
    await settle();
    expect(asked.outcome).toEqual({ kind: "continue" });
    expect(set.deaths("memory")).toBe(0);
  });

  it("finishes what runs in it", async () => {
    const { set, old } = await withLargeHost();
    const asked = set.ask(await set.load("a"));
    await look(set, renewalTimes.looks + 1);
    expect([old.isLive, set.hosts.containment().hosts.map(({ kind }) => kind)]).toEqual([
      true,
      expect.arrayContaining(["ending", "shared"]),
    ]);
    old.answer();
    await look(set, 1);
    expect([asked.outcome, old.isLive]).toEqual([{ kind: "continue" }, false]);
  });

  it("is left alone for a moment's size, and when its instances need the room", async () => {
    const { set, old } = await withLargeHost();
    await look(set, renewalTimes.looks - 1);
    old.rssMiB = renewalTimes.leanMiB;
    await look(set, 1);
    old.rssMiB = renewalTimes.leanMiB + 40;
    old.instances = 10;
    await look(set, renewalTimes.looks);
    expect(old.isLive).toBe(true);
  });

  it("that is as large again soon is renewed after waits that double", async () => {
    const { set } = await withLargeHost();
    for (const host of set.started) host.rssMiB = renewalTimes.leanMiB + 1;
    for (let minute = 0; minute < 10; minute += 1) {
      await look(set, 60_000 / nodeLimits.hostCheckMs / 2);
      for (const host of set.started) host.rssMiB = renewalTimes.leanMiB + 1;
    }
    expect(renewals(set)).toBeGreaterThanOrEqual(2);
    expect(renewals(set)).toBeLessThanOrEqual(5);
  });

  it("is renewed as soon as it is large again when it is so of what ended instances left", async () => {
    const { set } = await withLargeHost();
    leaveMuch(set);
    await look(set, renewalTimes.looks);
    for (let time = 1; time <= 6; time += 1) {
      expect(renewals(set)).toBe(time);
      leaveMuch(set);
      await look(set, renewalTimes.waitMsMin / nodeLimits.hostCheckMs - 1);
      expect(renewals(set)).toBe(time);
      await look(set, 1);
    }
  });

  it("waits longer each time all the same while an earlier one has to be waited for", async () => {
    const { set } = await withLargeHost();
    const waitLooks = renewalTimes.waitMsMin / nodeLimits.hostCheckMs;
    const ending = (): number => set.hosts.containment().hosts.filter(({ kind }) => kind === "ending").length;
    const counts: number[] = [];
    for (let time = 1; time <= 8; time += 1) {
      // The host of the moment answers nothing, and so it has to be waited for once it is renewed.
      set.ask(await set.load("a"));
      leaveMuch(set);
      await look(set, waitLooks);
      counts.push(ending());
    }
    expect(counts).toEqual([1, 2, 2, 3, 3, 3, 3, 4]);
  });

  it("has no more than a fiftieth of the time taken up by its renewals", async () => {
    const { set, old } = await withLargeHost();
    const { clock } = set;
    const preparedMs = 2_000;
    const standby = set.started.find((host) => host !== old && host.isLive);
    const warming = (): Promise<null> => new Promise((done) => clock.after(preparedMs, () => done(null)));
    Object.assign(standby ?? {}, { warming });
    leaveMuch(set);
    await look(set, renewalTimes.looks + preparedMs / nodeLimits.hostCheckMs + 1);
    expect(renewals(set)).toBe(1);
    leaveMuch(set);
    const leastMs = preparedMs * renewalTimes.waitPerPrepared;
    await look(set, (leastMs - preparedMs) / nodeLimits.hostCheckMs - 2);
    expect(renewals(set)).toBe(1);
    await look(set, 2);
    expect(renewals(set)).toBe(2);
  });

  it("stays when the one that was to take its place dies first", async () => {
    const { set, old } = await withLargeHost();
    await look(set, renewalTimes.looks - 1);
    const standby = set.started.find((host) => host !== old && host.isLive);
    standby?.die("SIGKILL");
    await settle();
    set.ask(await set.load("a"));
    expect(set.hostOf("a")).toBe(old);
  });
});
