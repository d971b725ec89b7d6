import { describe, expect, it } from "vitest";
import { formatCacheTestsRefusal, parseCacheTestsArguments } from "./arguments.ts";

describe("parseCacheTestsArguments()", () => {
  it("takes a suite alone, with defaults for the rest", () => {
    expect(parseCacheTestsArguments(["--suite", "/suite"])).toEqual({
      ok: true,
      value: { suite: "/suite", json: null, check: false, verbose: false, ids: [], atOnce: 25 },
    });
  });

  it("takes several tests", () => {
    const parsed = parseCacheTestsArguments(["--suite", "/s", "--id", "a", "--id", "b", "--at-once", "400"]);
    expect(parsed).toMatchObject({ ok: true, value: { ids: ["a", "b"], atOnce: 400 } });
  });

  it("--help needs no suite", () => {
    expect(parseCacheTestsArguments(["--help"])).toMatchObject({ ok: true, value: { suite: null } });
  });

  it.each([
    [[], "--suite: is missing"],
    [["--suite", "/s", "--at-once", "0"], "--at-once: received 0, allowed: an integer 1..400"],
    [["--suite", "/s", "--at-once", "x"], "--at-once: received x"],
    [["--suite", "/s", "--unknown"], "arguments: Unknown option '--unknown'"],
  ])("refuses %j", (args, message) => {
    const parsed = parseCacheTestsArguments(args);
    expect(parsed.ok).toBe(false);
    expect(formatCacheTestsRefusal(parsed.ok ? [] : parsed.problems)).toContain(message);
  });
});
