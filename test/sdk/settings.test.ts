/** Claims about the settings loader: precedence, ranges at their ends and one beyond, and what problems show. */
import { describe, expect, test } from "vitest";
import { parseSettings, type Setting, type SettingSources } from "../../sdk/settings.ts";

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
  { kind: "string", key: "host", environment: "T_HOST", flag: "host", description: "Host.", default: "127.0.0.1" },
  { kind: "string", key: "control", environment: "T_CONTROL", flag: "control", description: "URL.", default: null },
  {
    kind: "choice",
    key: "driver",
    environment: "T_DRIVER",
    flag: "driver",
    description: "Driver.",
    default: "process",
    values: ["process", "in-process"],
  },
  {
    kind: "list",
    key: "allow",
    environment: "T_ALLOW",
    flag: "allow",
    description: "Allowed.",
    default: [],
    itemsMax: 3,
  },
  { kind: "boolean", key: "color", environment: "T_COLOR", flag: "color", description: "Color.", default: true },
] as const satisfies readonly Setting[];

const none: SettingSources = { file: undefined, environment: {}, flags: {} };
const tokenSetting = {
  kind: "string",
  key: "token",
  environment: "T_TOKEN",
  flag: "token",
  description: "Token.",
  required: true,
  secret: true,
  allowed: { pattern: /^[a-z]+$/, text: "lower-case letters" },
} as const satisfies Setting;

function parse(sources: Partial<SettingSources>) {
  return parseSettings(definitions, { ...none, ...sources });
}

function problemsOf(sources: Partial<SettingSources>): readonly string[] {
  const parsed = parse(sources);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}

function valueOf<T>(parsed: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!parsed.ok) throw new Error("expected a value");
  return parsed.value;
}

describe("parseSettings()", () => {
  test("without any source gives every default, frozen", () => {
    const value = valueOf(parse({}));
    expect(value).toEqual({ port: 80, host: "127.0.0.1", control: null, driver: "process", allow: [], color: true });
    expect(Object.isFrozen(value)).toBe(true);
  });

  test("prefers flag to environment to file to default", () => {
    const file = { port: 1 };
    const environment = { T_PORT: "2" };
    expect(valueOf(parse({ file })).port).toBe(1);
    expect(valueOf(parse({ file, environment })).port).toBe(2);
    expect(valueOf(parse({ file, environment, flags: { port: "3" } })).port).toBe(3);
  });

  test("takes an empty environment variable as not set, an empty flag as given", () => {
    expect(valueOf(parse({ environment: { T_HOST: "" } })).host).toBe("127.0.0.1");
    expect(problemsOf({ flags: { host: "" } })).toEqual(['--host: received "", allowed: a string that is not empty']);
  });

  test.each([
    ["0", 0],
    ["65535", 65_535],
  ])("accepts the integer %s at the end of its range", (port, value) => {
    expect(valueOf(parse({ flags: { port } })).port).toBe(value);
  });

  test.each(["-1", "65536", "1.5", "0x10", "", " 1", "1e3", "99999999999999999999"])(
    "refuses the integer %j",
    (port) => {
      expect(problemsOf({ flags: { port } })).toEqual([
        `--port: received ${JSON.stringify(port)}, allowed: an integer 0..65535`,
      ]);
    },
  );

  test.each([1.5, true, [], {}, 65_536, Number.NaN])("refuses the file's integer %j", (port) => {
    expect(problemsOf({ file: { port } })).toHaveLength(1);
  });

  test("splits lists at commas and takes arrays from the file", () => {
    expect(valueOf(parse({ flags: { allow: "a, b,c" } })).allow).toEqual(["a", "b", "c"]);
    expect(valueOf(parse({ file: { allow: ["a"] } })).allow).toEqual(["a"]);
  });

  test.each([[["a", "b", "c", "d"]], [["a", ""]], [[1]], [7]])("refuses the list %j", (allow) => {
    expect(problemsOf({ file: { allow } })).toEqual([
      `allow: received ${JSON.stringify(allow)}, allowed: a list of at most 3 strings, none empty`,
    ]);
  });

  test.each([
    ["on", true],
    ["1", true],
    ["yes", true],
    ["true", true],
    ["off", false],
    ["0", false],
    ["no", false],
    ["false", false],
  ])("reads the boolean %s", (word, value) => {
    expect(valueOf(parse({ environment: { T_COLOR: word } })).color).toBe(value);
  });

  test("refuses other words for a boolean, and choices outside the list", () => {
    expect(problemsOf({ flags: { color: "maybe", driver: "thread" } })).toEqual([
      '--driver: received "thread", allowed: process, in-process',
      '--color: received "maybe", allowed: true or false',
    ]);
  });

  test("reports all problems together, unknown keys and flags included, with the section's name", () => {
    const problems = problemsOf({
      section: "node",
      file: { prot: 1, port: -1 },
      environment: { T_DRIVER: "x" },
      flags: { wrong: "1" },
    });
    expect(problems.map((line) => line.split(":", 1)[0])).toEqual(["node.prot", "--wrong", "node.port", "T_DRIVER"]);
  });

  test.each([["text"], [[]], [3]])("refuses a section that is %j", (file) => {
    expect(problemsOf({ section: "node", file })).toEqual([
      `node: received ${JSON.stringify(file)}, allowed: an object of settings`,
    ]);
  });

  test("asks for a required setting by all three of its names", () => {
    expect(parseSettings([tokenSetting], none)).toEqual({
      ok: false,
      problems: [{ path: "token", message: "is required: set it in the configuration file, by T_TOKEN or by --token" }],
    });
  });

  test("never shows the value of a secret", () => {
    const parsed = parseSettings([tokenSetting], { ...none, environment: { T_TOKEN: "HUNTER2" } });
    expect(parsed).toEqual({
      ok: false,
      problems: [{ path: "T_TOKEN", message: "received (not shown), allowed: lower-case letters" }],
    });
  });
});
