import { describe, expect, it } from "vitest";
import { PurgeTable, type Purge, type PurgeTarget } from "../../../edge-node/cache/purge-table.ts";
import { nothingPurged, type PurgeableEntry, type PurgeJudgement } from "../../../edge-node/cache/purge-view.ts";

const www = "www.example.com";
const all = (domain: string | null): PurgeTarget => ({ kind: "all", domain });
const tag = (name: string, domain: string | null = www): PurgeTarget => ({ kind: "tag", domain, tag: name });
const url = (text: string, domain = www): PurgeTarget => ({ kind: "url", domain, url: text });
const directory = (path: string, domain = www): PurgeTarget => ({ kind: "directory", domain, path });

function purge(target: PurgeTarget, change: Partial<Purge> = {}): Purge {
  return { sequence: 1, target, mode: "hard", at: 100, ...change };
}

function entry(change: Partial<PurgeableEntry> = {}): PurgeableEntry {
  return { domain: www, path: "/a/b/c.css", query: "", tags: ["red", "blue"], requestedAt: 100, ...change };
}

/** The judgement of an entry by a table with these purges, and by one made of its snapshot. */
function judge(purges: readonly Purge[], asked: Partial<PurgeableEntry> = {}): PurgeJudgement {
  const table = new PurgeTable();
  for (const each of purges) table.add(each);
  const copy = new PurgeTable();
  copy.replace(table.snapshot());
  expect(copy.judge(entry(asked))).toBe(table.judge(entry(asked)));
  return table.judge(entry(asked));
}

it("a table without purges is empty and keeps everything", () => {
  const table = new PurgeTable();
  expect([table.isEmpty, table.judge(entry()), table.snapshot()]).toEqual([true, "kept", []]);
  expect([nothingPurged.isEmpty, nothingPurged.judge(entry())]).toEqual([true, "kept"]);
});

describe("an entry falls under a purge of", () => {
  it.each<[PurgeTarget, Partial<PurgeableEntry>, PurgeJudgement]>([
    [url("/a/b/c.css"), {}, "gone"],
    [url("/a/b/c.css"), { query: "?v=1" }, "kept"],
    [url("/a/b/c.css?v=1"), { query: "?v=1" }, "gone"],
    [url("/a/b/c.css?v=1"), {}, "kept"],
    [url("/a/b/C.css"), {}, "kept"],
    [url("/a/b/c.css", "other.example.com"), {}, "kept"],
    [directory("/"), {}, "gone"],
    [directory("/a/"), {}, "gone"],
    [directory("/a/b/"), {}, "gone"],
    [directory("/a/b/"), { query: "?v=1" }, "gone"],
    [directory("/a/b/"), { path: "/a/b/" }, "gone"],
    [directory("/a/b/"), { path: "/a/b" }, "kept"],
    [directory("/a/b/"), { path: "/a/bb/c" }, "kept"],
    [directory("/b/"), {}, "kept"],
    [directory("/a/b/c.css/"), {}, "kept"],
    [directory("/a/", "other.example.com"), {}, "kept"],
    [tag("red"), {}, "gone"],
    [tag("blue"), {}, "gone"],
    [tag("Red"), {}, "kept"],
    [tag("red"), { tags: [] }, "kept"],
    [tag("red", "other.example.com"), {}, "kept"],
    [tag("red", null), {}, "gone"],
    [tag("green", null), {}, "kept"],
    [all(www), {}, "gone"],
    [all("other.example.com"), {}, "kept"],
    [all(null), {}, "gone"],
    [all("*.example.com"), { domain: "*.example.com" }, "gone"],
    [url("__proto__"), { path: "__proto__" }, "gone"],
  ])("%j: %j is %s", (target, asked, expected) => {
    expect(judge([purge(target)], asked)).toBe(expected);
  });
});

describe("the instant decides:", () => {
  it.each<[number, PurgeJudgement]>([
    [99, "gone"],
    [100, "gone"],
    [101, "kept"],
  ])("requested at %i, purged at 100: %s", (requestedAt, expected) => {
    expect(judge([purge(url("/a/b/c.css"))], { requestedAt })).toBe(expected);
  });

  it.each<[string, readonly Purge[], number, PurgeJudgement]>([
    ["a repeated purge counts from its newest time", [purge(tag("red")), purge(tag("red"), { at: 200 })], 150, "gone"],
    ["times out of order do not go back", [purge(tag("red"), { at: 200 }), purge(tag("red"))], 150, "gone"],
    ["a soft purge makes stale", [purge(tag("red"), { mode: "soft" })], 100, "stale"],
    ["a soft purge leaves newer entries", [purge(tag("red"), { mode: "soft" })], 101, "kept"],
    [
      "a later soft purge does not bring back what a hard one took",
      [purge(tag("red")), purge(tag("red"), { mode: "soft", at: 200 })],
      100,
      "gone",
    ],
    [
      "and makes stale what came between",
      [purge(tag("red")), purge(tag("red"), { mode: "soft", at: 200 })],
      150,
      "stale",
    ],
    [
      "hard by one tag wins over soft by another",
      [purge(tag("blue")), purge(tag("red"), { mode: "soft" })],
      100,
      "gone",
    ],
    [
      "hard everywhere wins over soft in the domain",
      [purge(all(null)), purge(all(www), { mode: "soft" })],
      100,
      "gone",
    ],
    [
      "soft everywhere is seen beside purges of the domain",
      [purge(all(null), { mode: "soft" }), purge(url("/x"))],
      100,
      "stale",
    ],
  ])("%s", (_claim, purges, requestedAt, expected) => {
    expect(judge(purges, { requestedAt })).toBe(expected);
  });
});

describe("a purge of everything takes the place of older ones:", () => {
  const older = [purge(tag("red")), purge(url("/x"), { at: 101 }), purge(tag("red", null), { at: 50 })];
  const sizeAfter = (last: Purge): number => {
    const table = new PurgeTable();
    for (const each of [...older, last]) table.add(each);
    return table.size;
  };
  it.each<[string, Purge, number]>([
    ["in a domain", purge(all(www), { at: 200 }), 1],
    ["in all domains", purge(all(null), { at: 200 }), 0],
    ["not those that came after it", purge(all(null), { at: 100 }), 1],
    ["a soft one takes no hard one's place", purge(all(null), { mode: "soft", at: 200 }), 3],
  ])("%s", (_claim, last, size) => {
    expect(sizeAfter(last)).toBe(size);
  });
});

describe("when the table is full,", () => {
  const full = (purges: readonly Purge[], limits: ConstructorParameters<typeof PurgeTable>[0]): PurgeTable => {
    const table = new PurgeTable(limits);
    for (const each of purges) table.add(each);
    return table;
  };
  const three = ["/1", "/2", "/3"].map((path, index) => purge(url(path), { at: 100 + index }));

  it("the oldest target becomes a purge of its whole domain", () => {
    const table = full(three, { targetsMax: 2 });
    expect(table.size).toBe(2);
    const judged = (path: string, requestedAt: number, domain = www): PurgeJudgement =>
      table.judge(entry({ path, requestedAt, domain }));
    expect([judged("/1", 100), judged("/other", 100), judged("/other", 101)]).toEqual(["gone", "gone", "kept"]);
    expect([judged("/2", 101), judged("/3", 102), judged("/3", 103)]).toEqual(["gone", "gone", "kept"]);
    expect(judged("/1", 100, "other.example.com")).toBe("kept");
  });

  it("a soft one becomes a soft one", () => {
    const table = full([purge(url("/1"), { mode: "soft" }), ...three.slice(1)], { targetsMax: 2 });
    expect(table.judge(entry({ requestedAt: 100 }))).toBe("stale");
  });

  it("a tag of every domain becomes everything", () => {
    const table = full([purge(tag("green", null)), ...three.slice(1)], { targetsMax: 2 });
    expect(table.judge(entry({ domain: "other.example.com" }))).toBe("gone");
  });

  it("characters count as well", () => {
    const table = full(three, { charsMax: 5 });
    expect([table.size, table.judge(entry({ path: "/x" }))]).toEqual([2, "gone"]);
  });

  it("the oldest domain becomes everything, with all it held", () => {
    const domains = ["a", "b", "c"].map((name, index) => purge(url("/1", name), { at: 100 + index }));
    const table = full(domains, { domainsMax: 2 });
    expect(table.size).toBe(2);
    expect([table.judge(entry({ requestedAt: 100 })), table.judge(entry({ requestedAt: 101 }))]).toEqual([
      "gone",
      "kept",
    ]);
  });
});

it("under random purges a full table never keeps what an unbounded one does not", () => {
  const random = numbers(7);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const bounded = new PurgeTable({ targetsMax: 8, domainsMax: 2, charsMax: 40 });
  const unbounded = new PurgeTable();
  const domains = ["a", "b", "c"];
  const rank = { kept: 0, stale: 1, gone: 2 };
  for (let at = 1; at <= 2_000; at++) {
    const domain = pick(domains);
    const path = `/${pick(["x", "y", "z"])}/${pick(["1", "2", "3", "4"])}`;
    const targets = [url(path, domain), url(path, domain), directory("/x/", domain), tag(pick(["r", "g"]), domain)];
    const target = random() < 0.01 ? all(pick([domain, null])) : pick(targets);
    const next = purge(target, { at, mode: pick(["soft", "hard"]) });
    bounded.add(next);
    unbounded.add(next);
    const asked = entry({
      domain: pick(domains),
      path,
      tags: [pick(["r", "g"])],
      requestedAt: at - Math.floor(random() * 50),
    });
    expect(rank[bounded.judge(asked)]).toBeGreaterThanOrEqual(rank[unbounded.judge(asked)]);
  }
});

/** Repeatable numbers in [0, 1) (a linear congruential generator). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
