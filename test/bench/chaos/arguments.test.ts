import { describe, expect, it } from "vitest";
import { formatChaosRefusal, parseChaosArguments } from "../../../bench/chaos/arguments.ts";

describe("parseChaosArguments()", () => {
  it("takes nothing, for a minute with a random seed", () => {
    expect(parseChaosArguments([])).toEqual({
      ok: true,
      value: { help: false, json: false, nats: false, seconds: 60, seed: null },
    });
  });

  it.each([
    [["--json", "--nats", "--seconds", "5", "--seed", "0"], { json: true, nats: true, seconds: 5, seed: 0 }],
    [["--seconds", "3600", "--seed", "4294967295"], { json: false, nats: false, seconds: 3_600, seed: 4_294_967_295 }],
  ])("takes %j", (args, value) => {
    expect(parseChaosArguments(args)).toEqual({ ok: true, value: { help: false, ...value } });
  });

  it.each([
    [["--seconds", "4"], '--seconds: received "4", allowed: an integer 5..3600'],
    [["--seconds", "3601"], '--seconds: received "3601"'],
    [["--seed", "4294967296"], '--seed: received "4294967296", allowed: an integer 0..4294967295'],
    [["--seed", "1.5"], '--seed: received "1.5"'],
    [["--unknown"], "arguments: Unknown option '--unknown'"],
    [["now"], "arguments: Unexpected argument 'now'"],
  ])("refuses %j with the usage below", (args, message) => {
    const parsed = parseChaosArguments(args);
    const text = formatChaosRefusal(parsed.ok ? [] : parsed.problems);
    expect(text).toContain(message);
    expect(text).toContain("Usage: npm run chaos");
  });
});
