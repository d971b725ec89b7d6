/** `--bundler rollup` as the command line tool starts it: a process of its own that runs the project's plugins. */
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RollupResult } from "../../bundler/bundle-with-rollup.ts";
import { bundled, exportsOf } from "./run-bundle.ts";
import { sourceFolder } from "./source-folder.ts";

const entry = join(dirname(dirname(import.meta.dirname)), "bundler", "rollup-main.ts");

interface Run {
  readonly exitCode: number;
  readonly result: RollupResult | null;
  readonly stderr: string;
}

function run(args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...args], (error, stdout, stderr) => {
      const result = stdout === "" ? null : (JSON.parse(stdout) as RollupResult);
      resolve({ exitCode: error === null ? 0 : Number(error.code), result, stderr });
    });
  });
}

async function bundleFolder(files: Readonly<Record<string, string>>, ...args: string[]): Promise<Run> {
  return run(["--root", await sourceFolder(files), "--entry", "src/index.js", ...args]);
}

/** A plugin that replaces a word, and talks while it does. */
const config = `
const stamp = {
  name: "stamp",
  transform(code) {
    console.log("plugin talks");
    return { code: code.replace("STAMP", '"stamped"'), map: null };
  },
};
export default { input: "other.js", plugins: [stamp] };
`;

describe("rollup-main.ts", () => {
  it("bundles with the project's own plugins into a module that the control plane can take", async () => {
    const { exitCode, result, stderr } = await bundleFolder({
      "rollup.config.mjs": config,
      "src/index.js": 'import { word } from "./word.js";\nexport default () => word;',
      "src/word.js": "export const word = STAMP;",
    });
    expect(exitCode).toBe(0);
    expect(stderr).toContain("plugin talks");
    if (result?.ok !== true) throw new Error(JSON.stringify(result));
    expect((JSON.parse(result.sourceMap) as { sources: string[] }).sources.toSorted()).toEqual([
      "src/index.js",
      "src/word.js",
    ]);
    const { code } = await bundled({ kind: "bundle", code: result.code, sourceMap: result.sourceMap });
    expect((exportsOf(code)["default"] as () => string)()).toBe("stamped");
  });

  it("leaves modules of Node.js that functions have to the control plane", async () => {
    const { exitCode, result } = await bundleFolder({
      "rollup.config.mjs": "export default {};",
      "src/index.js":
        'import { posix } from "node:path";\nimport { basename } from "path";\nexport default [posix.join("a", "b"), basename("/c")];',
    });
    expect(exitCode).toBe(0);
    if (result?.ok !== true) throw new Error(JSON.stringify(result));
    const { code } = await bundled({ kind: "bundle", code: result.code, sourceMap: result.sourceMap });
    expect(code).toContain("posix.join");
    expect(code).toContain("node:path");
  });

  it.each([
    ["rollup.config.ts", "const plugins: unknown[] = []; export default { plugins };"],
    ["rollup.config.js", "export default [{ plugins: [] }, { plugins: [null] }];"],
    ["rollup.config.mjs", "export default async () => ({ plugins: [] });"],
  ])("takes %s", async (name, text) => {
    const { result } = await bundleFolder({ [name]: text, "src/index.js": "export default 1;" });
    expect(result).toMatchObject({ ok: true });
  });

  it("takes the configuration it is told to", async () => {
    const files = { "own.mjs": config, "src/index.js": "export default STAMP;" };
    const { result } = await bundleFolder(files, "--config", "own.mjs");
    expect(result).toMatchObject({ ok: true });
    expect(JSON.stringify(result)).toContain("stamped");
  });

  it.each([
    [
      "no configuration",
      { "src/index.js": "export default 1;" },
      "has none of rollup.config.js, rollup.config.mjs, rollup.config.ts",
    ],
    [
      "a configuration that throws",
      { "rollup.config.mjs": "throw new Error('broken config');", "src/index.js": "" },
      "broken config",
    ],
    [
      "a configuration without a value",
      { "rollup.config.mjs": "export default 1;", "src/index.js": "" },
      "exports no configuration",
    ],
    [
      "a plugin that throws",
      {
        "rollup.config.mjs":
          "export default { plugins: [{ name: 'bad', transform() { throw new Error('cannot'); } }] };",
        "src/index.js": "export default 1;",
      },
      "cannot (plugin bad)",
    ],
    ["a missing entry", { "rollup.config.mjs": config }, "src/index.js"],
    [
      "a missing default export",
      { "rollup.config.mjs": config, "src/index.js": "export const a = 1;" },
      "has no default export",
    ],
    [
      "a package without a plugin that finds it",
      { "rollup.config.mjs": config, "src/index.js": 'export { default } from "left-pad";' },
      'Cannot find \\"left-pad\\": rollup finds packages only with a plugin',
    ],
    [
      "a Node.js built-in",
      { "rollup.config.mjs": config, "src/index.js": 'export { default } from "node:fs";' },
      'Node.js built-in \\"node:fs\\"',
    ],
    [
      "a syntax error",
      { "rollup.config.mjs": config, "src/index.js": "\nexport default {;" },
      '"path":"src/index.js:2:',
    ],
  ])("refuses %s", async (_name, files, expected) => {
    const { exitCode, result } = await bundleFolder(files);
    expect(exitCode).toBe(1);
    expect(result).toMatchObject({ ok: false });
    expect(JSON.stringify(result)).toContain(expected);
  });

  it.each([[[]], [["--root", "."]], [["--unknown"]]])(
    "answers wrong arguments %j with its usage and exit code 2",
    async (args) => {
      const { exitCode, result, stderr } = await run(args);
      expect({ exitCode, result }).toEqual({ exitCode: 2, result: null });
      expect(stderr).toContain("Usage: ");
    },
  );
});
