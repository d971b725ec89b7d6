import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { bundleSource, type BundleInput } from "../../bundler/bundle.ts";
import { digestOf } from "../../sdk/artifact-format.ts";
import { webAssemblyLimits } from "../../sdk/limits.ts";
import { StackMap } from "../../sdk/map-stack.ts";
import { addModule, growingModule, limits, moduleOf, name, section } from "../runtime/wasm-assembler.ts";
import { bundled, problemsOf } from "./run-bundle.ts";

const other = growingModule([limits.from(1)]);

function input(files: Readonly<Record<string, string | Uint8Array>>): BundleInput {
  const bytes = Object.entries(files).map(([path, content]) => [path, Buffer.from(content)] as const);
  return { kind: "files", files: new Map(bytes), entry: "index.ts" };
}

/** The default export of a bundle whose modules are the files' digests. */
function valueOf({ code, wasm }: Awaited<ReturnType<typeof bundled>>): unknown {
  const modules = Object.fromEntries(wasm.map(({ digest, path }) => [digest, `module ${path}`]));
  const context: { __selvageModule?: { default: unknown }; __selvageTakeWasm: () => unknown } = {
    __selvageTakeWasm: () => modules,
  };
  runInNewContext(code, context);
  return JSON.parse(JSON.stringify(context.__selvageModule?.default ?? null));
}

describe("an import of a .wasm file", () => {
  it.each([
    ["a default import", 'import m from "./a.wasm"; export default m;'],
    ["with ?module", 'import m from "./a.wasm?module"; export default m;'],
    ["a namespace", 'import * as m from "./a.wasm"; export default m.default;'],
    ["a re-export", 'export { default } from "./a.wasm";'],
    ["require()", 'export default require("./a.wasm").default;'],
  ])("gives the module whose digest the bundle names: %s", async (_name, code) => {
    const result = await bundled(input({ "index.ts": code, "a.wasm": addModule }));
    expect(result.wasm).toEqual([{ path: "a.wasm", digest: digestOf(addModule), bytes: Buffer.from(addModule) }]);
    expect(valueOf(result)).toBe("module a.wasm");
  });

  it("works from a package, by its exports", async () => {
    const result = await bundled(
      input({
        "index.ts": 'import m from "p/x.wasm"; import { also } from "p"; export default [m, also];',
        "node_modules/p/package.json":
          '{"exports":{".":{"workerd":"./edge.js","default":"./node.js"},"./x.wasm":"./dist/x.wasm"}}',
        "node_modules/p/edge.js": 'import m from "./dist/x.wasm?module"; export const also = m;',
        "node_modules/p/dist/x.wasm": addModule,
      }),
    );
    expect(valueOf(result)).toEqual(["module node_modules/p/dist/x.wasm", "module node_modules/p/dist/x.wasm"]);
  });

  it("puts no byte of the module into the code, and each content once into the list, sorted", async () => {
    const result = await bundled(
      input({
        "index.ts":
          'import a from "./a.wasm"; import b from "./b.wasm"; import c from "./c.wasm"; export default [a, b, c];',
        "a.wasm": addModule,
        "b.wasm": other,
        "c.wasm": addModule,
      }),
    );
    const digests = result.wasm.map(({ digest }) => digest);
    expect(digests).toEqual([digestOf(addModule), digestOf(other)].toSorted());
    expect(result.code).not.toContain(Buffer.from(addModule).toString("base64").slice(0, 16));
  });

  it("leaves out what nothing uses", async () => {
    const result = await bundled(
      input({ "index.ts": 'import m from "./a.wasm"; export default 1;', "a.wasm": addModule }),
    );
    expect(result.wasm).toEqual([]);
    expect(result.code).not.toContain("__selvageTakeWasm");
  });

  it("leaves no name of it on the global object, and cannot be confused with the author's own", async () => {
    const { code, wasm } = await bundled(
      input({
        "index.ts": 'import m from "./a.wasm"; const __selvageWasm = 7; export default [m, __selvageWasm];',
        "a.wasm": addModule,
      }),
    );
    const context = { __selvageTakeWasm: () => ({ [wasm[0]?.digest ?? ""]: "m" }) };
    runInNewContext(code, context);
    expect(Object.keys(context).toSorted()).toEqual(["__selvageModule", "__selvageTakeWasm"]);
    expect(context).toMatchObject({ __selvageModule: { default: ["m", 7] } });
  });

  it("keeps the source map right", async () => {
    const { code, sourceMap } = await bundled(
      input({
        "index.ts": 'import m from "./a.wasm";\n\nexport default { fetch() { throw new Error(String(m)); } };',
        "a.wasm": addModule,
      }),
    );
    const lines = code.split("\n");
    const line = lines.findIndex((text) => text.includes("throw new Error"));
    const column = lines[line]?.indexOf("throw") ?? -1;
    const stack = `Error\n    at fetch (function.js:${String(line + 1)}:${String(column + 1)})`;
    expect(new StackMap(sourceMap).map(stack)).toContain("index.ts:3:");
  });

  it("gives the same bundle for the same input", async () => {
    const files = {
      "index.ts": 'import a from "./a.wasm"; import b from "./b.wasm"; export default [b, a];',
      "a.wasm": addModule,
      "b.wasm": other,
    };
    expect(await bundled(input(files))).toEqual(await bundled(input(files)));
  });
});

describe("WebAssembly that is too much", () => {
  /** A module of `bytes` bytes: a custom section named `seed` fills it. */
  function filled(bytes: number, seed: string): Uint8Array {
    const fill = bytes - 8 - 1 - 4 - name(seed).length;
    return moduleOf(
      [...section(0, []).slice(0, 1), ...longLeb(fill + name(seed).length), ...name(seed)],
      Array<number>(fill).fill(0),
    );
  }
  /** LEB128 in four bytes. */
  function longLeb(value: number): number[] {
    return [(value & 127) | 128, ((value >> 7) & 127) | 128, ((value >> 14) & 127) | 128, value >> 21];
  }

  it("is refused: one module beyond its bound", async () => {
    const { moduleBytesMax } = webAssemblyLimits;
    const large = new Uint8Array(moduleBytesMax + 1);
    large.set(addModule);
    const files = { "index.ts": 'import m from "./a.wasm"; export default m;', "a.wasm": large };
    expect(await problemsOf(input(files))).toEqual([
      `index.ts:1:15: a.wasm: has ${String(moduleBytesMax + 1)} bytes, allowed are ${String(moduleBytesMax)} for a WebAssembly module`,
    ]);
  });

  it("is refused: more modules than a version may have", async () => {
    const count = webAssemblyLimits.modulesMax + 1;
    const names = Array.from({ length: count }, (_, index) => `m${String(index)}`);
    const imports = names.map((own) => `import ${own} from "./${own}.wasm";`).join("\n");
    const files = Object.fromEntries(names.map((own) => [`${own}.wasm`, filled(64, own)]));
    const code = `${imports}\nexport default [${names.join(", ")}];`;
    expect(await problemsOf(input({ "index.ts": code, ...files }))).toEqual([
      "index.ts: 17 WebAssembly modules are imported, allowed are 16",
    ]);
  });

  it("is refused: all of it together with the code beyond the bundle's bound", async () => {
    const half = new Uint8Array(5_300_000);
    half.set(addModule);
    const second = half.slice();
    second[second.length - 1] = 1;
    const code = 'import a from "./a.wasm"; import b from "./b.wasm"; export default [a, b];';
    const result = await bundleSource(input({ "index.ts": code, "a.wasm": half, "b.wasm": second }));
    expect(result).toMatchObject({ ok: false, problems: [{ path: "index.ts" }] });
    expect(JSON.stringify(result)).toContain("and its WebAssembly modules 10600000, allowed are 10485760");
  });
});
