/** Claims about reading a process's command line and describing its flags. */
import { describe, expect, test } from "vitest";
import { describeFlags, parseCommandLine } from "../../sdk/setting-flags.ts";
import type { Setting } from "../../sdk/settings.ts";

const definitions = [
  {
    kind: "integer",
    key: "port",
    environment: "T_PORT",
    flag: "port",
    description: "Port.",
    default: 80,
    min: 0,
    max: 65_535,
  },
  { kind: "boolean", key: "color", environment: "T_COLOR", flag: "color", description: "Color.", default: true },
  { kind: "string", key: "token", environment: "T_TOKEN", flag: "token", description: "Token.", required: true },
] as const satisfies readonly Setting[];

function parse(...words: string[]) {
  return parseCommandLine(definitions, words);
}

describe("parseCommandLine()", () => {
  test("reads values after a blank and after an equals sign", () => {
    expect(parse("--port", "1", "--token=a=b", "--config", "x.yaml")).toEqual({
      ok: true,
      value: { flags: { port: "1", token: "a=b" }, config: "x.yaml", help: false },
    });
  });

  test("takes a boolean flag bare, negated or with a value", () => {
    expect(parse("--color")).toMatchObject({ value: { flags: { color: "true" } } });
    expect(parse("--no-color")).toMatchObject({ value: { flags: { color: "false" } } });
    expect(parse("--color=off")).toMatchObject({ value: { flags: { color: "off" } } });
  });

  test("takes a value that starts with dashes, because every flag has one", () => {
    expect(parse("--port", "-1")).toMatchObject({ value: { flags: { port: "-1" } } });
  });

  test("sees --help", () => {
    expect(parse("--help")).toMatchObject({ ok: true, value: { help: true } });
  });

  test.each([
    [["--nope", "--port", "1"], "--nope"],
    [["extra"], "extra"],
    [["-p", "1"], "-p"],
    [["--port"], "--port"],
    [["--port", "1", "--port", "2"], "--port"],
    [["--no-port"], "--no-port"],
  ])("refuses %j", (words, path) => {
    const parsed = parse(...words);
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.path)).toContain(path);
  });
});

test("describeFlags() names flag, range, variable and presence of every setting", () => {
  const text = describeFlags(definitions);
  expect(text).toContain("--port 0..65535");
  expect(text).toContain("Port. (T_PORT; default 80)");
  expect(text).toContain("--[no-]color");
  expect(text).toContain("(T_TOKEN; required)");
});
