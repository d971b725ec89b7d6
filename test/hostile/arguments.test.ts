import { describe, expect, it } from "vitest";
import { formatHostileRefusal, parseHostileArguments } from "./arguments.ts";

describe("parseHostileArguments()", () => {
  it("takes nothing, for the whole corpus", () => {
    const value = { help: false, json: false, check: false, dir: null, only: [] };
    expect(parseHostileArguments([])).toEqual({ ok: true, value });
  });

  it("takes a folder and programs", () => {
    const parsed = parseHostileArguments(["--json", "--check", "--dir", "/programs", "--only", "a", "--only", "b"]);
    const value = { help: false, json: true, check: true, dir: "/programs", only: ["a", "b"] };
    expect(parsed).toEqual({ ok: true, value });
  });

  it.each([
    [["--dir", ""], "--dir: received nothing, allowed: a folder"],
    [["--unknown"], "arguments: Unknown option '--unknown'"],
    [["program"], "arguments: Unexpected argument 'program'"],
  ])("refuses %j with the usage below", (args, message) => {
    const parsed = parseHostileArguments(args);
    const text = formatHostileRefusal(parsed.ok ? [] : parsed.problems);
    expect(text).toContain(message);
    expect(text).toContain("Usage: npm run hostile");
  });
});
