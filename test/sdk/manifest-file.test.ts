/** Claims about the author's project file. */
import { describe, expect, test } from "vitest";
import { parseProjectFile } from "../../sdk/manifest-file.ts";
import { parsedValue, problemPaths } from "./expect-problems.ts";

describe("parseProjectFile()", () => {
  test("needs only a name", () => {
    expect(parsedValue(parseProjectFile({ name: "hello" }))).toEqual({
      name: "hello",
      description: "",
      entry: null,
      bundler: "esbuild",
      limits: {},
      variables: {},
      services: {},
      dependencies: {},
      isolation: "shared",
      allowEval: false,
      event: null,
      egress: { allow: null, deny: [] },
      snapshot: null,
    });
  });

  test("keeps what is set, and only the limits that are set", () => {
    const input = {
      name: "hello",
      description: "Says hello.",
      entry: "src/main.ts",
      bundler: "rollup",
      limits: { cpuMs: 10 },
      variables: { GREETING: "hi" },
      dependencies: { pad: 3 },
      services: { AUTH: { function: "auth", alias: "prod" } },
      isolation: "dedicated",
      allowEval: true,
      egress: { allow: ["*.example.com:443", "203.0.113.0/24"], deny: ["203.0.113.7"] },
      event: {
        handler: "src/main.handler",
        initializer: "src/main.prepare",
        restore: "src/main.again",
        heartbeat: "src/main.well",
        parameters: "any",
        memorySizesMiB: [64, 256],
      },
      snapshot: false,
    };
    expect(parsedValue(parseProjectFile(input))).toEqual(input);
  });

  test("allows $schema for editors", () => {
    expect(parseProjectFile({ $schema: "./x.json", name: "a" }).ok).toBe(true);
  });

  test.each([
    [{}, "name"],
    [{ name: "9" }, "name"],
    [{ name: "a", entry: "../x.ts" }, "entry"],
    [{ name: "a", entry: "/x.ts" }, "entry"],
    [{ name: "a", entry: "./x.ts" }, "entry"],
    [{ name: "a", entry: "a\\b.ts" }, "entry"],
    [{ name: "a", entry: "a//b.ts" }, "entry"],
    [{ name: "a", entry: "a\u0000b.ts" }, "entry"],
    [{ name: "a", entry: "" }, "entry"],
    [{ name: "a", entry: "a".repeat(1_025) }, "entry"],
    [{ name: "a", bundler: "webpack" }, "bundler"],
    [{ name: "a", limits: { cpuMs: 0 } }, "limits.cpuMs"],
    [{ name: "a", limits: { cpu: 1 } }, "limits.cpu"],
    [{ name: "a", limits: [] }, "limits"],
    [{ name: "a", variables: { "1": "x" } }, "variables.1"],
    [{ name: "a", variables: { A: 1 } }, "variables.A"],
    [{ name: "a", variables: "x" }, "variables"],
    [{ name: "a", variables: { A: "x".repeat(4_096) } }, "environment"],
    [{ name: "a", snapshot: "no" }, "snapshot"],
    [{ name: "a", allowEval: "yes" }, "allowEval"],
    [{ name: "a", egress: { allow: ["example.com/path"] } }, "egress.allow[0]"],
    [{ name: "a", isolation: "alone" }, "isolation"],
    [{ name: "a", services: { AUTH: { function: "auth" } } }, "services.AUTH.version"],
    [{ name: "a", services: { A: { function: "a", alias: "p" } }, variables: { A: "1" } }, "services.A"],
    [{ name: "a", dependencies: ["pad"] }, "dependencies"],
    [{ name: "a", dependencies: { pad: "1" } }, "dependencies.pad"],
    [{ name: "a", dependencies: { "a/b": 1 } }, "dependencies.a/b"],
    [{ name: "a", description: "x".repeat(513) }, "description"],
    [{ name: "a", secrets: {} }, "secrets"],
  ])("refuses %j", (input, path) => {
    expect(problemPaths(parseProjectFile(input))).toEqual([path]);
  });
});
