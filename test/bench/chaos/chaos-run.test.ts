import { describe, expect, it } from "vitest";
import { judgeRecords } from "../../../bench/chaos/call-load.ts";
import { reportChaos, type ChaosFindings } from "../../../bench/chaos/chaos-run.ts";
import { judgeAnswer } from "../../../bench/chaos/request-load.ts";

const fine: ChaosFindings = {
  world: { kills: new Map([["front", 2]]), downMs: { controlPlane: [1_200.4, 900], node: [] } },
  requests: { requests: 10, failed: 0, attemptsFailed: 3, examples: [], reasons: new Map([["ECONNREFUSED", 3]]) },
  publishes: { newest: 3, acknowledged: [1, 3], refused: new Map([["CONTROL_UNREACHABLE", 1]]) },
  publishLosses: { atControlPlane: [], atNodes: [], stale: [] },
  calls: { accepted: new Map([["a", 0]]), refused: new Map() },
  callLosses: { unfinished: [], records: [] },
};
const unmet = (found: ChaosFindings): readonly string[] =>
  reportChaos(found).goals.flatMap(({ met, name }) => (met ? [] : [name]));

describe("reportChaos()", () => {
  it("has met every goal when nothing was lost, and tells the raw numbers", () => {
    expect(unmet(fine)).toEqual([]);
    const results = new Map(reportChaos(fine).results.map(({ name, value }) => [name, value]));
    expect(results.get("attempts: ECONNREFUSED")).toBe(3);
    expect(results.get("control plane away, longest")).toBe(1_200);
    expect(results.get("publishes without an acknowledgement")).toBe(1);
  });

  it.each([
    ["failed requests", { requests: { ...fine.requests, failed: 1 } }],
    ["acknowledged publishes lost", { publishLosses: { ...fine.publishLosses, atControlPlane: [1] } }],
    ["acknowledged publishes lost", { publishLosses: { ...fine.publishLosses, atNodes: ["v1 on a"] } }],
    ["nodes that stayed behind", { publishLosses: { ...fine.publishLosses, stale: ["a"] } }],
    ["asynchronous calls lost", { callLosses: { unfinished: ["a"], records: [] } }],
    ["records of calls missing, wrong or twice", { callLosses: { unfinished: [], records: ["a"] } }],
  ])("has not met %s when there was one", (name, change) => {
    expect(unmet({ ...fine, ...change })).toEqual([name]);
  });

  it("has not met what nobody tried", () => {
    const nothing: ChaosFindings = {
      ...fine,
      requests: { ...fine.requests, requests: 0 },
      publishes: { ...fine.publishes, acknowledged: [] },
      calls: { accepted: new Map(), refused: new Map() },
    };
    expect(unmet(nothing)).toHaveLength(5);
  });
});

describe("judgeAnswer()", () => {
  const asked = { path: "/r1", newest: 4 };

  it.each(["v0 /r1", "v4 /r1"])("takes %j", (body) => {
    expect(judgeAnswer({ status: 200, body }, asked)).toBeNull();
  });

  it.each([
    [503, "v4 /r1"],
    [200, "v5 /r1"],
    [200, "v4 /r2"],
    [200, ""],
  ])("refuses %i with %j", (status, body) => {
    expect(judgeAnswer({ status, body }, asked)).toContain(`status ${String(status)}`);
  });
});

describe("judgeRecords()", () => {
  const accepted = new Map([["a", 1]]);
  const record = (id: string, n: number, of = id) => ({ id, payload: { n, id: of } });

  it("takes one record of each, and those of calls whose acceptance nobody heard of", () => {
    expect(judgeRecords(accepted, [record("a", 1), record("unheard", 2)])).toEqual([]);
  });

  it.each([
    ["0 records", []],
    ["2 records", [record("a", 1), record("a", 1)]],
    ["its record has", [record("a", 2)]],
    ["its record has", [record("a", 1, "b")]],
  ])("finds %s", (problem, records) => {
    expect(judgeRecords(accepted, records)).toEqual([expect.stringContaining(problem)]);
  });
});
