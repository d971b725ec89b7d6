import { describe, expect, it } from "vitest";
import { formatWptRefusal, parseWptArguments } from "./arguments.ts";

describe("parseWptArguments()", () => {
  it("takes a checkout alone, with defaults for the rest", () => {
    expect(parseWptArguments(["--wpt", "/wpt"])).toEqual({
      ok: true,
      value: {
        wptRoot: "/wpt",
        dir: null,
        json: null,
        check: false,
        verbose: false,
        lanes: 2,
        timeoutFactor: 1,
        driver: "process",
        server: null,
      },
    });
  });

  it("takes a folder with or without slashes around it", () => {
    const dirs = ["fetch/api/headers", "fetch/api/headers/", "./fetch/api/headers"].map((dir) =>
      parseWptArguments(["--wpt", "/wpt", "--dir", dir]),
    );
    for (const parsed of dirs) expect(parsed).toMatchObject({ value: { dir: "fetch/api/headers" } });
  });

  it("--help needs no checkout", () => {
    expect(parseWptArguments(["--help"])).toMatchObject({ ok: true, value: { wptRoot: null } });
  });

  it.each([
    [[], "--wpt: is missing"],
    [["--wpt", "/w", "--lanes", "0"], "--lanes: received 0, allowed: an integer 1..16"],
    [["--wpt", "/w", "--lanes", "x"], "--lanes: received x"],
    [["--wpt", "/w", "--timeout-factor", "21"], "--timeout-factor: received 21, allowed: an integer 1..20"],
    [["--wpt", "/w", "--driver", "thread"], "--driver: received thread, allowed: process, in-process"],
    [["--wpt", "/w", "--server", "http://example.com"], "--server: received http://example.com"],
    [["--wpt", "/w", "--unknown"], "arguments: Unknown option '--unknown'"],
  ])("refuses %j", (args, message) => {
    const parsed = parseWptArguments(args);
    expect(parsed.ok).toBe(false);
    expect(formatWptRefusal(parsed.ok ? [] : parsed.problems)).toContain(message);
  });
});
