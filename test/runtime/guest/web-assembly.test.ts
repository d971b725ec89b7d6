/** WebAssembly as functions see it: standard behaviour within bounds, and no way around them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { webAssemblyLimits } from "../../../sdk/limits.ts";
import { addModule, growingModule, leb, limits, moduleOf, name, section, vector } from "../wasm-assembler.ts";
import { WasmInstances, type WasmCode } from "../wasm-instance.ts";

let instances: WasmInstances;
beforeAll(async () => {
  instances = await WasmInstances.start();
});
afterAll(() => instances.close());

const growing = growingModule([limits.from(1)]);
const bytes = { add: addModule, growing };

function run(body: string, others: Partial<WasmCode> = {}): Promise<unknown> {
  return instances.run({ body, bytes, ...others });
}

describe("WebAssembly", () => {
  it("has what the Minimum Common Web API lists, and no stack switching", async () => {
    expect(await run("return Object.getOwnPropertyNames(WebAssembly).sort()")).toEqual(
      "CompileError Exception Global Instance JSTag LinkError Memory Module RuntimeError Table Tag compile compileStreaming instantiate instantiateStreaming validate"
        .split(" ")
        .toSorted(),
    );
  });

  it("is a writable, hidden property once it was used, and can be replaced before", async () => {
    expect(
      await run(`const { value, writable, enumerable, configurable } = (WebAssembly, Object.getOwnPropertyDescriptor(globalThis, "WebAssembly"));
        return [value === WebAssembly, writable, enumerable, configurable, String(WebAssembly)];`),
    ).toEqual([true, true, false, true, "[object WebAssembly]"]);
    expect(await run("globalThis.WebAssembly = 5; return WebAssembly;")).toBe(5);
  });

  it("compiles, instantiates and validates, from bytes and from a module", async () => {
    expect(
      await run(`const module = await WebAssembly.compile(bytes.add);
        const fromBytes = await WebAssembly.instantiate(bytes.add.buffer);
        const fromModule = await WebAssembly.instantiate(module);
        const sync = new WebAssembly.Instance(new WebAssembly.Module(new DataView(bytes.add.buffer)));
        return [Object.keys(fromBytes), [fromBytes.instance, fromModule, sync].map((i) => i.exports.add(2, 3)),
          module instanceof WebAssembly.Module, fromModule instanceof WebAssembly.Instance,
          WebAssembly.validate(bytes.add), WebAssembly.validate(new Uint8Array(3))];`),
    ).toEqual([["module", "instance"], [5, 5, 5], true, true, true, false]);
  });

  it("throws and rejects with the errors of the standard", async () => {
    expect(
      await run(`const failed = async (promise) => { try { await promise; return "none"; } catch (error) { return error.constructor.name; } };
        const imports = WebAssembly.instantiate;
        return [
          await failed(WebAssembly.compile(5)), await failed(WebAssembly.compile()), await failed(WebAssembly.compile(new Uint8Array(4))),
          await failed(WebAssembly.compile(new Uint8Array())), await failed(imports(bytes.add, 5)), await failed(imports(bytes.add, null)),
          await failed((async () => new WebAssembly.Module("x"))()), await failed((async () => new WebAssembly.Instance({}))()),
          await failed((async () => WebAssembly.Module(bytes.add))()), await failed((async () => WebAssembly.Memory({ initial: 1 }))()),
          await failed((async () => new WebAssembly.validate(bytes.add))()), await failed((async () => WebAssembly.validate({}))()),
        ];`),
    ).toEqual([
      ..."TypeError TypeError CompileError CompileError TypeError TypeError".split(" "),
      ..."TypeError TypeError TypeError TypeError TypeError TypeError".split(" "),
    ]);
  });

  it("takes the bytes as they were when it was called", async () => {
    expect(
      await run(`const copy = bytes.add.slice(); const promise = WebAssembly.instantiate(copy); copy.fill(0);
        return (await promise).instance.exports.add(1, 1);`),
    ).toBe(2);
  });

  it("tells of the author's imports alone, and links them beside its own", async () => {
    const importing = moduleOf(
      section(1, vector([[0x60, 0x00, 0x00]])),
      section(2, vector([[...name("env"), ...name("f"), 0x00, 0x00]])),
      section(5, vector([limits.from(1)])),
      section(
        7,
        vector([
          [...name("m"), 0x02, 0x00],
          [...name("f"), 0x00, 0x00],
        ]),
      ),
    );
    expect(
      await run(
        `const module = new WebAssembly.Module(bytes.importing); const seen = [];
        const env = { get f() { seen.push("f"); return () => seen.push("called"); } };
        const { exports } = new WebAssembly.Instance(module, { get env() { seen.push("env"); return env; } });
        exports.f();
        return [WebAssembly.Module.imports(module), WebAssembly.Module.exports(module).length, exports.m.buffer.byteLength, seen,
          attempt(() => new WebAssembly.Instance(module)).split(":")[0], attempt(() => new WebAssembly.Instance(module, {})).split(":")[0],
          attempt(() => new WebAssembly.Instance(module, { env: { f: 1 } })).split(":")[0], attempt(() => new WebAssembly.Instance(module, 7)).split(":")[0]];`,
        { bytes: { importing } },
      ),
    ).toEqual([
      [{ module: "env", name: "f", kind: "function" }],
      2,
      65_536,
      ["env", "f", "called"],
      "TypeError",
      "TypeError",
      "LinkError",
      "TypeError",
    ]);
  });

  it("can be extended by classes", async () => {
    expect(
      await run(`class Own extends WebAssembly.Memory { pages() { return this.buffer.byteLength / 65536; } }
        const own = new Own({ initial: 2 });
        return [own.pages(), own instanceof WebAssembly.Memory, Object.getPrototypeOf(own) === Own.prototype];`),
    ).toEqual([2, true, true]);
  });

  it("carries exceptions, globals and tags as V8 has them", async () => {
    expect(
      await run(`const tag = new WebAssembly.Tag({ parameters: ["i32"] }); const error = new WebAssembly.Exception(tag, [7]);
        const global = new WebAssembly.Global({ value: "i64", mutable: true }, 5n); global.value += 1n;
        return [error.is(tag), error.getArg(tag, 0), String(global.value), WebAssembly.JSTag instanceof WebAssembly.Tag];`),
    ).toEqual([true, 7, "6", true]);
  });
});

describe("streaming", () => {
  const response = `const type = (type, status = 200, body = bytes.add) => new Response(body, { status, headers: { "content-type": type } });
    const failed = async (source) => { try { await WebAssembly.compileStreaming(source); return "none"; } catch (error) { return error.name; } };`;

  it("compiles a response or a promise of one", async () => {
    expect(
      await run(`${response} const module = await WebAssembly.compileStreaming(type("application/wasm"));
        const both = await WebAssembly.instantiateStreaming(Promise.resolve(type(" APPLICATION/wasm ")), {});
        return [module instanceof WebAssembly.Module, both.instance.exports.add(4, 5), both.module instanceof WebAssembly.Module];`),
    ).toEqual([true, 9, true]);
  });

  it("refuses with a TypeError: other types, statuses, used bodies and things that are no response", async () => {
    expect(
      await run(`${response} const used = type("application/wasm"); await used.text();
        const results = [];
        for (const source of [type("text/wasm"), type("application/wasm;"), type("application/wasm;charset=utf-8"), new Response(bytes.add),
          type("application/wasm", 404), used, 5, undefined, Promise.resolve({}), { headers: 1 }]) results.push(await failed(source));
        return results;`),
    ).toEqual(Array(10).fill("TypeError"));
    expect(
      await run(`${response} const reason = new RangeError("own"); return await failed(Promise.reject(reason));`),
    ).toBe("RangeError");
  });

  it("refuses an empty body, and one that is no module, with a CompileError", async () => {
    expect(
      await run(
        `${response} return [await failed(type("application/wasm", 200, "")), await failed(type("application/wasm", 200, "no module"))];`,
      ),
    ).toEqual(["CompileError", "CompileError"]);
  });
});

describe("the memory of an instance", () => {
  it("cannot be passed from inside a module: memory.grow answers -1 at the cap", async () => {
    expect(
      await run(`const { instance } = await WebAssembly.instantiate(bytes.growing); const { grow0, memory0 } = instance.exports;
        let grown = 0; while (grow0(16) !== -1) grown += 16;
        return [grown, memory0.buffer.byteLength / 65536, attempt(() => memory0.grow(1024)).split(":")[0]];`),
    ).toEqual([496, 497, "RangeError"]);
  });

  const three = moduleOf(
    section(5, vector([limits.from(1), limits.between(1, 3), limits.from64(1)])),
    section(7, vector([0, 1, 2].map((index) => [...name(`memory${String(index)}`), 0x02, index]))),
  );

  it("never adds up to more than memoryMiB, over modules, instances and memories", async () => {
    const total = (await run(
      `let pages = 0; const held = [];
        const fill = (memory) => { held.push(memory); for (const step of [512, 64, 8, 1]) for (const delta of [step, BigInt(step)]) try { for (;;) memory.grow(delta); } catch {} pages += memory.buffer.byteLength / 65536; };
        const module = new WebAssembly.Module(bytes.three);
        try { for (;;) { const { exports } = new WebAssembly.Instance(module); for (const n of [0, 1, 2]) fill(exports["memory" + n]); } } catch (error) { held.push(error.name); }
        try { for (;;) fill(new WebAssembly.Memory({ initial: 0, maximum: 65536 })); } catch (error) { held.push(error.name); }
        try { for (;;) fill(new WebAssembly.Memory({ initial: 0 })); } catch (error) { held.push(error.name); }
        return { pages, names: held.filter((item) => typeof item === "string") };`,
      { bytes: { three } },
    )) as { pages: number; names: string[] };
    expect(total).toHaveProperty("pages");
    expect(total.pages).toBeGreaterThan(1_000);
    expect(total.pages).toBeLessThanOrEqual(1_024);
    expect(total.names).toEqual(["RangeError", "RangeError", "RangeError"]);
  });

  it("is given back when memories were collected, also those made for instances", async () => {
    const version = `for (let n = 0; n < 200; n += 1) { const { exports } = new WebAssembly.Instance(module);
      if (exports.grow0(1) !== 1) return "cannot grow in round " + n; await new Promise((resolve) => setTimeout(resolve, 0)); } return "grew";`;
    expect(await run(version, { top: "const module = new WebAssembly.Module(bytes.growing);" })).toBe("grew");
  });

  it("is held by what is left of a memory: its buffer", async () => {
    expect(
      await run(`const buffers = []; let failed = "";
        try { for (let n = 0; n < 20; n += 1) { buffers.push(new WebAssembly.Memory({ initial: 100, maximum: 100 }).buffer); await new Promise((resolve) => setTimeout(resolve, 0)); } }
        catch (error) { failed = error.name; }
        return [buffers.length, failed];`),
    ).toEqual([10, "RangeError"]);
  });

  it("counts what is declared, however much that is", async () => {
    const declared = (own: readonly number[]): Uint8Array<ArrayBuffer> => moduleOf(section(5, vector([own])));
    expect(
      await run(
        `return [bytes.whole, bytes.beyond, bytes.whole64].map((source) => attempt(() => { new WebAssembly.Instance(new WebAssembly.Module(source)); return "made"; }).split(":")[0]);`,
        {
          bytes: {
            whole: declared(limits.from(65_536)),
            beyond: declared(limits.from(65_537)),
            whole64: declared([0x04, ...leb(65_536)]),
          },
        },
      ),
    ).toEqual(["RangeError", "CompileError", "RangeError"]);
  });

  it("has a bounded number of memories", async () => {
    expect(
      await run(
        `const held = []; try { for (;;) held.push(new WebAssembly.Memory({ initial: 0, maximum: 0 })); } catch (error) { return [held.length, error.name]; }`,
      ),
    ).toEqual([webAssemblyLimits.memoriesMax, "RangeError"]);
  });

  it("is shared by nobody: a shared one stays in the budget, modules with shared memories are refused", async () => {
    const shared = moduleOf(section(5, vector([limits.shared(1, 2)])));
    expect(
      await run(
        `return [attempt(() => new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer.byteLength), attempt(() => new WebAssembly.Memory({ initial: 1, shared: true })),
          attempt(() => new WebAssembly.Memory({ initial: 1e4, maximum: 6e4, shared: true })), attempt(() => new WebAssembly.Module(bytes.shared)), WebAssembly.validate(bytes.shared),
          typeof SharedArrayBuffer, new WebAssembly.Memory({ initial: 1, shared: false }).buffer.constructor === ArrayBuffer];`,
        { bytes: { shared } },
      ),
    ).toEqual([
      65_536,
      "TypeError: WebAssembly.Memory(): property 'maximum' is required for a shared memory",
      expect.stringMatching(/^RangeError: WebAssembly\.Memory\(\): could not allocate memory/),
      "CompileError: Cannot compile a WebAssembly module: shared memories are not available",
      false,
      "undefined",
      true,
    ]);
  });
});

describe("other bounds", () => {
  it("hold for tables, made and declared", async () => {
    const table = (size: number): Uint8Array<ArrayBuffer> =>
      moduleOf(section(4, vector([[0x70, ...limits.from(size)]])), section(7, vector([[...name("t"), 0x01, 0x00]])));
    expect(
      await run(
        `const max = 64 * ${String(webAssemblyLimits.tableElementsPerMiB)}; const module = new WebAssembly.Module(bytes.small);
        return [attempt(() => new WebAssembly.Table({ element: "anyfunc", initial: max + 1 })).split(":")[0],
          attempt(() => new WebAssembly.Table({ element: "anyfunc", initial: 1, maximum: 10_000_000 }).grow(max)).split(":")[0],
          attempt(() => new WebAssembly.Instance(module).exports.t.grow(max)).split(":")[0],
          attempt(() => new WebAssembly.Instance(new WebAssembly.Module(bytes.large))).split(":")[0],
          new WebAssembly.Table({ element: "externref", initial: 2 }, "x").get(1), new WebAssembly.Table({ element: "anyfunc", initial: 1 }).length];`,
        { bytes: { small: table(1), large: table(9_999_999) } },
      ),
    ).toEqual(["RangeError", "RangeError", "RangeError", "RangeError", "x", 1]);
  });

  it("hold for functions of a module, its bytes, and all that an instance compiles", async () => {
    expect(
      await run(
        `const large = new Uint8Array(${String(webAssemblyLimits.moduleBytesMax)}); large.set(bytes.add); 
        // A custom section over the rest: id 0, its length, an empty name.
        const at = bytes.add.length, rest = large.length - at - 5;
        large.set([0, (rest & 127) | 128, ((rest >> 7) & 127) | 128, ((rest >> 14) & 127) | 128, rest >> 21, 0], at);
        const held = []; let failed = "";
        try { for (let n = 0; n < 10; n += 1) { large[large.length - 1] = n; held.push(new WebAssembly.Module(large)); } } catch (error) { failed = error.name; }
        return [held.length, failed, attempt(() => new WebAssembly.Module(new Uint8Array(large.length + 1))).split(":")[0]];`,
        { limits: { memoryMiB: 128 } },
      ),
    ).toEqual([3, "RangeError", "RangeError"]);
    const many = moduleOf(
      section(1, vector([[0x60, 0x00, 0x00]])),
      section(3, [...leb(1_000_000), ...Array<number>(1_000_000).fill(0)]),
    );
    expect(await run(`return attempt(() => new WebAssembly.Module(bytes.many));`, { bytes: { many } })).toBe(
      "CompileError: Cannot compile a WebAssembly module: it has 1000000 functions and imports, allowed are 100000",
    );
  });

  it("keep the name of the memories to themselves", async () => {
    const forged = moduleOf(
      section(2, vector([[...name("selvage:memory"), ...name("0"), 0x02, ...limits.from(1)]])),
      section(5, vector([limits.from(1)])),
    );
    expect(await run(`return attempt(() => new WebAssembly.Module(bytes.forged));`, { bytes: { forged } })).toContain(
      'CompileError: Cannot compile a WebAssembly module: the import module name "selvage:memory" is reserved',
    );
  });
});

describe("hostile code", () => {
  it("finds V8's own constructors nowhere", async () => {
    expect(
      await run(`const { instance, module } = await WebAssembly.instantiate(bytes.growing); const { Memory, Module, Instance, Table } = WebAssembly;
        class Probe { static [Symbol.hasInstance]() { return true; } }
        return [instance.exports.memory0.constructor === Memory, Memory.prototype.constructor === Memory, module.constructor === Module,
          instance.constructor === Instance, new Table({ element: "anyfunc", initial: 0 }).constructor === Table,
          Object.getPrototypeOf(Memory) === Function.prototype,
          attempt(() => Reflect.construct(Memory, [{ initial: 60000 }], Probe)).split(":")[0],
          attempt(() => Reflect.construct(Object, [], Memory) instanceof Memory && Reflect.construct(Object, [], Memory).buffer).split(":")[0],
          attempt(() => Reflect.construct(Array, [{ initial: 60000 }], Memory).grow(1)).split(":")[0]];`),
    ).toEqual([true, true, true, true, true, true, "RangeError", "TypeError", "TypeError"]);
  });

  const typed = "Object.getPrototypeOf(Uint8Array.prototype)";
  /** Replaces `name` of `target` by a function that looks for V8's own constructors among what it gets, then does the same. */
  const spy = (target: string, name: string): string =>
    `{ const { apply } = Reflect, original = ${target}.${name}; ${target}.${name} = function (...rest) { look(this, rest); return apply(original, this, rest); }; }`;

  it.each<[string, string]>([
    ["Reflect.apply and construct", spy("Reflect", "apply") + spy("Reflect", "construct") + spy("Reflect", "get")],
    [
      "WeakMap's methods",
      spy("WeakMap.prototype", "get") + spy("WeakMap.prototype", "set") + spy("WeakMap.prototype", "has"),
    ],
    [
      "WeakRef and FinalizationRegistry",
      spy("WeakRef.prototype", "deref") + spy("FinalizationRegistry.prototype", "register"),
    ],
    ["Object's functions", spy("Object", "defineProperty") + spy("Object", "freeze") + spy("Object", "create")],
    ["the length of typed arrays", `Object.defineProperty(${typed}, "length", { get() { return 8; } });`],
    [
      "the buffer of typed arrays",
      `Object.defineProperty(${typed}, "buffer", { get() { return new ArrayBuffer(8); } });`,
    ],
    ["set() and subarray() of typed arrays", `${typed}.set = () => {}; ${typed}.subarray = () => new Uint8Array(8);`],
    [
      "a setter on Array.prototype",
      'Object.defineProperty(Array.prototype, "0", { set(value) { look(value, []); }, get() { return undefined; } });',
    ],
    ["iteration", "Array.prototype[Symbol.iterator] = function* () {};"],
    [
      "descriptor members on Object.prototype",
      'for (const name of ["maximum", "initial", "shared", "address", "value", "get", "set", "writable"]) Object.prototype[name] = undefined;',
    ],
    ["a maximum on Object.prototype", "Object.prototype.maximum = 60000; Object.prototype.module = { f: 1 };"],
    [
      "the handler traps on Object.prototype",
      "for (const name of ['get', 'construct', 'apply']) Object.prototype[name] = function (...rest) { look(this, rest); };",
    ],
    [
      "global constructors",
      "for (const name of ['Proxy', 'WeakMap', 'WeakRef', 'FinalizationRegistry', 'ArrayBuffer', 'BigInt', 'RangeError']) globalThis[name] = function (...rest) { look(this, rest); return {}; };",
    ],
    [
      "Uint8Array",
      "const Bytes = Uint8Array; globalThis.Uint8Array = function (...rest) { look(this, rest); return new Bytes(8); };",
    ],
    ["Math", "Math.max = Math.min = Math.floor = () => 60000;"],
    ["promises", "Promise.prototype.then = undefined; Promise.resolve = () => 1;"],
  ])("breaks only itself when it replaces %s", async (_name, attack) => {
    const outcome = await run(
      `const leaked = []; const text = JSON.stringify;
      const look = (self, rest) => { for (let n = -1; n < rest.length; n += 1) { const item = n < 0 ? self : rest[n]; if (typeof item === "function" && ["Memory", "Module", "Instance", "Table"].includes(item.name)) leaked[leaked.length] = item; } };
      let grown = "not", pages = 0;
      ${attack}
      const known = [WebAssembly.Memory, WebAssembly.Module, WebAssembly.Instance, WebAssembly.Table];
      try { grown = new WebAssembly.Instance(new WebAssembly.Module(bytes.growing)).exports.grow0(600); } catch {}
      try { const memory = new WebAssembly.Memory({ initial: 1 }); memory.grow(600); pages = 600; } catch {}
      let own = 0; for (let n = 0; n < leaked.length; n += 1) if (!known.includes(leaked[n])) own += 1;
      throw new TypeError(text([grown, pages, own]));`,
    );
    expect(["[-1,0,0]", '["not",0,0]']).toContain(/\[.*\]$/.exec(String(outcome))?.[0]);
  });

  it("gets no function out of stack traces of the constructors", async () => {
    expect(
      await run(`const found = []; Error.prepareStackTrace = (error, sites) => { for (const site of sites) found.push(site.getFunction(), site.getThis()); return ""; };
        const look = (run) => { try { run(); } catch (error) { error.stack; } };
        look(() => new WebAssembly.Memory({ initial: 60000 })); look(() => new WebAssembly.Module(new Uint8Array(9)));
        look(() => new WebAssembly.Memory({ get initial() { new Error().stack; return 1; } }));
        look(() => new WebAssembly.Instance(new WebAssembly.Module(bytes.growing), { get env() { new Error().stack; } }));
        look(() => new WebAssembly.Table({ element: { toString() { new Error().stack; return "anyfunc"; } }, initial: 99999999 }));
        // What is left are the getters and descriptors above.
        const own = (value) => ["get initial", "get env", "toString"].includes(value.name) || ["initial", "env", "toString"].some((key) => Object.hasOwn(value, key));
        return found.filter((value) => value !== undefined && !own(value)).map(String);`),
    ).toEqual([]);
  });

  it("cannot feed a module that changes while it is compiled", async () => {
    expect(
      await run(`class Species extends Uint8Array { static get [Symbol.species]() { throw new Error("seen"); } }
        const own = new Species(bytes.growing);
        Object.defineProperty(own, "buffer", { get() { return new ArrayBuffer(8); } });
        return attempt(() => { new WebAssembly.Module(own); return "compiled"; }).split(":")[0];`),
    ).toMatch(/^(?:compiled|CompileError|RangeError|TypeError)$/);
  });
});
