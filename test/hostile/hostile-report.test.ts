import { describe, expect, it } from "vitest";
import type { CorpusRun } from "./corpus.ts";
import { formatProgram, makeHostileReport, reportProgram } from "./hostile-report.ts";
import type { ProgramRun } from "./judge.ts";

const head = { commit: "abc", node: "24", cores: 2, at: "2026-01-01T00:00:00.000Z", settings: {} };
const alone = { requests: 2_000, failures: 0, p99Ms: 2, firstFailure: null };

function run(name: string, change: Partial<ProgramRun> = {}): ProgramRun {
  return {
    name,
    attack: "CPU",
    publish: { kind: "published", ms: 100.4, hooks: ["fetch"] },
    rollout: null,
    outcomes: [{ kind: "answered", status: 503, code: "FUNCTION_CPU_LIMIT", ms: 60.2, reached: [] }],
    headMs: 5_000,
    trespasses: [],
    healthyMs: 12.3,
    unwell: null,
    neighbour: alone,
    neighbourUnderAttack: { ...alone, p99Ms: 4 },
    processesReplaced: 0,
    ...change,
  };
}

function corpus(change: Partial<CorpusRun> = {}): CorpusRun {
  const before = { nodeMiB: 400, descriptors: 100, processes: 5 };
  const runs = [run("a"), run("b"), run("c", { neighbourUnderAttack: { ...alone, p99Ms: 900 } })];
  return { runs, alone, neighbour: alone, before, after: { nodeMiB: 440, descriptors: 98, processes: 5 }, ...change };
}

function missed(change: Partial<CorpusRun>): readonly string[] {
  return makeHostileReport(head, corpus(change)).goals.flatMap(({ name, met }) => (met ? [] : [name]));
}

describe("makeHostileReport()", () => {
  it("meets every goal when all is contained; the ratio is the median's, so one bad program does not miss it", () => {
    const report = makeHostileReport(head, corpus());
    expect(report.goals.filter(({ met }) => !met)).toEqual([]);
    expect(report.goals[2]).toMatchObject({ name: "neighbour p99 under attack, median", value: 2, met: true });
    expect(report).toMatchObject({
      scenario: "hostile",
      commit: "abc",
      programs: [{ name: "a" }, { name: "b" }, { name: "c" }],
    });
  });

  it.each<[string, Partial<CorpusRun>]>([
    ["programs not contained", { runs: [run("a", { healthyMs: null })] }],
    ["failed neighbour requests", { neighbour: { ...alone, failures: 1 } }],
    ["neighbour p99 under attack, median", { alone: { ...alone, p99Ms: 1 } }],
    ["neighbour p99 under attack, median", { alone: { ...alone, p99Ms: null } }],
    ["node memory after", { after: { nodeMiB: 481, descriptors: 100, processes: 5 } }],
    ["file descriptors leaked", { after: { nodeMiB: 400, descriptors: 101, processes: 5 } }],
    ["processes leaked", { after: { nodeMiB: 400, descriptors: 100, processes: 6 } }],
  ])("misses %s, and that alone", (name, change) => {
    expect(missed(change)).toEqual([name]);
  });
});

describe("formatProgram()", () => {
  it("is one line for a contained program", () => {
    expect(formatProgram(reportProgram(run("loop"), alone))).toBe(
      "contained | loop | published; 1 × 503 FUNCTION_CPU_LIMIT | slowest 60 ms | healthy after 12 ms | neighbour 0 errors of 2000, p99 4 ms (alone 2 ms)\n",
    );
  });

  it("has what the control plane said about a refused one, and a line for each reason", () => {
    const publish = { kind: "refused", ms: 1, status: 422, code: "PUBLISH_REFUSED", message: "too slow" } as const;
    const text = formatProgram(reportProgram(run("bad", { publish, outcomes: [], trespasses: ["GET /"] }), alone));
    expect(text).toContain("NOT CONTAINED | bad | refused; PUBLISH_REFUSED: too slow | healthy");
    expect(text).toContain("\n    came to a forbidden port: GET /\n");
  });
});
