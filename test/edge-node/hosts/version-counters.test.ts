import { describe, expect, it } from "vitest";
import { VersionCounters } from "../../../edge-node/hosts/version-counters.ts";
import type { VersionStats } from "../../../runtime/driver.ts";
import { FakeHost } from "./fake-host.ts";

const row = (count: number, key = "a"): VersionStats => ({
  key,
  instances: 1,
  active: 1,
  queued: 1,
  invocations: count,
  failures: count,
  rejected: count,
  reserved: 0,
  coldStarts: count,
  cpuMs: count,
  heartbeatMisses: count,
  retired: count,
});

/** All rows of a key together. */
function totals(counters: VersionCounters, key = "a"): readonly [instances: number, coldStarts: number, cpuMs: number] {
  const rows = counters.rows.filter((entry) => entry.key === key);
  const sum = (of: (entry: VersionStats) => number): number => rows.reduce((total, entry) => total + of(entry), 0);
  return [sum((entry) => entry.instances), sum((entry) => entry.coldStarts), sum((entry) => entry.cpuMs)];
}

function hosts(counters: VersionCounters, count: number): readonly FakeHost[] {
  return Array.from({ length: count }, (_, pid) => new FakeHost(pid, (host) => counters.ended(host)));
}

describe("VersionCounters", () => {
  it("a host that ended leaves its counters and takes its instances along", () => {
    const counters = new VersionCounters();
    const [first, second, third] = hosts(counters, 3) as [FakeHost, FakeHost, FakeHost];
    counters.saw(first, [row(3), row(1, "b")]);
    first.kill();
    counters.saw(second, [row(2)]);
    expect([totals(counters), totals(counters, "b")]).toEqual([
      [1, 5, 5],
      [0, 1, 1],
    ]);
    second.kill();
    counters.saw(third, [row(1)]);
    expect(totals(counters)).toEqual([1, 6, 6]);
  });

  it("an answer replaces the host's earlier one", () => {
    const counters = new VersionCounters();
    const [host] = hosts(counters, 1) as [FakeHost];
    counters.saw(host, [row(3)]);
    counters.saw(host, [row(4)]);
    expect(totals(counters)).toEqual([1, 4, 4]);
  });

  it("an answer that comes when its host has ended counts for nothing", () => {
    const counters = new VersionCounters();
    const [host] = hosts(counters, 1) as [FakeHost];
    counters.saw(host, [row(3)]);
    host.kill();
    counters.saw(host, []);
    counters.saw(host, [row(4)]);
    expect(totals(counters)).toEqual([0, 3, 3]);
  });

  it("a version that was unloaded is forgotten, with what ended hosts counted", () => {
    const counters = new VersionCounters();
    const [ended, living] = hosts(counters, 2) as [FakeHost, FakeHost];
    counters.saw(ended, [row(3), row(1, "b")]);
    counters.saw(living, [row(3), row(1, "b")]);
    ended.kill();
    counters.forget("a");
    expect([totals(counters), totals(counters, "b")]).toEqual([
      [0, 0, 0],
      [1, 2, 2],
    ]);
  });
});
