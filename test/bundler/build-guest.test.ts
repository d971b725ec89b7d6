import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildGuest, type BuildReport } from "../../bundler/build-guest.ts";
import { stopEsbuild } from "../../bundler/esbuild.ts";
import { exportsOf } from "./run-bundle.ts";
import { sourceFolder } from "./source-folder.ts";

afterAll(stopEsbuild);

/** A small project with a guest that uses one aliased package. */
function project(): Promise<string> {
  return sourceFolder({
    "package-lock.json": "{}",
    "bundler/bundle-guest.ts": "",
    "bundler/esbuild.ts": "",
    "bundler/own-code.ts": "",
    "runtime/guest/bundle-aliases.json": '{"heavy/part.js":"./light.ts"}',
    "runtime/guest/main.ts":
      'import { value } from "heavy/part.js";\nvar __selvageModule = { readableName: value };\nglobalThis.__selvageModule = __selvageModule;',
    "runtime/guest/light.ts": "export const value: number = 1;",
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
    const code = await readFile(path, "utf8");
    expect(rebuilt).toBe(true);
    expect(code).toContain("readableName");
    expect(code).not.toContain("\n\n");
    expect(exportsOf(code)).toEqual({ readableName: 1 });
    expect((await readdir(join(root, ".build"))).toSorted()).toEqual(["guest.js", "guest.json"]);
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
    [".build/guest.js", "tampered"],
    [".build/guest.json", "{"],
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
