import { describe, expect, it } from "vitest";
import { LogBuffer, logLimits } from "../../../control-plane/logs/log-buffer.ts";
import type { LogRecord } from "../../../sdk/desired-state.ts";
import { messageLimits } from "../../../sdk/limits.ts";

const record = (message: string, changes: Partial<LogRecord> = {}): LogRecord => ({
  time: 1,
  node: "n1",
  requestId: "r1",
  function: "hello",
  version: "v1",
  phase: "fetch",
  kind: "line",
  level: "info",
  message,
  ...changes,
});
const messages = (records: readonly LogRecord[]): string[] => records.map(({ message }) => message);

describe("LogBuffer", () => {
  it("keeps the newest records within its bound in number", () => {
    const buffer = new LogBuffer();
    for (let index = 0; index < logLimits.recordsMax + 3_000; index++) buffer.add([record(String(index))]);
    const all = buffer.recent({}, Infinity);
    expect([all.length, all[0]?.message]).toEqual([logLimits.recordsMax, "3000"]);
  });

  it("keeps the newest records within its bound in characters", () => {
    const buffer = new LogBuffer();
    const long = "x".repeat(messageLimits.logCharsMax);
    for (let index = 0; index < 1_000; index++) buffer.add([record(`${String(index)} ${long}`)]);
    const chars = messages(buffer.recent({}, Infinity)).reduce((sum, { length }) => sum + length, 0);
    expect(chars).toBeLessThanOrEqual(logLimits.charsMax);
    expect(chars).toBeGreaterThan(logLimits.charsMax - 1_000_000);
    expect(buffer.recent({}, 1)[0]?.message.startsWith("999 ")).toBe(true);
  });

  it("cuts long messages and stacks instead of refusing them", () => {
    const buffer = new LogBuffer();
    const long = "x".repeat(messageLimits.logCharsMax + 1);
    buffer.add([record(long, { stack: long }), record("short")]);
    const [first, second] = buffer.recent({}, 2);
    expect([first?.message.length, first?.stack?.length]).toEqual([
      messageLimits.logCharsMax,
      messageLimits.logCharsMax,
    ]);
    expect(second).toEqual(record("short"));
  });

  it("filters by function, request and lowest level", () => {
    const buffer = new LogBuffer();
    buffer.add([
      record("a", { level: "debug" }),
      record("b", { level: "warn", requestId: "r2" }),
      record("c", { level: "error", function: "other" }),
    ]);
    expect(messages(buffer.recent({ level: "warn" }, 10))).toEqual(["b", "c"]);
    expect(messages(buffer.recent({ level: "warn", function: "hello" }, 10))).toEqual(["b"]);
    expect(messages(buffer.recent({ requestId: "r1" }, 10))).toEqual(["a", "c"]);
    expect(messages(buffer.recent({}, 2))).toEqual(["b", "c"]);
    expect(messages(buffer.recent({}, 0))).toEqual([]);
  });

  it("gives followers what matches until they leave", () => {
    const buffer = new LogBuffer();
    const seen: string[] = [];
    const leave = buffer.subscribe({ function: "hello" }, (records) => seen.push(...messages(records)));
    buffer.add([record("a"), record("b", { function: "other" })]);
    leave?.();
    buffer.add([record("c")]);
    expect(seen).toEqual(["a"]);
  });

  it("takes a bounded number of followers", () => {
    const buffer = new LogBuffer();
    const taken = Array.from({ length: logLimits.followersMax + 1 }, () => buffer.subscribe({}, () => {}));
    expect(taken.filter((leave) => leave === null)).toHaveLength(1);
    taken[0]?.();
    expect(buffer.subscribe({}, () => {})).not.toBeNull();
  });
});
