/** The soak sees what it is there to see: foreign, torn, old bodies and failures that no outage explains. */
import { describe, expect, it } from "vitest";
import { SoakLog } from "../../../bench/soak/soak-log.ts";
import { bodyKey, resourceOf } from "../../../bench/soak/soak-origin.ts";
import { judgeBody, versionedBody } from "../../../bench/soak/versioned-body.ts";

describe("judgeBody()", () => {
  const body = versionedBody("/long/1", { version: 3, bytes: 2_000 });

  it("knows a whole body and its version", () => {
    expect(judgeBody(body, "/long/1")).toEqual({ kind: "whole", version: 3 });
  });

  it("tells another resource's body from its own", () => {
    expect(judgeBody(body, "/long/2").kind).toBe("foreign");
    expect(judgeBody(versionedBody(bodyKey("/vary/1", "a"), { version: 1, bytes: 100 }), "/vary/1@b").kind).toBe(
      "foreign",
    );
  });

  it.each([
    ["cut", body.subarray(0, 1_999)],
    ["longer", Buffer.concat([body, Buffer.from("x")])],
    ["empty", Buffer.alloc(0)],
    [
      "of two versions",
      Buffer.concat([body.subarray(0, 1_000), versionedBody("/long/1", { version: 4, bytes: 2_000 }).subarray(1_000)]),
    ],
  ])("sees that a body is %s", (_, damaged) => {
    expect(judgeBody(damaged, "/long/1").kind).toBe("torn");
  });
});

describe("SoakLog", () => {
  const outages = [{ from: 1_000, to: 2_000 }];

  it("puts failures down to an outage they overlap, and to its aftermath", () => {
    const log = new SoakLog();
    log.fail("during", { from: 900, to: 1_100, outages });
    log.fail("after", { from: 3_900, to: 4_000, outages });
    expect([log.failedInOutage, log.wrong]).toEqual([2, 0]);
  });

  it("has no excuse for any other failure", () => {
    const log = new SoakLog();
    log.fail("before", { from: 0, to: 999, outages });
    log.fail("long after", { from: 4_001, to: 4_002, outages });
    expect([log.failedInOutage, log.findings.get("unexplained")]).toEqual([0, 2]);
    expect(log.examples).toEqual(["unexplained: before", "unexplained: long after"]);
  });

  it("counts what Cache-Status says first", () => {
    const log = new SoakLog();
    for (const value of ["Selvage; hit; ttl=3", "Selvage; fwd=uri-miss; stored", undefined]) log.countCache(value);
    expect([...log.cache]).toEqual([
      ["hit", 1],
      ["uri-miss", 1],
      ["none", 1],
    ]);
  });
});

it("resourceOf() gives resources of one kind different paths", () => {
  expect(resourceOf("long", 1).path).not.toBe(resourceOf("long", 5).path);
});
