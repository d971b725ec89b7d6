/** The walls of ARCHITECTURE.md hold: imports, doors, the process, names and lengths. And the check itself sees what it should. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot, projectSources } from "./architecture/project-sources.ts";
import { readFacts } from "./architecture/source-facts.ts";
import { type LengthRatchet, violationsOf } from "./architecture/violations.ts";

const ratchet = JSON.parse(readFileSync(join(projectRoot, "test/length-ratchet.json"), "utf8")) as LengthRatchet;

function check(files: Readonly<Record<string, string>>, listed: LengthRatchet = {}): string[] {
  return violationsOf(readFacts(new Map(Object.entries(files))), listed);
}

/** A function of `count` code lines, with a blank line and a comment after each. */
function functionOf(count: number): string {
  return `function long() {\n${"  run();\n\n  // why\n".repeat(count - 2)}}\n`;
}

describe("the project", () => {
  it("keeps every architecture rule", () => {
    expect(violationsOf(readFacts(projectSources()), ratchet)).toEqual([]);
  });
});

describe("the check", () => {
  it.each([
    ["sdk/a.ts", "sdk may not import runtime", 'import { b } from "../runtime/b.ts";'],
    ["sdk/a.ts", "sdk may not import edge-node", 'import type { B } from "../edge-node/b.ts";'],
    ["bundler/a.ts", "bundler may not import runtime", 'export * from "../runtime/b.ts";'],
    ["edge-node/a.ts", "edge-node may not import bundler", 'const b = await import("../bundler/b.ts");'],
    ["edge-node/a/b.ts", "edge-node may not import control-plane", 'let b: import("../../control-plane/b.ts").B;'],
    ["control-plane/a.ts", "control-plane may not import runtime", 'import "../runtime/evaluate-module.ts";'],
    ["runtime/a.ts", "runtime may not import bench", 'import "../bench/main.ts";'],
    ["edge-node/a.ts", "is private to runtime", 'import "../runtime/isolates/boot.ts";'],
    ["sdk/a.ts", "which is in no folder", 'import "../run.mjs";'],
    ["sdk/a.ts", "only known when it runs", "export const load = (name: string) => import(name);"],
    ["control-plane/a.ts", "only bundler/esbuild.ts may import esbuild", 'import * as esbuild from "esbuild";'],
    ["edge-node/a.ts", "only runtime/isolates/isolated-vm.ts may import", 'import ivm from "isolated-vm";'],
    ["control-plane/a.ts", "only control-plane/store/sqlite.ts", 'import { DatabaseSync } from "node:sqlite";'],
    ["edge-node/a.ts", "touch the process", "export const port = process.env.PORT;"],
    ["edge-node/a.ts", "touch the process", 'import process from "node:process";'],
    ["runtime/a.ts", "node:fs/promises", 'import { readFile } from "node:fs/promises";'],
    ["runtime/a.ts", "what it is given: Date", "export const now = () => Date.now();"],
    ["runtime/a.ts", "what it is given: setTimeout", "setTimeout(() => {}, 1);"],
    ["runtime/guest/a.ts", "node:buffer", 'import { Buffer } from "node:buffer";'],
    ["sdk/utils.ts", "says nothing", "export {};"],
    ["sdk/a.ts", "sdk/a.ts#long has 71 lines, allowed are 70", functionOf(71)],
    ["sdk/a.ts", "sdk/a.ts has 402 lines, allowed are 400", `export const a = [\n${"  1,\n".repeat(400)}];\n`],
  ])("refuses in %s, saying %j", (path, expected, text) => {
    const violations = check({ [path]: text });
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(expected);
    expect(violations[0]).toMatch(/^\S+:\d+: /);
  });

  it.each([
    ["its own sub-folder", "sdk/a.ts", 'import { b } from "./client/b.ts";'],
    [
      "what the folder may import",
      "edge-node/a.ts",
      'import { b } from "../runtime/b.ts"; import { c } from "../sdk/c.ts";',
    ],
    [
      "the builder's exceptions",
      "control-plane/builder/builder-main.ts",
      'import { e } from "../../runtime/evaluate-module.ts"; process.exit(0);',
    ],
    ["bench looking inside", "bench/a.ts", 'import { b } from "../runtime/isolates/boot.ts";'],
    ["a configuration reader", "edge-node/config.ts", "export const port = process.env.PORT;"],
    [
      "a parameter named process",
      "edge-node/a.ts",
      "export function end(process: { kill(): void }): void { process.kill(); }",
    ],
    [
      "a property named process",
      "edge-node/a.ts",
      "export const a = child.process.pid; export const b = { process: 1 };",
    ],
    ["an injected timer", "runtime/a.ts", "export function run(setTimeout: () => void): void { setTimeout(); }"],
    ["the guest's own globals", "runtime/guest/a.ts", "setTimeout(() => {}, 1); export const now = Date.now();"],
    ["the door itself", "bundler/esbuild.ts", 'import * as esbuild from "esbuild";'],
    [
      "words in strings and comments",
      "sdk/a.ts",
      "export const text = \"import x from '../runtime/b.ts'; process.exit()\"; // process.exit()",
    ],
    ["70 code lines", "sdk/a.ts", functionOf(70)],
    ["a template of 60 lines", "sdk/a.ts", `function f() {\n  return \`\n${"// not a comment\n".repeat(60)}\`;\n}\n`],
  ])("accepts %s", (_name, path, text) => {
    expect(check({ [path]: text })).toEqual([]);
  });

  it("counts the lines of a template as code even when they look like comments", () => {
    const text = `function f() {\n  return \`\n${"// not a comment\n".repeat(70)}\`;\n}\n`;
    expect(check({ "sdk/a.ts": text })).toHaveLength(1);
  });

  it.each([
    [{ "sdk/a.ts#long": 80 }, []],
    [{ "sdk/a.ts#long": 79 }, ["sdk/a.ts:1: sdk/a.ts#long grew from 79 to 80 lines"]],
    [{ "sdk/a.ts#long": 81 }, ["sdk/a.ts:1: sdk/a.ts#long shrank to 80 lines: lower its entry in length-ratchet.json"]],
    [
      { "sdk/a.ts#long": 80, "sdk/b.ts": 500 },
      ["sdk/b.ts: is not too long any more: remove its entry from length-ratchet.json"],
    ],
  ])("lets a listed length only shrink: %j", (listed, expected) => {
    expect(check({ "sdk/a.ts": functionOf(80) }, listed)).toEqual(expected);
  });
});
