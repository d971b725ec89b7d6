import { describe, expect, it } from "vitest";
import { readTsconfig } from "../../../bundler/resolve/tsconfig.ts";
import { MemoryTree } from "../../../bundler/source/memory-tree.ts";
import type { Problem } from "../../../sdk/problem.ts";

/** What is read of a project whose tsconfig.json is the first file, and the problems as text. */
async function read(
  files: Readonly<Record<string, unknown>>,
): Promise<{ readonly options: unknown; readonly problems: string[] }> {
  const bytes = Object.entries(files).map(
    ([path, value]) => [path, Buffer.from(typeof value === "string" ? value : JSON.stringify(value))] as const,
  );
  const problems: Problem[] = [];
  const { compilerOptions } = await readTsconfig(new MemoryTree(new Map(bytes)), { directory: "", problems });
  return { options: compilerOptions, problems: problems.map(({ path, message }) => `${path}: ${message}`) };
}

describe("readTsconfig()", () => {
  it("lays what extends over what is extended, the later over the earlier", async () => {
    const { options, problems } = await read({
      "tsconfig.json": { extends: ["./a", "./b"], compilerOptions: { jsxFactory: "own" } },
      "a.json": { extends: "./base", compilerOptions: { jsxFactory: "a", jsxFragmentFactory: "a" } },
      "b.json": { extends: "./base", compilerOptions: { jsxFragmentFactory: "b" } },
      "base.json": { compilerOptions: { jsx: "react", jsxFactory: "base" } },
    });
    expect(problems).toEqual([]);
    expect(options).toEqual({ jsx: "react", jsxFactory: "own", jsxFragmentFactory: "b" });
  });

  it.each([
    [
      { "tsconfig.json": { extends: "./tsconfig.json" } },
      'tsconfig.json: extends "./tsconfig.json", which extends it in turn',
    ],
    [
      { "tsconfig.json": { extends: "./a" }, "a.json": { extends: "./tsconfig" } },
      'a.json: extends "./tsconfig", which extends it in turn',
    ],
    [
      { "tsconfig.json": { extends: "./none" } },
      'tsconfig.json: extends "./none", which is not in the uploaded source',
    ],
  ])("refuses %j", async (files, problem) => {
    expect((await read(files)).problems).toEqual([problem]);
  });

  it("reads no more than 64 files, however they extend each other", async () => {
    const levels = Array.from({ length: 16 }, (_, at) => [
      at === 0 ? "tsconfig.json" : `t${at}.json`,
      { extends: Array.from({ length: 8 }, () => `./t${at + 1}`) },
    ]);
    const { problems } = await read({ ...Object.fromEntries(levels), "t16.json": {} });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(50);
    expect(problems.every((text) => text.endsWith("is one file too many, allowed are 64"))).toBe(true);
  });

  it("reads no more than 1 MiB in all", async () => {
    const padding = " ".repeat(600_000);
    const { problems } = await read({ "tsconfig.json": `{"extends":"./a"}${padding}`, "a.json": `{}${padding}` });
    expect(problems).toEqual([expect.stringMatching(/^a\.json: cannot be read: .*bytes/)]);
  });

  it("tells of 50 problems at most", async () => {
    const paths = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`p${at}`, ["../outside"]]));
    expect((await read({ "tsconfig.json": { compilerOptions: { paths } } })).problems).toHaveLength(50);
  });
});
