import { describe, expect, it } from "vitest";
import { ModuleResolver, type Resolution } from "../../../bundler/resolve/module-resolver.ts";
import { PackageJsonReader } from "../../../bundler/resolve/package-json.ts";
import { readTsconfig } from "../../../bundler/resolve/tsconfig.ts";
import { MemoryTree } from "../../../bundler/source/memory-tree.ts";

type Files = Readonly<Record<string, string | object>>;

/** What `specifier` means in the root of a tree of `files`. */
async function resolve(
  files: Files,
  specifier: string,
  options: { from?: string; kind?: "import" | "require" } = {},
): Promise<Resolution> {
  const bytes = Object.entries(files).map(([path, value]) => {
    return [path, new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value))] as const;
  });
  const tree = new MemoryTree(new Map(bytes));
  const tsconfig = await readTsconfig(tree, { directory: "", problems: [] });
  const resolver = new ModuleResolver(tree, new PackageJsonReader(tree), { tsconfig });
  return resolver.resolve({ specifier, directory: options.from ?? "", kind: options.kind ?? "import" });
}

const file = (path: string): Resolution => ({ kind: "file", path });

describe("ModuleResolver finds", () => {
  it.each([
    ["an exact file", { "a.js": "" }, "./a.js", "a.js"],
    ["TypeScript before JavaScript", { "a.ts": "", "a.js": "" }, "./a", "a.ts"],
    [
      "JavaScript before TypeScript in packages",
      { "node_modules/p/a.ts": "", "node_modules/p/a.js": "" },
      "p/a",
      "node_modules/p/a.js",
    ],
    ["TypeScript by the name of its output", { "a.tsx": "", "b.mts": "" }, "./a.js", "a.tsx"],
    ["an index", { "a/index.ts": "" }, "./a", "a/index.ts"],
    ["a file before a folder of its name", { "a.ts": "", "a/index.ts": "" }, "./a", "a.ts"],
    ["the folder when the name ends with a slash", { "a.ts": "", "a/index.ts": "" }, "./a/", "a/index.ts"],
    ["a package without package.json", { "node_modules/p/index.js": "" }, "p", "node_modules/p/index.js"],
    [
      "main without an extension",
      { "node_modules/p/package.json": { main: "lib" }, "node_modules/p/lib/index.js": "" },
      "p",
      "node_modules/p/lib/index.js",
    ],
    [
      "module before main",
      {
        "node_modules/p/package.json": { main: "c.js", module: "m.js" },
        "node_modules/p/c.js": "",
        "node_modules/p/m.js": "",
      },
      "p",
      "node_modules/p/m.js",
    ],
    [
      "browser before module",
      {
        "node_modules/p/package.json": { browser: "b.js", module: "m.js" },
        "node_modules/p/b.js": "",
        "node_modules/p/m.js": "",
      },
      "p",
      "node_modules/p/b.js",
    ],
    ["a scoped package's subpath", { "node_modules/@s/p/x/y.js": "" }, "@s/p/x/y", "node_modules/@s/p/x/y.js"],
    [
      "the variant for production",
      {
        "node_modules/p/package.json": { exports: { development: "./d.js", production: "./p.js", default: "./d.js" } },
        "node_modules/p/d.js": "",
        "node_modules/p/p.js": "",
      },
      "p",
      "node_modules/p/p.js",
    ],
    [
      "workerd before default",
      {
        "node_modules/p/package.json": { exports: { ".": { node: "./n.js", workerd: "./w.js", default: "./d.js" } } },
        "node_modules/p/w.js": "",
      },
      "p",
      "node_modules/p/w.js",
    ],
    [
      "selvage when it comes first",
      {
        "node_modules/p/package.json": { exports: { selvage: "./s.js", workerd: "./w.js" } },
        "node_modules/p/s.js": "",
      },
      "p",
      "node_modules/p/s.js",
    ],
    [
      "an exported pattern",
      {
        "node_modules/p/package.json": { exports: { "./*": "./src/*.js", "./internal/*": null } },
        "node_modules/p/src/a.js": "",
      },
      "p/a",
      "node_modules/p/src/a.js",
    ],
    [
      "the package's own name",
      { "package.json": { name: "me", exports: { "./x": "./x.js" } }, "x.js": "" },
      "me/x",
      "x.js",
    ],
    ["an internal import", { "package.json": { imports: { "#x": { browser: "./x.js" } } }, "x.js": "" }, "#x", "x.js"],
    [
      "an internal import of a package",
      { "package.json": { imports: { "#x": "p" } }, "node_modules/p/index.js": "" },
      "#x",
      "node_modules/p/index.js",
    ],
    [
      "a path of tsconfig.json",
      { "tsconfig.json": { compilerOptions: { paths: { "@/*": ["./src/*"] } } }, "src/a.ts": "" },
      "@/a",
      "src/a.ts",
    ],
    [
      "a file below baseUrl",
      { "tsconfig.json": { compilerOptions: { baseUrl: "./src" } }, "src/a.ts": "" },
      "a",
      "src/a.ts",
    ],
    [
      "a path of an extended tsconfig.json",
      {
        "tsconfig.json": { extends: "./base" },
        "base.json": { compilerOptions: { paths: { x: ["./x.ts"] } } },
        "x.ts": "",
      },
      "x",
      "x.ts",
    ],
  ] satisfies [string, Files, string, string][])("%s", async (_name, files, specifier, expected) => {
    await expect(resolve(files, specifier)).resolves.toEqual(file(expected));
  });

  it("the nearest package upwards", async () => {
    const files = { "node_modules/p/index.js": "", "node_modules/q/node_modules/p/index.js": "" };
    await expect(resolve(files, "p", { from: "node_modules/q/lib" })).resolves.toEqual(
      file("node_modules/q/node_modules/p/index.js"),
    );
    await expect(resolve(files, "p", { from: "src/deep" })).resolves.toEqual(file("node_modules/p/index.js"));
  });

  it("one copy of a package for import and require, when the package has a variant for bundlers", async () => {
    const exports = { module: "./m.js", import: "./wrapper.js", require: "./c.js" };
    const files = { "node_modules/p/package.json": { exports }, "node_modules/p/m.js": "", "node_modules/p/c.js": "" };
    await expect(resolve(files, "p", { kind: "import" })).resolves.toEqual(file("node_modules/p/m.js"));
    await expect(resolve(files, "p", { kind: "require" })).resolves.toEqual(file("node_modules/p/m.js"));
  });

  it("no variant for another platform's modules", async () => {
    const exports = { "edge-light": "./e.js", node: "./n.js", default: "./d.js" };
    const files = { "node_modules/p/package.json": { exports }, "node_modules/p/d.js": "", "node_modules/p/e.js": "" };
    await expect(resolve(files, "p")).resolves.toEqual(file("node_modules/p/d.js"));
  });

  it("by whether a module is imported or required", async () => {
    const exports = { import: "./m.js", require: "./c.js" };
    const files = { "node_modules/p/package.json": { exports }, "node_modules/p/m.js": "", "node_modules/p/c.js": "" };
    await expect(resolve(files, "p")).resolves.toEqual(file("node_modules/p/m.js"));
    await expect(resolve(files, "p", { kind: "require" })).resolves.toEqual(file("node_modules/p/c.js"));
  });

  it("what a browser map puts in the place of files and packages", async () => {
    const browser = { "./node.js": "./web.js", fs: false, ws: "./ws-web.js" };
    const files = {
      "node_modules/p/package.json": { main: "./node.js", browser },
      "node_modules/p/node.js": "",
      "node_modules/p/web.js": "",
      "node_modules/p/ws-web.js": "",
    };
    const from = "node_modules/p";
    await expect(resolve(files, "p")).resolves.toEqual(file("node_modules/p/web.js"));
    await expect(resolve(files, "./node", { from })).resolves.toEqual(file("node_modules/p/web.js"));
    await expect(resolve(files, "ws", { from })).resolves.toEqual(file("node_modules/p/ws-web.js"));
    await expect(resolve(files, "fs", { from })).resolves.toEqual({ kind: "empty" });
  });
});

describe("ModuleResolver says why not", () => {
  const hidden = {
    "node_modules/p/package.json": { exports: { "./a": "./a.js", "./up": "./../q/a.js" } },
    "node_modules/p/b.js": "",
    "node_modules/q/a.js": "",
  };

  it.each([
    ["a path out of the tree", {}, "../a", { kind: "outside" }],
    ["an absolute path", {}, "/a", { kind: "outside" }],
    ["a missing file", {}, "./a", { kind: "file-missing" }],
    ["a missing package", {}, "a/b", { kind: "package-missing", package: "a" }],
    ["a missing scoped package", {}, "@a/b/c", { kind: "package-missing", package: "@a/b" }],
    ["a name that is none", {}, ".hidden", { kind: "package-missing", package: ".hidden" }],
    ["a hidden subpath", hidden, "p/b.js", { kind: "not-exported", package: "p", subpath: "./b.js" }],
    ["a hidden root", hidden, "p", { kind: "not-exported", package: "p", subpath: "." }],
    ["an exported file that is missing", hidden, "p/a", { kind: "not-exported", package: "p", subpath: "./a" }],
    [
      "an export that climbs out of its package",
      hidden,
      "p/up",
      { kind: "not-exported", package: "p", subpath: "./up" },
    ],
    ["an internal import without a map", {}, "#a", { kind: "not-exported", package: "package.json", subpath: "#a" }],
  ] satisfies [string, Files, string, Resolution][])("for %s", async (_name, files, specifier, expected) => {
    await expect(resolve(files, specifier)).resolves.toEqual(expected);
  });

  it("tsconfig paths do not reach into packages", async () => {
    const files = { "tsconfig.json": { compilerOptions: { paths: { x: ["./x.ts"] } } }, "x.ts": "" };
    await expect(resolve(files, "x", { from: "node_modules/p" })).resolves.toEqual({
      kind: "package-missing",
      package: "x",
    });
  });
});
