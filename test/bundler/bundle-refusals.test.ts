import { describe, expect, it } from "vitest";
import { bundleSource } from "../../bundler/bundle.ts";
import { nodeBuiltins } from "../../bundler/node-builtins.ts";
import { filesInput, problemsOf } from "./run-bundle.ts";

const index = (code: string): Record<string, string> => ({ "index.ts": code });

describe("bundleSource() refuses with file, line and column", () => {
  it.each([
    ["a syntax error", index("export default {\n  fetch() { let a = }\n};"), 'index.ts:2:21: Unexpected "}"'],
    ["a column behind other scripts' characters", index('const é = "äöü"; let = ;'), "index.ts:1:24: "],
    ["TypeScript that cannot be stripped", index("export default <T>;"), "index.ts:1:19: "],
    ["a missing default export", index("export const fetch = 1;"), "index.ts:1:1: has no default export"],
    [
      "a missing package",
      index('import a from "left-pad";\nexport default a;'),
      'index.ts:1:15: Cannot find package "left-pad": is it in the uploaded node_modules?',
    ],
    ["a missing scoped package", index('export { default } from "@a/b/c.js";'), 'Cannot find package "@a/b": is it'],
    [
      "a missing file",
      index('import a from "./nothing";\nexport default a;'),
      'index.ts:1:15: Cannot find "./nothing": there is no such file',
    ],
    [
      "a required package that is missing",
      index('export default require("q");'),
      'index.ts:1:24: Cannot find package "q"',
    ],
    [
      "an import of an unknown name",
      index("export default (n: string) => import(n);"),
      "index.ts:1:31: import() of a name that is not known",
    ],
    [
      "a require of an unknown name",
      index("export default (n: string) => require(n);"),
      "index.ts:1:31: require() of a name that is not known",
    ],
    [
      "an import of a pattern",
      index("export default (n: string) =>\n  import(`./${n}.ts`);"),
      "index.ts:2:3: import() or require() of a pattern",
    ],
    [
      "top-level await",
      index("const a = await 1;\nexport default a;"),
      "index.ts:1:11: top-level await cannot be used",
    ],
    [
      "a .wasm file that is none",
      { ...index('import a from "./a.wasm"; export default a;'), "a.wasm": "<html>" },
      "a.wasm: is not a WebAssembly module: it does not begin with the bytes 00 61 73 6d",
    ],
    [
      "a WebAssembly component",
      { ...index('import a from "./a.wasm"; export default a;'), "a.wasm": "\0asm\r\0\x01\0" },
      "a.wasm: is a WebAssembly component, only core modules can be imported",
    ],
    [
      "another version of WebAssembly",
      { ...index('import a from "./a.wasm"; export default a;'), "a.wasm": "\0asm\x02\0\0\0" },
      "a.wasm: is not a WebAssembly module of version 1",
    ],
    [
      "a named import of a WebAssembly module",
      { ...index('import { add } from "./a.wasm"; export default add;'), "a.wasm": "\0asm\x01\0\0\0" },
      "index.ts:1:10: a .wasm file exports the compiled module as its default and nothing else",
    ],
    [
      "a WebAssembly module that is missing",
      index('import a from "./a.wasm?module"; export default a;'),
      'index.ts:1:15: Cannot find "./a.wasm?module": there is no such file',
    ],
    [
      "a native add-on",
      { ...index('import a from "./a.node"; export default a;'), "a.node": "" },
      "a.node: native add-ons",
    ],
    [
      "another type of file",
      { ...index('import a from "./a.css"; export default a;'), "a.css": "" },
      'a.css: files of type ".css" cannot be imported',
    ],
    [
      "a URL",
      index('import a from "https://example.com/a.js"; export default a;'),
      "modules are not fetched from elsewhere",
    ],
    [
      "a URL without a scheme",
      index('import a from "//example.com/a.js"; export default a;'),
      "is outside the uploaded source",
    ],
    [
      "a missing export of a file",
      { ...index('import { b } from "./a"; export default b;'), "a.ts": "export {};" },
      'index.ts:1:10: No matching export in "a.ts" for import "b"',
    ],
    ["JSON that is none", { ...index('import a from "./a.json"; export default a;'), "a.json": "{" }, "a.json:1:2: "],
    [
      "a tsconfig.json that is none",
      { ...index("export default 1;"), "tsconfig.json": "{" },
      "tsconfig.json: cannot be read: ",
    ],
    [
      "a tsconfig.json that extends what is missing",
      { ...index("export default 1;"), "tsconfig.json": '{"extends":"./base.json"}' },
      'tsconfig.json: extends "./base.json"',
    ],
    [
      "a subpath that a package hides",
      {
        ...index('import a from "p/inner.js"; export default a;'),
        "node_modules/p/package.json": '{"exports":"./a.js"}',
        "node_modules/p/inner.js": "",
      },
      'the package "p" has no file "./inner.js" that it exports',
    ],
  ])("%s", async (_name, files, expected) => {
    const problems = await problemsOf(filesInput(files));
    expect(problems.join("\n")).toContain(expected);
  });

  it.each([...nodeBuiltins.keys()].filter((name) => name !== "test" && name !== "sea" && name !== "sqlite"))(
    "the Node.js built-in %s, with and without its prefix",
    async (name) => {
      const code = `import a from "${name}"; import b from "node:${name}"; export default [a, b];`;
      const problems = await problemsOf(filesInput(index(code)));
      expect(problems).toHaveLength(2);
      expect(problems[0]).toContain(`index.ts:1:15: Cannot import the Node.js built-in "${name}": `);
      expect(problems[1]).toContain(`Cannot import the Node.js built-in "node:${name}": `);
    },
  );

  it("knows built-ins by subpath, and unknown ones by prefix", async () => {
    const code = 'import a from "fs/promises"; import b from "node:newthing"; export default [a, b];';
    const problems = await problemsOf(filesInput(index(code)));
    expect(problems[0]).toContain('built-in "fs/promises": there is no disk');
    expect(problems[1]).toContain('built-in "node:newthing": functions run on web APIs');
  });

  it("lists every problem together", async () => {
    const code = 'import a from "fs"; import b from "b"; import c from "./c"; export default [a, b, c];';
    await expect(problemsOf(filesInput(index(code)))).resolves.toHaveLength(3);
  });

  it("an entry that is not there, is a folder, or is outside", async () => {
    for (const entry of ["nothing.ts", "src", "../index.ts", "/etc/passwd", ""]) {
      const input = filesInput({ "src/a.ts": "export default 1;" }, entry);
      await expect(problemsOf(input)).resolves.toEqual([`${entry}: the entry is not a file of the source`]);
    }
  });

  it("a bundle that is too large, naming its largest parts", async () => {
    const large = `export const text = "${"x".repeat(10_500_000)}";`;
    const files = { ...index('import { text } from "./large"; export default text;'), "large.ts": large };
    const [problem] = await problemsOf(filesInput(files));
    expect(problem).toMatch(
      /^index\.ts: the bundle has 10\d{6} bytes, allowed are 10485760; its largest parts are large\.ts \(/,
    );
  });

  it("sources that are too large together", async () => {
    const files = new Map([
      ["index.ts", new TextEncoder().encode('import a from "./a.txt"; export default a;')],
      ["a.txt", new Uint8Array(67_108_865).fill(97)],
    ]);
    const result = await bundleSource({ kind: "files", files, entry: "index.ts" });
    expect(JSON.stringify(result)).toContain("a.txt: has 67108865 bytes");
  });
});
