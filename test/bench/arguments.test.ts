/** The claims of bench/arguments.ts. */
import { describe, expect, test } from "vitest";
import { formatBenchRefusal, parseBenchArguments } from "../../bench/arguments.ts";

function refusal(args: readonly string[]): string {
  const parsed = parseBenchArguments(args);
  return parsed.ok ? "" : formatBenchRefusal(parsed.problems);
}

describe("parseBenchArguments()", () => {
  test("without arguments asks for the list", () => {
    expect(parseBenchArguments([])).toEqual({
      ok: true,
      value: { scenario: null, json: false, check: false, seconds: 4, functions: null },
    });
  });

  test("reads a scenario with all flags", () => {
    expect(parseBenchArguments(["hello", "--json", "--check", "--seconds", "10", "--functions", "400"])).toEqual({
      ok: true,
      value: { scenario: "hello", json: true, check: true, seconds: 10, functions: 400 },
    });
  });

  test.each(["39", "100001", "1.5", "many", ""])("refuses --functions %j and names the range", (functions) => {
    expect(refusal(["density", "--functions", functions])).toMatch(
      /--functions: received .*allowed: an integer 40\.\.100000/,
    );
  });

  test.each(["0", "601", "1.5", "ten", ""])("refuses --seconds %j and names the range", (seconds) => {
    expect(refusal(["hello", "--seconds", seconds])).toMatch(/--seconds: received .*allowed: an integer 1\.\.600/);
  });

  test("refuses two scenarios and unknown flags, with the usage", () => {
    expect(refusal(["hello", "cold"])).toContain("scenario: received 2, allowed: one");
    expect(refusal(["--fast"])).toContain("--fast");
    expect(refusal(["--fast"])).toContain("Usage: npm run bench");
  });
});
