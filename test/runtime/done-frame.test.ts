import { describe, expect, it } from "vitest";
import { readStartFailure, readStats } from "../../runtime/bridge/done-frame.ts";
import { FrameError } from "../../runtime/bridge/frame.ts";

const row = {
  key: "k",
  instances: 1,
  reserved: 0,
  active: 1,
  queued: 0,
  invocations: 9,
  failures: 2,
  rejected: 0,
  coldStarts: 1,
  cpuMs: 1.5,
  heartbeatMisses: 0,
  retired: 0,
};

describe("what an engine answers with", () => {
  it("nothing is no failure, and no statistics", () => {
    expect([readStartFailure(""), readStats("")]).toEqual([null, []]);
  });

  it("comes back without what does not belong there", () => {
    expect(readStats(JSON.stringify([{ ...row, more: "x" }]))).toEqual([row]);
    expect(readStartFailure('{"message":"m","stack":"s","more":1}')).toEqual({ message: "m", stack: "s" });
  });

  it("a failure's words are cut", () => {
    const failure = readStartFailure(JSON.stringify({ message: "m".repeat(100_000), stack: "s".repeat(100_000) }));
    expect([failure?.message.length, failure?.stack.length]).toEqual([8_192, 16_384]);
  });

  it.each(["}{", "null", "[]", "7", '{"message":"m"}', '{"message":"m","stack":1}'])(
    "%s is no failure of a start",
    (json) => {
      expect(() => readStartFailure(json)).toThrow(FrameError);
    },
  );

  it.each([
    "}{",
    "null",
    "{}",
    "[null]",
    "[[]]",
    JSON.stringify([{ ...row, key: 1 }]),
    JSON.stringify([{ ...row, cpuMs: "1" }]),
    JSON.stringify([{ ...row, retired: undefined }]),
    JSON.stringify([row]).replace("1.5", "1e999"),
    "[".repeat(100_000),
    `[${" ".repeat(16 * 1024 * 1024)}]`,
  ])("%# is no list of statistics", (json) => {
    expect(() => readStats(json)).toThrow(FrameError);
  });
});
