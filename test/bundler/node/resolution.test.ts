import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeBuiltins } from "../../../bundler/node-builtins.ts";
import { nodeModuleNames } from "../../../bundler/node-modules.ts";
import type { LocalDriver } from "../../../runtime/local-driver.ts";
import { evaluateModule } from "../../../runtime/evaluate-module.ts";
import { invocationOf, quietHost, textOf } from "../../runtime/driver-fixtures.ts";
import { guestCode } from "../../runtime/guest-code.ts";
import { bundled, defaultExportOf, filesInput, problemsOf } from "../run-bundle.ts";
import { bundledVersion, evaluate, startDriver } from "./run-function.ts";

let driver: LocalDriver;
beforeAll(async () => {
  driver = await startDriver();
});
afterAll(async () => {
  await driver.close();
});

describe("the bundler finds a module of Node.js", () => {
  it.each(nodeModuleNames)("%s, with and without its prefix, by import and by require", async (name) => {
    const imports = `import a from "${name}"; import b from "node:${name}"; import * as all from "node:${name}";`;
    const body = `return [a === b, a === require("${name}"), a === require("node:${name}"), a === (await import("node:${name}")).default, Object.keys(all).length > 1];`;
    await expect(evaluate(driver, { imports, body })).resolves.toEqual([true, true, true, true, true]);
  });

  it("every named export is the property of that name of what require() gives", async () => {
    const imports = nodeModuleNames
      .map((name, index) => `import * as m${String(index)} from "node:${name}";`)
      .join("\n");
    const body = `const wrong = []; for (const [name, m] of Object.entries({ ${nodeModuleNames.map((name, index) => `"${name}": m${String(index)}`).join(", ")} }))
      for (const key of Object.keys(m)) if (key !== "default" && m[key] !== m.default[key]) wrong.push(name + "." + key); return wrong;`;
    await expect(evaluate(driver, { imports, body })).resolves.toEqual([]);
  });

  it("once for the author's code and every package, and nothing that is not used", async () => {
    const files = {
      "index.ts": 'import { EventEmitter } from "node:events"; import P from "p"; export default [EventEmitter, P];',
      "node_modules/p/package.json": '{"main":"p.js"}',
      "node_modules/p/p.js": 'module.exports = require("events");',
    };
    const { code } = await bundled(filesInput(files));
    expect(code.split("Possible EventEmitter memory leak").length).toBe(2);
    expect(code).not.toContain("createHash");
  });

  it("a package of that name in the author's tree is meant by the bare name, and never by the prefixed one", async () => {
    const files = {
      "index.ts":
        'import own from "events"; import { EventEmitter } from "node:events"; export default [own, typeof EventEmitter];',
      "node_modules/events/package.json": '{"main":"e.js"}',
      "node_modules/events/e.js": 'module.exports = "the package";',
    };
    const { code } = await bundled(filesInput(files));
    expect(code).toContain("the package");
    expect(code).toContain("Possible EventEmitter memory leak");
  });

  it("placeholders on npm that are named like a module (crypto, stream) are not meant", async () => {
    const files = {
      "index.ts": 'import { randomUUID } from "crypto"; export default { randomUUID };',
      "node_modules/crypto/package.json": '{"main":"c.js"}',
      "node_modules/crypto/c.js": 'throw new Error("deprecated");',
    };
    const { code } = await bundled(filesInput(files));
    expect(code).not.toContain("deprecated");
  });

  it("a package's browser map and the author's tsconfig paths come first", async () => {
    const files = {
      "index.ts": 'import p from "p"; import path from "path"; export default [p, path];',
      "tsconfig.json": '{"compilerOptions":{"paths":{"path":["./mine.ts"]}}}',
      "mine.ts": 'export default "mine";',
      "node_modules/p/package.json": '{"main":"p.js","browser":{"crypto":false}}',
      "node_modules/p/p.js": 'module.exports = Object.keys(require("crypto")).length;',
    };
    await expect(defaultExportOf(files)).resolves.toEqual([0, "mine"]);
  });

  it.each([
    ["node:fs", "there is no disk"],
    ["path/win32", "Cannot"],
    ["node:path/win32", "Cannot import the Node.js built-in"],
    ["node:stream/nothing", "Cannot import the Node.js built-in"],
    ["node:free-globals", "Cannot import the Node.js built-in"],
    ["node:async-context", "Cannot import the Node.js built-in"],
  ])("but not %s", async (name, expected) => {
    const problems = await problemsOf(filesInput({ "index.ts": `import a from "${name}"; export default a;` }));
    expect(problems.join()).toContain(expected);
  });

  it("a name that the module does not have is refused with its place", async () => {
    const code = 'import { createCipheriv, nothing } from "node:crypto";\nexport default [createCipheriv, nothing];';
    const problems = await problemsOf(filesInput({ "index.ts": code }));
    expect(problems).toEqual(['index.ts:1:26: No matching export in "node:crypto" for import "nothing"']);
  });

  it("a module is either there or refused with advice", () => {
    const both = nodeModuleNames.filter((name) => nodeBuiltins.has(name));
    expect(both).toEqual([]);
  });
});

describe("what Node.js has as globals", () => {
  it("Buffer, setImmediate and members of process exist where they are used, and are not global", async () => {
    const body = `const ran = await new Promise((done) => setImmediate(done, "now"));
      return [Buffer.from("a").toString("hex"), ran, typeof process.nextTick, process.cwd(), process.platform, process.version, process.versions.node ?? null, process.argv, typeof process.hrtime.bigint(), typeof globalThis.Buffer, Object.keys(process)];`;
    await expect(evaluate(driver, { imports: "", body })).resolves.toEqual([
      "61",
      "now",
      "function",
      "/",
      "linux",
      "",
      null,
      [],
      "bigint",
      "undefined",
      ["env"],
    ]);
  });

  it("an author's own Buffer and process are left alone, and nothing comes along", async () => {
    const { code, bytes } = await bundled(
      filesInput({
        "index.ts": "const Buffer = 1; const process = { version: 2 }; export default [Buffer, process.version];",
      }),
    );
    expect(code).toMatch(/\[Buffer2?, process\.version\]/);
    expect(bytes).toBeLessThan(2_000);
  });

  it("process.env holds NODE_ENV and the variables in every hook, none of those at the top level, and cannot be changed", async () => {
    const imports =
      'import process, { env as named } from "node:process"; const early = { ...globalThis.process.env }; const { env: kept } = globalThis.process;';
    const body = `const strict = []; for (const change of [() => { "use strict"; kept.A = "b"; }, () => { "use strict"; delete kept.A; }, () => Object.defineProperty(kept, "B", { value: 1 }), () => Object.setPrototypeOf(kept, null), () => Object.freeze(kept)])
        try { change(); strict.push("changed"); } catch (e) { strict.push(e.name); }
      return [early, { ...kept }, kept.A, "A" in kept, kept.NOTHING ?? null, Object.keys(kept), env.A, process.env === kept, named === kept, globalThis.process.env === kept, strict];`;
    const environment = { A: "1", toString: "2" };
    await expect(evaluate(driver, { imports, body, environment })).resolves.toEqual([
      { NODE_ENV: "production" },
      { NODE_ENV: "production", ...environment },
      "1",
      true,
      null,
      ["NODE_ENV", "A", "toString"],
      "1",
      true,
      true,
      true,
      Array.from({ length: 5 }, () => "TypeError"),
    ]);
  });

  it("global is globalThis, unless the author means something else", async () => {
    const files = {
      "index.ts": 'import { own } from "./own"; export default [global === globalThis, typeof global, own];',
    };
    const own = "const global = 7; export const own = global;";
    await expect(defaultExportOf({ ...files, "own.ts": own })).resolves.toEqual([true, "object", 7]);
  });

  it("process.env.NODE_ENV is production, known to the bundler", async () => {
    await expect(
      defaultExportOf({ "index.ts": 'export default process.env.NODE_ENV === "production" ? 1 : Buffer;' }),
    ).resolves.toBe(1);
  });
});

it("all modules together survive a start-up snapshot", async () => {
  const names = nodeModuleNames.map((name, index) => `import * as m${String(index)} from "node:${name}";`).join("\n");
  const all = nodeModuleNames.map((_, index) => `m${String(index)}`).join(", ");
  const index = `${names} const all = [${all}]; const storage = new m2.AsyncLocalStorage(); const emitter = new m6.EventEmitter(); const kept = Buffer.from("kept");
    export default { async fetch() { return storage.run("store", async () => { await null; return new Response([all.length, storage.getStore(), kept, process.env.A, m4.createHash("md5").update("").digest("hex")].join()); }); } };`;
  expect([nodeModuleNames[2], nodeModuleNames[4], nodeModuleNames[6]]).toEqual(["async_hooks", "crypto", "events"]);
  const version = await bundledVersion({ "index.ts": index }, { environment: { A: "1" } });
  const { code } = version;
  const evaluated = await evaluateModule({
    guest: await guestCode(),
    code,
    wasm: [],
    memoryMiB: 128,
    timeoutMs: 60_000,
    snapshot: true,
  });
  if (!evaluated.ok) throw new Error(evaluated.message);
  const { snapshot, snapshotFailure } = evaluated;
  expect(snapshotFailure).toBeNull();
  await driver.load({ ...version, snapshot });
  const { outcome } = driver.invoke(invocationOf(version.key, {}), quietHost([]));
  await expect(textOf(await outcome)).resolves.toBe("24,store,kept,1,d41d8cd98f00b204e9800998ecf8427e");
});

it("the same source gives the same bytes", async () => {
  const source =
    'import { AsyncLocalStorage } from "async_hooks"; import s from "stream"; export default [new AsyncLocalStorage(), s, Buffer];';
  const [left, right] = [
    await bundled(filesInput({ "index.ts": source })),
    await bundled(filesInput({ "index.ts": source })),
  ];
  expect(left.code).toBe(right.code);
  expect(left.sourceMap).toBe(right.sourceMap);
  expect(left.inputs).toEqual(["index.ts"]);
});
