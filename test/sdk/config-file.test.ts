/** Claims about the configuration file's syntax and sections. */
import { describe, expect, test } from "vitest";
import { configFileCharsMax, readConfigFile } from "../../sdk/config-file.ts";

describe("readConfigFile()", () => {
  test("reads the same sections from YAML and JSON", () => {
    const expected = { ok: true, value: { controlPlane: { port: 1 }, node: undefined } };
    expect(readConfigFile("controlPlane:\n  port: 1\n", "selvage.yaml")).toEqual(expected);
    expect(readConfigFile('{"controlPlane": {"port": 1}}', "selvage.json")).toEqual(expected);
  });

  test.each(["a.json", "a.yaml"])("takes an empty %s as no settings", (path) => {
    expect(readConfigFile("", path)).toEqual({ ok: true, value: { controlPlane: undefined, node: undefined } });
  });

  test.each([
    ["node:\n  port: 1\n  port: 2\n", "f.yaml", "f.yaml:3:3"],
    ["node: {port: 1", "f.yaml", "f.yaml:1:15"],
    ["{node: 1}", "f.json", "f.json"],
    ["- 1", "f.yaml", "f.yaml"],
    ["[]", "f.json", "f.json"],
    ["nodes: {}", "f.yaml", "f.yaml: nodes"],
    ["a: &a [1]\nnode: *b", "f.yaml", "f.yaml"],
    ["x".repeat(configFileCharsMax + 1), "f.yaml", "f.yaml"],
  ])("refuses case %#", (text, path, at) => {
    const parsed = readConfigFile(text, path);
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.path)).toEqual([at]);
  });

  test("names all unknown sections", () => {
    const parsed = readConfigFile("a: 1\nb: 2\nnode: {}", "f.yaml");
    expect(parsed.ok ? [] : parsed.problems).toHaveLength(2);
  });
});
