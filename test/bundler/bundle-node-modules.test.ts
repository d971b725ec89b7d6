import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildNodeModules, type BuildReport } from "../../bundler/build-guest.ts";
import { stopEsbuild } from "../../bundler/esbuild.ts";
import { sourceFolder } from "./source-folder.ts";

afterAll(stopEsbuild);

/** A small project with two modules, one of them over an npm package. */
function project(): Promise<string> {
  return sourceFolder({
    "package-lock.json": "{}",
    "bundler/bundle-node-modules.ts": "",
    "bundler/esbuild.ts": "",
    "bundler/own-code.ts": "",
    "runtime/guest/node/events.ts": "export class EventEmitter {}\nexport default EventEmitter;",
    "runtime/guest/node/stream.ts":
      'import { EventEmitter } from "./events.ts";\nimport { shared } from "../shared.ts";\nimport made from "made/index.js";\nexport default [EventEmitter, shared, made];',
    "runtime/guest/node/types.d.ts": "declare module 'made/index.js';",
    "runtime/guest/shared.ts": "export const shared: string = 'shared with the guest';",
    "node_modules/made/package.json": '{"name":"made"}',
    "node_modules/made/index.js": 'module.exports = class Made extends require("events").EventEmitter {};',
  });
}

async function build(root: string): Promise<BuildReport & { readonly modules: Readonly<Record<string, string>> }> {
  const report = await buildNodeModules({ projectRoot: root, processId: 1 });
  const modules = JSON.parse(await readFile(report.path, "utf8")) as Readonly<Record<string, string>>;
  return { ...report, modules };
}

describe("buildNodeModules()", () => {
  it("makes one ES module of each file, which imports the others by name and holds everything else", async () => {
    const { modules, rebuilt } = await build(await project());
    expect(rebuilt).toBe(true);
    expect(Object.keys(modules)).toEqual(["events", "stream"]);
    expect(modules["stream"]).toContain('from"node:events"');
    expect(modules["stream"]).toContain("shared with the guest");
    expect(modules["stream"]).toContain("class Made");
    expect(modules["stream"]).not.toContain("class EventEmitter");
    expect(modules["stream"]).not.toMatch(/__require\("/);
  });

  it("gives the same bytes in another folder", async () => {
    const [left, right] = [await build(await project()), await build(await project())];
    expect(left.modules).toEqual(right.modules);
  });

  it("does nothing when nothing changed, and builds again when a file changed or came", async () => {
    const root = await project();
    await build(root);
    expect((await build(root)).rebuilt).toBe(false);
    await writeFile(join(root, "runtime/guest/shared.ts"), "export const shared = 'other';");
    expect((await build(root)).rebuilt).toBe(true);
    await writeFile(join(root, "runtime/guest/node/late.ts"), "export default 1;");
    expect(Object.keys((await build(root)).modules)).toEqual(["events", "late", "stream"]);
  });

  it("throws what is wrong, with its place", async () => {
    const root = await project();
    await writeFile(join(root, "runtime/guest/node/events.ts"), "export default {;");
    await expect(build(root)).rejects.toThrow(/Cannot bundle Node's modules:\n.*events\.ts:1:17: /s);
  });
});
