import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it, vi } from "vitest";
import { buildGuest, readBuiltGuest, type BuildReport } from "../../bundler/build-guest.ts";
import { parseGuestCode } from "../../runtime/guest-code.ts";
import { stopEsbuild } from "../../bundler/esbuild.ts";
import type { PartFactory } from "../../runtime/guest/parts/load-part.ts";
import { exportsOf } from "./run-bundle.ts";
import { sourceFolder } from "./source-folder.ts";

afterAll(stopEsbuild);

/** A small project with a guest that uses one aliased package. */
function project(): Promise<string> {
  return sourceFolder({
    "package-lock.json": "{}",
    "bundler/bundle-guest.ts": "",
    "bundler/esbuild.ts": "",
    "bundler/bundle-part.ts": "",
    "bundler/own-code.ts": "",
    "runtime/guest/bundle-aliases.json": '{"heavy/part.js":"./light.ts"}',
    "runtime/guest/main.ts":
      'import { value } from "heavy/part.js";\nimport { coreModules } from "./parts/core-modules.ts";\nimport "./private.ts";\nglobalThis.coreModules = coreModules;\nvar __selvageModule = { readableName: value };\nglobalThis.__selvageModule = __selvageModule;',
    "runtime/guest/light.ts": "export const value: number = 1;",
    "runtime/guest/parts/core-modules.ts":
      'import * as light from "../light.ts";\nexport const coreModules = { "light.ts": light };',
    "runtime/guest/private.ts": "export const state = {};",
    "sdk/limits.ts": "export const limits = { a: 7 };",
    "runtime/guest/parts/rare/main.ts":
      'import { value } from "../../light.ts";\nimport { limits } from "../../../../sdk/limits.ts";\nimport { own } from "./own.ts";\nexport const sum = value + limits.a + own;',
    "runtime/guest/parts/rare/own.ts": "export const own = 100;",
    "node_modules/heavy/package.json": '{"name":"heavy"}',
    "node_modules/heavy/part.js": "export const value = 'heavy';",
  });
}

function build(projectRoot: string): Promise<BuildReport> {
  return buildGuest({ projectRoot, processId: 1 });
}

describe("buildGuest()", () => {
  it("bundles the guest with its aliases into one small script with readable names", async () => {
    const root = await project();
    const { path, rebuilt } = await build(root);
    const { script: code } = parseGuestCode(await readFile(path, "utf8"));
    expect(rebuilt).toBe(true);
    expect(code).toContain("readableName");
    expect(code).not.toContain("\n\n");
    expect(exportsOf(code)).toEqual({ readableName: 1 });
    expect((await readdir(join(root, ".build"))).toSorted()).toEqual(["guest-code.inputs.json", "guest-code.json"]);
  });

  it("does nothing when nothing changed", async () => {
    const root = await project();
    await build(root);
    await expect(build(root)).resolves.toMatchObject({ rebuilt: false });
  });

  it.each([
    ["runtime/guest/light.ts", "export const value: number = 2;"],
    ["runtime/guest/bundle-aliases.json", "{}"],
    ["package-lock.json", '{"a":1}'],
    ["bundler/bundle-guest.ts", "// other options"],
    [".build/guest-code.json", "tampered"],
    [".build/guest-code.inputs.json", "{"],
  ])("builds again when %s changed", async (file, text) => {
    const root = await project();
    await build(root);
    await writeFile(join(root, file), text);
    await expect(build(root)).resolves.toMatchObject({ rebuilt: true });
    await expect(build(root)).resolves.toMatchObject({ rebuilt: false });
  });

  it("says where the guest is wrong and keeps what was built", async () => {
    const root = await project();
    const { path } = await build(root);
    const before = await readFile(path, "utf8");
    await writeFile(join(root, "runtime/guest/light.ts"), "export const value = ;");
    await expect(build(root)).rejects.toThrow('light.ts:1:22: Unexpected ";"');
    await expect(readFile(path, "utf8")).resolves.toBe(before);
  });
});

describe("parts of the guest", () => {
  const main = "runtime/guest/parts/rare/main.ts";

  it("are bundled into sources of their own that look up the core's modules instead of bringing them", async () => {
    const root = await project();
    const { path } = await build(root);
    const { script, parts } = parseGuestCode(await readFile(path, "utf8"));
    expect([...parts.keys()]).toEqual(["rare"]);
    expect(script).not.toContain("100");
    const factory = runInNewContext(parts.get("rare") ?? "") as PartFactory;
    let exports: Readonly<Record<string, unknown>> = {};
    const asked: string[] = [];
    factory(
      (name) => {
        asked.push(name);
        return { value: 1_000 };
      },
      (given) => {
        exports = given as typeof exports;
      },
    );
    expect(asked).toEqual(["light.ts"]);
    expect(exports["sum"]).toBe(1_107);
  });

  it("are strict code", async () => {
    const root = await project();
    await writeFile(join(root, main), "export const sum = (function () { return this; })() === undefined;");
    const { parts } = parseGuestCode(await readFile((await build(root)).path, "utf8"));
    const factory = runInNewContext(parts.get("rare") ?? "") as PartFactory;
    const provide = vi.fn<(exports: object) => void>();
    factory(() => ({}), provide);
    expect(provide).toHaveBeenCalledWith({ sum: true });
  });

  it.each([
    [
      'import { state } from "../../private.ts";\nexport const a = state;',
      "main.ts:1:23: private.ts is in the core and not shared with parts: add it to parts/core-modules.ts",
    ],
    [
      'import { b } from "../other/main.ts";\nexport const a = b;',
      "main.ts:1:19: parts/other/main.ts belongs to another part: get it from loadPart()",
    ],
    ['export * from "../../nowhere.ts";', 'main.ts:1:15: Could not resolve "../../nowhere.ts"'],
  ])("may not import what is not theirs: %s", async (text, problem) => {
    const root = await project();
    await mkdir(join(root, "runtime/guest/parts/other"));
    await writeFile(join(root, "runtime/guest/parts/other/main.ts"), "export const b = 1;");
    await writeFile(join(root, main), text);
    await expect(build(root)).rejects.toThrow(`Cannot bundle part rare of the guest:\n${problem}`);
  });

  it("may not be imported by the core, but for their types", async () => {
    const root = await project();
    await writeFile(join(root, "runtime/guest/private.ts"), 'import type * as rare from "./parts/rare/main.ts";');
    await expect(build(root)).resolves.toMatchObject({ rebuilt: true });
    await writeFile(join(root, "runtime/guest/private.ts"), 'export { sum } from "./parts/rare/main.ts";');
    await expect(build(root)).rejects.toThrow(/the core imports \S+rare\/\w+\.ts of a part: get it from loadPart\(\)/);
  });

  it("get the core's module also by the name of a package that it replaces", async () => {
    const root = await project();
    await writeFile(join(root, main), 'export { value } from "heavy/part.js";');
    const { parts } = parseGuestCode(await readFile((await build(root)).path, "utf8"));
    expect(parts.get("rare")).toContain('require("light.ts")');
  });

  it("are built when one was added, changed or removed", async () => {
    const root = await project();
    await build(root);
    const added = join(root, "runtime/guest/parts/added");
    await mkdir(added);
    await writeFile(join(added, "main.ts"), "export const b = 1;");
    await expect(build(root)).resolves.toMatchObject({ rebuilt: true });
    await writeFile(join(added, "main.ts"), "export const b = 2;");
    await expect(build(root)).resolves.toMatchObject({ rebuilt: true });
    await rm(added, { recursive: true });
    await expect(build(root)).resolves.toMatchObject({ rebuilt: true });
    await expect(build(root)).resolves.toMatchObject({ rebuilt: false });
  });
});

it("readBuiltGuest() reads what was built, and says what to do where nothing was", async () => {
  const root = await project();
  await expect(readBuiltGuest(root)).rejects.toThrow(
    `Cannot read the guest's code at ${join(root, ".build", "guest-code.json")}: npm run build makes it`,
  );
  const { path } = await build(root);
  expect(await readBuiltGuest(root)).toBe(await readFile(path, "utf8"));
});
