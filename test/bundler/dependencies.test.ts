/** Functions bundled with dependencies: what of them is found, by whom, and in which order. */
import { describe, expect, it } from "vitest";
import { bundleSource } from "../../bundler/bundle.ts";
import { placePackages, type BundledDependency } from "../../bundler/dependency-packages.ts";
import { dependencyLimits } from "../../sdk/code-limits.ts";
import { exportsOf } from "./run-bundle.ts";

type Texts = Readonly<Record<string, string>>;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const archived = (files: Texts): BundledDependency["files"] =>
  Object.entries(files).map(([path, text]) => ({ path, bytes: bytes(text) }));
const dependency = (name: string, files: Texts, version = 1): BundledDependency => ({
  name,
  version,
  files: archived(files),
});

async function bundle(files: Texts, dependencies: readonly BundledDependency[]) {
  const source = new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)]));
  return bundleSource({ kind: "files", files: source, entry: "index.js" }, { dependencies });
}

/** What the function exports as `default`. */
async function run(files: Texts, dependencies: readonly BundledDependency[]): Promise<unknown> {
  const result = await bundle(files, dependencies);
  if (!result.ok) throw new Error(result.problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return exportsOf(result.code)["default"];
}

const importing = (name: string): Texts => ({ "index.js": `import x from ${JSON.stringify(name)}; export default x;` });
const requiring = (name: string): Texts => ({
  "index.js": `const x = require(${JSON.stringify(name)}); export default x.default ?? x;`,
});

describe("a dependency", () => {
  it.each<[string, Texts, string]>([
    ["a package by its main", { "package.json": '{"main": "lib/m.js"}', "lib/m.js": "module.exports = 'm';" }, "pad"],
    [
      "a package by its exports",
      { "package.json": '{"exports": {".": "./e.js"}}', "e.js": "export default 'm';", "index.js": "throw 1" },
      "pad",
    ],
    ["a folder by its index", { "index.js": "module.exports = 'm';" }, "pad"],
    ["a part of it", { "index.js": "", "lib/part.js": "module.exports = 'm';" }, "pad/lib/part.js"],
    ["a package below node_modules", { "node_modules/other/index.js": "module.exports = 'm';" }, "other"],
    ["a package of a scope", { "node_modules/@s/other/index.js": "module.exports = 'm';" }, "@s/other"],
    ["one of its folders", { "other/index.js": "module.exports = 'm';", "README.md": "" }, "other"],
  ])("is imported and required as %s", async (_case, files, name) => {
    expect(await run(importing(name), [dependency("pad", files)])).toBe("m");
    expect(await run(requiring(name), [dependency("pad", files)])).toBe("m");
  });

  it("gives way to the function's own package, and the first to the second", async () => {
    const pad = (text: string, name: string): BundledDependency =>
      dependency(name, { "node_modules/pad/index.js": `module.exports = "${text}";` });
    const own = { ...importing("pad"), "node_modules/pad/index.js": "module.exports = 'own';" };
    expect(await run(own, [pad("one", "a"), pad("two", "b")])).toBe("own");
    expect(await run(importing("pad"), [pad("one", "a"), pad("two", "b")])).toBe("one");
    expect(await run(importing("pad"), [pad("two", "b"), pad("one", "a")])).toBe("two");
  });

  it("uses its own copy of a package, then the function's, then another dependency's", async () => {
    const user = { "user/index.js": "module.exports = 'by ' + require('pad');" };
    const pad = (text: string): Texts => ({ "node_modules/pad/index.js": `module.exports = "${text}";` });
    const first = dependency("first", pad("first"));
    expect(await run(importing("user"), [first, dependency("d", { ...user, ...pad("its own") })])).toBe("by its own");
    expect(await run({ ...importing("user"), ...pad("the function's") }, [first, dependency("d", user)])).toBe(
      "by the function's",
    );
    expect(await run(importing("user"), [first, dependency("d", user)])).toBe("by first");
  });

  it("is not found at a path of the source, nor the source in its place", async () => {
    const path = "node_modules/.dependencies/pad@1/node_modules/pad/index.js";
    const files = { "index.js": "import x from 'pad'; export default x;", [path]: "module.exports = 'planted';" };
    expect(await run(files, [dependency("pad", { "index.js": "module.exports = 'm';" })])).toBe("m");
    const out = dependency("pad", { "index.js": "module.exports = require('../../../../../index.js');" });
    expect(await run({ "index.js": "export const a = 1; import 'pad'; export default a;" }, [out])).toBe(1);
    const beyond = dependency("pad", { "index.js": "module.exports = require('../../../../../../outside.js');" });
    expect(await bundle(importing("pad"), [beyond])).toMatchObject({ ok: false });
  });

  it("that is not there is missing, as a package is", async () => {
    const result = await bundle(importing("nobody"), [dependency("pad", { "index.js": "" })]);
    expect(result).toMatchObject({ ok: false, problems: [{ path: "index.js:1:15" }] });
  });

  it("makes the same bytes for the same input", async () => {
    const make = () => bundle(importing("pad"), [dependency("pad", { "index.js": "module.exports = 'm';" })]);
    expect(await make()).toEqual(await make());
  });
});

describe("placePackages()", () => {
  const place = (files: Texts): readonly string[] | string => {
    const placed = placePackages("pad", archived(files));
    return placed.ok ? [placed.packages.join(), ...placed.files.keys()] : placed.reason;
  };

  it("prefers the package at the root to one of its name below node_modules", () => {
    expect(place({ "index.js": "", "node_modules/pad/index.js": "", "node_modules/b/i.js": "" })).toEqual([
      "b,pad",
      "pad/index.js",
      "b/i.js",
    ]);
  });

  it("leaves out what systems leave behind", () => {
    expect(place({ "__MACOSX/a.js": "", ".DS_Store": "", "node_modules/.bin/x": "", "a/b.js": "" })).toEqual([
      "a",
      "a/b.js",
    ]);
  });

  it.each<[string, Texts]>([
    ["nothing", {}],
    ["files without a folder", { "README.md": "", "a.js": "" }],
    ["a scope without a package", { "@s/a.js": "" }],
    ["nothing below node_modules", { "node_modules/a.js": "" }],
  ])("refuses %s", (_case, files) => {
    expect(place(files)).toContain("it holds no package, allowed: ");
  });

  it("takes a path as long as allowed and none that is longer", () => {
    const { pathCharsMax } = dependencyLimits;
    const path = (length: number): string => `a/${"b".repeat(length - 2)}`;
    expect(place({ [path(pathCharsMax)]: "" })).toHaveLength(2);
    expect(place({ [path(pathCharsMax + 1)]: "" })).toContain(`allowed: ${String(pathCharsMax)} characters`);
  });
});
