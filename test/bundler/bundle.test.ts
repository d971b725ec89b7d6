import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleSource } from "../../bundler/bundle.ts";
import { StackMap } from "../../sdk/map-stack.ts";
import { bundled, defaultExportOf, exportsOf, filesInput, problemsOf } from "./run-bundle.ts";
import { sourceFolder } from "./source-folder.ts";

/** The default export's value, through JSON because it comes from another realm. */
async function valueOf(files: Readonly<Record<string, string>>): Promise<unknown> {
  return JSON.parse(JSON.stringify(await defaultExportOf(files)));
}

describe("bundleSource()", () => {
  it("leaves the module's exports in __selvageModule", async () => {
    const { code } = await bundled({
      kind: "inline",
      language: "ts",
      code: "export const a: number = 1; export default 2;",
    });
    expect(code.startsWith("var __selvageModule = ")).toBe(true);
    expect(exportsOf(code)).toMatchObject({ a: 1, default: 2 });
  });

  it("compiles TypeScript, and JSX as tsconfig.json says", async () => {
    expect(
      await valueOf({
        "tsconfig.json": '{ // comment\n "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "tiny", }, }',
        "index.ts":
          'import { view } from "./view"; enum Kind { A = 7 } export default { kind: Kind.A as number, view };',
        "view.tsx": "export const view = <p>{1 + 1}</p>;",
        "node_modules/tiny/package.json": '{ "exports": { "./jsx-runtime": "./jsx.js" } }',
        "node_modules/tiny/jsx.js": "export const jsx = (tag, props) => [tag, props.children];",
      }),
    ).toEqual({ kind: 7, view: ["p", 2] });
  });

  it("imports JSON and text", async () => {
    expect(
      await valueOf({
        "index.ts":
          'import data from "./data.json"; import text from "./page.html"; import raw from "./data.json" with { type: "text" }; export default [data.a, text, raw];',
        "data.json": '{"a":1}',
        "page.html": "<p>",
      }),
    ).toEqual([1, "<p>", '{"a":1}']);
  });

  it("gives a CommonJS entry its module.exports as the default export", async () => {
    const { code } = await bundled(filesInput({ "index.cjs": "module.exports = { fetch: 1 };" }, "index.cjs"));
    expect(exportsOf(code)["default"]).toEqual({ fetch: 1 });
  });

  it("treats imports of CommonJS from ES module packages as Node does", async () => {
    const cjs = {
      "node_modules/c/index.js": 'exports.__esModule = true; exports.default = "inner";',
    };
    const index = 'import c from "c"; export default c;';
    expect(await valueOf({ ...cjs, "index.ts": index })).toEqual("inner");
    expect(await valueOf({ ...cjs, "index.ts": index, "package.json": '{"type":"module"}' })).toEqual({
      __esModule: true,
      default: "inner",
    });
  });

  it("leaves out what a package declares free of side effects", async () => {
    const { inputs, code } = await bundled(
      filesInput({
        "index.ts": 'import { a } from "p"; export default a;',
        "node_modules/p/package.json": '{"module":"m.js","sideEffects":["./keep.js"]}',
        "node_modules/p/m.js": 'import "./keep.js"; import "./drop.js"; export const a = 1;',
        "node_modules/p/keep.js": 'globalThis.kept = "kept";',
        "node_modules/p/drop.js": 'globalThis.dropped = "dropped";',
      }),
    );
    expect(code).toContain("kept");
    expect(code).not.toContain("dropped");
    expect(inputs).toContain("node_modules/p/keep.js");
  });

  it("gives the same bytes for the same source in another folder, and names no folder", async () => {
    const files = {
      "src/index.ts": 'import { b } from "./b"; export default () => b;',
      "src/b.ts": "export const b = new Error().stack;",
      "package.json": '{"type":"module"}',
    };
    const [first, second] = await Promise.all([sourceFolder(files), sourceFolder(files)]);
    const one = await bundled({ kind: "directory", root: first, entry: "src/index.ts" });
    const two = await bundled({ kind: "directory", root: second, entry: "src/index.ts" });
    expect(one).toEqual(two);
    expect(one).toEqual(await bundled(filesInput(files, "src/index.ts")));
    expect(one.code + one.sourceMap).not.toContain(first);
    expect(one.inputs).toEqual(["src/b.ts", "src/index.ts"]);
  });

  it("maps a stack to the author's file, line and column", async () => {
    const { code, sourceMap } = await bundled(
      filesInput({
        "package.json": '{"type":"module"}',
        "index.ts": 'import { fail } from "./lib/fail.ts";\nexport default (): void => fail();\n',
        "lib/fail.ts":
          "interface A {\n  a: string;\n}\nexport function fail(a?: A): never {\n  throw new Error(a?.a);\n}\n",
      }),
    );
    let stack = "";
    try {
      (exportsOf(code)["default"] as () => void)();
    } catch (error) {
      stack = new StackMap(sourceMap).map((error as Error).stack ?? "");
    }
    expect(stack).toContain("lib/fail.ts:5:9");
    expect(stack).toContain("index.ts:2:28");
  });

  it("takes modules in data: URLs, which may import packages and each other", async () => {
    const inner = 'import p from "p"; export default p + "c";';
    const url = `data:text/javascript,${encodeURIComponent(inner)}`;
    const list = `data:application/json;base64,${Buffer.from("[1]").toString("base64")}`;
    const outer = `data:text/javascript,${encodeURIComponent(`export { default } from "${url}";`)}`;
    const index = `import a from "${outer}"; import b from "${list}"; import c from "data:text/plain,t"; export default [a, b, c];`;
    const files = { "index.ts": index, "node_modules/p/index.js": 'export default "a";' };
    expect(await valueOf(files)).toEqual(["ac", [1], "t"]);
  });

  it.each([
    ["data:text/css,a", 'data: URL 1: is of type "text/css", allowed are text/javascript'],
    ["data:text/javascript,%", "data: URL 1: cannot be decoded"],
    ["data:text/javascript,import './a.js'", 'Cannot find "./a.js": a data: URL lies in no folder'],
  ])("refuses %s", async (url, message) => {
    const problems = await problemsOf(filesInput({ "index.ts": `export { default } from "${url}";` }));
    expect(problems.join()).toContain(message);
  });

  it("lets an import of a pattern in a package fail when it runs", async () => {
    const imported = (await defaultExportOf({
      "index.ts": 'export { default } from "p";',
      "node_modules/p/index.js": "export default (n) => import(`./${n}.js`);",
    })) as (name: string) => Promise<unknown>;
    await expect(imported("a")).rejects.toThrow("import() of a pattern of names cannot be bundled");
  });

  it("chains the source map of a ready bundle", async () => {
    const made = await bundled(
      filesInput({ "app.ts": "const a: string = 'x';\n\nexport default () => {\n  throw new Error(a);\n};" }, "app.ts"),
    );
    const module = `${made.code}\nexport default __selvageModule.default;`;
    const again = await bundled({ kind: "bundle", code: module, sourceMap: made.sourceMap });
    expect((JSON.parse(again.sourceMap) as { sources: string[] }).sources).toContain("app.ts");
    let stack = "";
    try {
      (exportsOf(again.code)["default"] as () => void)();
    } catch (error) {
      stack = new StackMap(again.sourceMap).map((error as Error).stack ?? "");
    }
    expect(stack).toContain("app.ts:4:9");
  });

  it("follows links inside the tree to one module", async () => {
    const root = await sourceFolder({
      "index.ts": 'import { a } from "x"; import { a as b } from "./store/x/index.js"; export default a === b;',
      "store/x/index.js": "export const a = {};",
      "node_modules/.keep": "",
    });
    await symlink(join("..", "store", "x"), join(root, "node_modules", "x"));
    const { code, inputs } = await bundled({ kind: "directory", root, entry: "index.ts" });
    expect(exportsOf(code)["default"]).toBe(true);
    expect(inputs).toEqual(["index.ts", "store/x/index.js"]);
  });

  it("leaves guarded requires of what is missing to fail when they run", async () => {
    expect(
      await valueOf({ "index.ts": 'let fs = "none"; try { fs = require("fs"); } catch {} export default fs;' }),
    ).toEqual("none");
  });

  it("leaves imports of unknown names in packages alone, with a warning", async () => {
    const { warnings } = await bundled(
      filesInput({
        "index.ts": 'import { a } from "p"; export default a;',
        "node_modules/p/index.js": "export const a = (name) => import(name);",
      }),
    );
    expect(warnings).toEqual([
      "node_modules/p/index.js:1:28: import() of a name that is not known when bundling cannot be bundled",
    ]);
  });

  it("warns of what the author can change, not of the same in packages", async () => {
    const oddities = 'import "./none.js"; export const isSame = (a) => a === -0; export const at = import.meta.url;';
    const { warnings } = await bundled(
      filesInput({
        "index.ts": 'import { isSame, at } from "p"; import "p"; export default [isSame, at, import.meta.url];',
        "node_modules/p/package.json": '{"name":"p","type":"module","main":"index.js","sideEffects":false}',
        "node_modules/p/index.js": oddities,
        "node_modules/p/none.js": "export const none = 1;",
      }),
    );
    expect(warnings).toEqual([
      expect.stringMatching(/^index\.ts:1:40: Ignoring this import /),
      expect.stringMatching(/^index\.ts:1:73: "import\.meta" is not available/),
    ]);
  });

  it("minifies when asked", async () => {
    const input = filesInput({
      "index.ts": "export default function longName(argument: number) { return argument + 1; }",
    });
    const [plain, small] = [await bundled(input), await bundleSource(input, { minify: true })];
    expect(small.ok && small.bytes < plain.bytes / 2).toBe(true);
  });
});
