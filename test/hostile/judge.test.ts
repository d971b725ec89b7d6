import { describe, expect, it } from "vitest";
import { readAnswer, type AttackOutcome } from "./attack-request.ts";
import { countOutcomes, judge, type ProgramRun } from "./judge.ts";

const quiet = { requests: 400, failures: 0, p99Ms: 2, firstFailure: null };
const limited: AttackOutcome = { kind: "answered", status: 503, code: "FUNCTION_CPU_LIMIT", ms: 60, reached: [] };

function run(change: Partial<ProgramRun>): ProgramRun {
  return {
    name: "program",
    attack: "CPU",
    publish: { kind: "published", ms: 100, hooks: ["fetch"] },
    rollout: null,
    outcomes: Array.from({ length: 20 }, () => limited),
    headMs: 5_000,
    trespasses: [],
    healthyMs: 10,
    unwell: null,
    neighbour: quiet,
    neighbourUnderAttack: quiet,
    processesReplaced: 0,
    ...change,
  };
}

describe("judge()", () => {
  it.each<[string, Partial<ProgramRun>]>([
    ["answers of any status", {}],
    [
      "bodies that break off or never end",
      {
        outcomes: [
          { kind: "cut", status: 200, ms: 1 },
          { kind: "left", status: 200, ms: 9 },
          { kind: "lost", ms: 9, why: "socket hang up" },
        ],
      },
    ],
    [
      "a publish refused with a clear error",
      {
        publish: { kind: "refused", ms: 5_100, status: 422, code: "PUBLISH_REFUSED", message: "takes too long" },
        outcomes: [],
      },
    ],
    ["a version that the node refuses, when requests are answered", { rollout: "it does not load" }],
    ["processes that were replaced while nobody noticed", { processesReplaced: 2 }],
  ])("contains %s", (_, change) => {
    expect(judge(run(change))).toEqual({ contained: true, reasons: [] });
  });

  it.each<[string, Partial<ProgramRun>, string]>([
    [
      "something reached",
      { outcomes: [limited, { kind: "answered", status: 200, code: null, ms: 1, reached: ["process"] }] },
      "reached process",
    ],
    ["a request at a forbidden port", { trespasses: ["GET /plain"] }, "came to a forbidden port: GET /plain"],
    [
      "a request without an answer",
      { outcomes: [limited, { kind: "unanswered", ms: 5_000 }] },
      "1 of 2 requests unanswered for 5000 ms",
    ],
    ["a node that stays ill", { healthyMs: null, unwell: "admin: 503" }, "not healthy: admin: 503"],
    [
      "a failed request of the neighbour",
      { neighbour: { ...quiet, failures: 3, firstFailure: "502: HOST_LOST" } },
      "3 of 400 neighbour requests failed: 502: HOST_LOST",
    ],
    [
      "a publish that is the control plane's failure",
      { publish: { kind: "failed", ms: 60_000, code: "LATE", message: "no answer" }, outcomes: [] },
      "publish failed after 60000 ms: LATE",
    ],
    [
      "a publish refused without a word",
      { publish: { kind: "refused", ms: 1, status: 422, code: "PUBLISH_REFUSED", message: "" }, outcomes: [] },
      "publish refused without a word",
    ],
  ])("does not contain %s", (_, change, reason) => {
    expect(judge(run(change))).toEqual({ contained: false, reasons: [reason] });
  });

  it("gives every reason", () => {
    expect(judge(run({ trespasses: ["GET /"], healthyMs: null })).reasons).toHaveLength(2);
  });
});

describe("countOutcomes()", () => {
  it("counts what clients got by status and code", () => {
    const whole: AttackOutcome = { kind: "answered", status: 200, code: null, ms: 1, reached: [] };
    const outcomes: AttackOutcome[] = [
      limited,
      limited,
      whole,
      { kind: "left", status: 200, ms: 1 },
      { kind: "unanswered", ms: 1 },
    ];
    expect(countOutcomes(outcomes)).toEqual({
      "503 FUNCTION_CPU_LIMIT": 2,
      "200": 1,
      "200, endless": 1,
      unanswered: 1,
    });
  });
});

describe("readAnswer()", () => {
  it.each<[string, ReturnType<typeof readAnswer>]>([
    ['{"error":{"code":"FUNCTION_THREW"}}', { code: "FUNCTION_THREW", reached: [] }],
    ['{"reached":["eval",{"a":1}]}', { code: null, reached: ["eval", "[object Object]"] }],
    ['{"reached":[]}', { code: null, reached: [] }],
    ['{"reached":"everything"}', { code: null, reached: [] }],
    ["null", { code: null, reached: [] }],
    ["not JSON", { code: null, reached: [] }],
  ])("reads %s", (text, expected) => {
    expect(readAnswer(text)).toEqual(expected);
  });
});
