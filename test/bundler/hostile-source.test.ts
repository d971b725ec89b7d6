/** Sources that want to read this machine, stall the bundler or bring it down. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bundleSource } from "../../bundler/bundle.ts";
import { stopEsbuild } from "../../bundler/esbuild.ts";
import { bundled, filesInput, problemsOf } from "./run-bundle.ts";
import { sourceFolder } from "./source-folder.ts";

const patienceMs = 300_000;
const secret = "module.exports = 'the secret of this machine';";

/** A source in a folder whose parent holds a secret, a package and a tsconfig.json. */
async function besideSecret(files: Readonly<Record<string, string>>): Promise<{ root: string; outer: string }> {
  const inner = Object.fromEntries(Object.entries(files).map(([path, text]) => [`source/${path}`, text]));
  const outer = await sourceFolder({
    ...inner,
    "secret.js": secret,
    "secret/index.js": secret,
    "node_modules/hostpkg/index.js": secret,
    "package.json": '{"imports":{"#host":"./secret.js"},"name":"hostself","exports":"./secret.js"}',
    "tsconfig.json": '{"compilerOptions":{"jsxFactory":"HOST","jsx":"react"}}',
  });
  return { root: join(outer, "source"), outer };
}

async function outcomeOf(root: string): Promise<string> {
  return JSON.stringify(await bundleSource({ kind: "directory", root, entry: "index.js" }));
}

afterAll(stopEsbuild);

describe("bundleSource() reads nothing outside the source", () => {
  it.each([
    ["a relative path", 'export { default } from "../secret.js";', "outside"],
    ["a path that goes in and out", 'export { default } from "./a/../../secret.js";', "outside"],
    ["a folder", 'export { default } from "../secret";', "outside"],
    ["a required path", 'export default require("../secret.js");', "outside"],
    ["a backslash", 'export { default } from "..\\\\secret.js";', "Cannot find package"],
    ["a NUL", 'export { default } from "./a\\0/../../secret.js";', "Could not resolve"],
    ["a package above", 'export { default } from "hostpkg";', 'Cannot find package \\"hostpkg\\"'],
    ["its own name above", 'export { default } from "hostself";', 'Cannot find package \\"hostself\\"'],
    ["an import map above", 'export { default } from "#host";', "has no file"],
    ["a file URL", 'export { default } from "file:///etc/passwd";', "not fetched from elsewhere"],
    ["an import of a pattern", "export default (n) => import(`../${n}.js`);", "pattern of names"],
    ["a require of a pattern", 'export default (n) => require("../" + n);', "pattern of names"],
    ["a pattern behind escapes", 'export default (n) => r\\u0065quire("\\x2e./" + n);', "pattern of names"],
    ["a pattern behind parentheses", "export default (n) => (require)(`../${n}`);", "pattern of names"],
    ["a pattern behind a choice", 'export default (n) => import(n ? "../" + n : "./a");', "pattern of names"],
    ["a pattern behind comments", "export default (n) => import(/* a */ // b\n `../${n}`);", "pattern of names"],
  ])("by %s", async (_name, code, expected) => {
    const { root } = await besideSecret({ "index.js": code });
    const outcome = await outcomeOf(root);
    expect(outcome).toContain('"ok":false');
    expect(outcome).toContain(expected);
    expect(outcome).not.toContain("the secret");
  });

  /** Each names the file in a way of its own. */
  const inlineMap = (map: object): string =>
    `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}`;
  const mapOf = (sources: readonly string[]): object => ({ version: 3, sources, names: [], mappings: "AAAA" });
  it.each([
    ["that a comment names", (url: string) => `//# sourceMappingURL=${url}`],
    ["that an old comment names", (url: string) => `//@ sourceMappingURL=${url}`],
    ["that a block comment names", (url: string) => `/*# sourceMappingURL=${url} */`],
    ["that an inline one names as its source", (url: string) => inlineMap(mapOf([url]))],
    [
      "in a section of an inline one",
      (url: string) => inlineMap({ version: 3, sections: [{ offset: { line: 0, column: 0 }, map: mapOf([url]) }] }),
    ],
    [
      "behind a complete one",
      (url: string) => `${inlineMap({ ...mapOf(["a.ts"]), sourcesContent: ["a"] })}\n//# sourceMappingURL=${url}`,
    ],
    [
      "of a module in a data: URL",
      (url: string) =>
        `import "data:text/javascript,${encodeURIComponent(`globalThis.x = 1;\n//# sourceMappingURL=${url}`)}";`,
    ],
    [
      "of a module in a data: URL whose map is inline",
      (url: string) =>
        `import "data:text/javascript,${encodeURIComponent(`globalThis.x = 1;\n${inlineMap(mapOf([url]))}`)}";`,
    ],
  ])("by a source map %s", async (_name, comment) => {
    const { root, outer } = await besideSecret({ "index.js": "" });
    for (const url of [
      `file://${outer}/secret.js`,
      `file://localhost${outer}/secret.js`,
      `FILE://${outer}/secret.js`,
      `${outer}/secret.js`,
    ]) {
      await writeFile(join(root, "index.js"), `export default 1;\n${comment(url)}\n`);
      const outcome = await outcomeOf(root);
      expect(outcome).toContain('"ok":true');
      expect(outcome).not.toContain("the secret");
    }
  });

  it("by a source map of a package whose imports of patterns are taken out", async () => {
    const { root, outer } = await besideSecret({ "index.js": 'export { default } from "p";' });
    const code = `export default (n) => import(\`./\${n}.js\`);\n${inlineMap(mapOf([`file://${outer}/secret.js`]))}\n`;
    await mkdir(join(root, "node_modules/p"), { recursive: true });
    await writeFile(join(root, "node_modules/p/index.js"), code);
    const outcome = await outcomeOf(root);
    expect(outcome).toContain('"ok":true');
    expect(outcome).not.toContain("the secret");
  });

  it("by a pattern in a data: URL, not even the names of files", async () => {
    const { root } = await besideSecret({ "index.js": "" });
    const inner = "export default (n) => import(`../../etc/passw${n}`);";
    await writeFile(
      join(root, "index.js"),
      `export { default } from "data:text/javascript,${encodeURIComponent(inner)}";`,
    );
    const outcome = await outcomeOf(root);
    expect(outcome).toContain("pattern of names");
    expect(outcome.split("pattern of names")).toHaveLength(2);
  });

  it("by an absolute path, whatever it holds", async () => {
    const { root, outer } = await besideSecret({ "index.js": "" });
    await writeFile(join(root, "index.js"), `export { default } from ${JSON.stringify(join(outer, "secret.js"))};`);
    expect(await outcomeOf(root)).toContain("outside the uploaded source");
  });

  it.each(["main", "module", "browser", "exports"])("by the %s of a package.json", async (field) => {
    const { root } = await besideSecret({
      "index.js": 'export { default } from "p";',
      "node_modules/p/package.json": JSON.stringify({ [field]: "./../../../secret.js" }),
    });
    const outcome = await outcomeOf(root);
    expect(outcome).toContain('"ok":false');
    expect(outcome).not.toContain("the secret");
  });

  it("by a browser map, an imports map or tsconfig paths", async () => {
    const { root } = await besideSecret({
      "index.js": 'import a from "./a.js"; import b from "#b"; export default [a, b];',
      "a.js": "export default 1;",
      "package.json": '{"browser":{"./a.js":"../secret.js"},"imports":{"#b":"./../secret.js"}}',
    });
    const outcome = await outcomeOf(root);
    expect(outcome).toContain("there is no such file");
    expect(outcome).not.toContain("the secret");
    const second = await besideSecret({
      "index.js": 'export { default } from "x";',
      "tsconfig.json": '{"compilerOptions":{"paths":{"x":["../secret.js"]}}}',
    });
    expect(await outcomeOf(second.root)).toContain("outside the source");
  });

  it.each(["../tsconfig.json", "/etc/passwd", "../../../../etc/passwd"])("by extending %s", async (target) => {
    const { root } = await besideSecret({
      "index.js": "export default 1;",
      "tsconfig.json": JSON.stringify({ extends: target }),
    });
    expect(await outcomeOf(root)).toContain("which is not in the uploaded source");
  });

  it("by the tsconfig.json of a folder above", async () => {
    const { root } = await besideSecret({ "index.jsx": "export default <p/>;" });
    const { code } = await bundled({ kind: "directory", root, entry: "index.jsx" });
    expect(code).not.toContain("HOST");
  });

  it("by a link to a file, a folder, or a package.json", async () => {
    const { root, outer } = await besideSecret({
      "index.js": 'import a from "./a.js"; import b from "./b/index.js"; import c from "c"; export default [a, b, c];',
      "node_modules/c/index.js": "export default 1;",
    });
    await symlink(join(outer, "secret.js"), join(root, "a.js"));
    await symlink("../secret", join(root, "b"));
    await symlink("/etc/passwd", join(root, "node_modules", "c", "package.json"));
    const outcome = await outcomeOf(root);
    expect(outcome).toContain('Cannot find \\"./a.js\\"');
    expect(outcome).toContain('Cannot find \\"./b/index.js\\"');
    expect(outcome).not.toMatch(/the secret|root:/);
  });

  it("by links that go round in a circle", async () => {
    const { root } = await besideSecret({ "index.js": 'export { default } from "./a.js";' });
    await symlink("b.js", join(root, "a.js"));
    await symlink("a.js", join(root, "b.js"));
    expect(await outcomeOf(root)).toContain("there is no such file");
  });

  it("by a source map that a file names", async () => {
    const { root } = await besideSecret({ "index.js": "export default 1;\n//# sourceMappingURL=../secret.js\n" });
    expect(await outcomeOf(root)).not.toContain("the secret");
  });
});

describe("bundleSource() survives", () => {
  /** What is claimed is how it ends. That takes as long as it takes Go, twice, to fill half a gigabyte of stack: many seconds on a busy machine. */
  it("a source that brings esbuild down, and so do the builds beside it", { timeout: patienceMs }, async () => {
    const bounds = { timeoutMs: patienceMs };
    const bomb = filesInput({ "index.ts": `export default ${"!".repeat(1_000_000)}1;` });
    const honest = filesInput({ "index.ts": "export default 1;" });
    const [before, broken, beside] = await Promise.all([
      bundleSource(honest, bounds),
      bundleSource(bomb, bounds),
      bundleSource(honest, bounds),
    ]);
    expect([before.ok, beside.ok]).toEqual([true, true]);
    expect(broken).toMatchObject({
      ok: false,
      problems: [
        {
          path: "index.ts",
          message: "the bundler cannot parse this source: it is nested too deeply or too large",
        },
      ],
    });
    expect(await bundleSource(honest, bounds)).toMatchObject({ ok: true });
  });

  it("brackets that open without end", async () => {
    await expect(problemsOf(filesInput({ "index.ts": `export default ${"[".repeat(2_000_000)}` }))).resolves.toEqual([
      "index.ts: is nested too deeply",
    ]);
  });

  it("a build that takes too long, and so does the build beside it", async () => {
    const slow = filesInput({ "index.ts": `export default [${"x=>y=>({z:[1,2,3]}),".repeat(200_000)}];` });
    const late = bundleSource(slow, { timeoutMs: 1 });
    const beside = bundleSource(filesInput({ "index.ts": "export default 1;" }));
    expect(JSON.stringify(await late)).toContain("bundling took longer than allowed");
    expect((await beside).ok).toBe(true);
  });

  it("a build that is given up", async () => {
    const input = filesInput({ "index.ts": "export default 1;" });
    expect(JSON.stringify(await bundleSource(input, { signal: AbortSignal.abort() }))).toContain("was cancelled");
    const stop = new AbortController();
    const running = bundleSource(input, { signal: stop.signal });
    stop.abort();
    expect((await running).ok).toBe(false);
  });

  it("a package.json that is deeply nested or not an object", async () => {
    for (const text of [`{"exports":${'{"import":'.repeat(5_000)}"./a.js"${"}".repeat(5_000)}}`, "[]", '"x"', "{"]) {
      const problems = await problemsOf(
        filesInput({
          "index.ts": 'import a from "p"; export default a;',
          "node_modules/p/package.json": text,
          "node_modules/p/a.js": "",
        }),
      );
      expect(problems).toHaveLength(1);
    }
  });

  it("an import map that leads around in a circle", async () => {
    const problems = await problemsOf(
      filesInput({
        "index.ts": 'import a from "#a"; import b from "x"; export default [a, b];',
        "package.json": '{"imports":{"#a":"#b","#b":"#a"},"browser":{"x":"y","y":"x"}}',
      }),
    );
    expect(problems).toHaveLength(2);
  });
});
