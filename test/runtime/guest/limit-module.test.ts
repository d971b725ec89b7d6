import { describe, expect, it } from "vitest";
import { limitModule, type LimitedModule } from "../../../runtime/guest/parts/wasm/limit-module.ts";
import { addModule, growingModule, leb, limits, moduleOf, name, section, vector } from "../wasm-assembler.ts";

const bounds = { tableElementsMax: 1_000, functionsMax: 100 };
const [typeId, importId, functionId, tableId, memoryId] = [1, 2, 3, 4, 5];
const nothing = [0x60, 0x00, 0x00];
const funcref = 0x70;

type Limited = Extract<LimitedModule, { kind: "limited" }>;

function limited(bytes: Uint8Array<ArrayBuffer>): Limited {
  const result = limitModule(bytes, bounds);
  if (result.kind !== "limited") throw new Error(JSON.stringify(result));
  return result;
}

function importsOf(bytes: Uint8Array<ArrayBuffer>): string[] {
  return WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(
    ({ module, name: own, kind }) => `${module} ${own} ${kind}`,
  );
}

describe("limitModule()", () => {
  it("leaves a module without memories and tables as it is", () => {
    expect(limited(addModule)).toEqual({
      kind: "limited",
      bytes: addModule,
      memories: [],
      functions: 1,
      areTablesTooLarge: false,
    });
  });

  it("turns memories into imports behind the author's own, and says what they asked for", () => {
    const bytes = moduleOf(
      section(typeId, vector([nothing])),
      section(importId, vector([[...name("env"), ...name("f"), 0x00, 0x00]])),
      section(memoryId, vector([limits.from(1), limits.between(2, 300)])),
    );
    const result = limited(bytes);
    expect(result.memories).toEqual([
      { initialPages: 1, maximumPages: null, is64: false },
      { initialPages: 2, maximumPages: 300, is64: false },
    ]);
    expect(importsOf(result.bytes)).toEqual(["env f function", "selvage:memory 0 memory", "selvage:memory 1 memory"]);
  });

  it("makes an import section where there was none, with custom sections around it kept", () => {
    const custom = section(0, [...name("note"), 1, 2, 3]);
    const bytes = moduleOf(custom, section(memoryId, vector([limits.from64(1)])), custom);
    const result = limited(bytes);
    expect(result.memories).toEqual([{ initialPages: 1, maximumPages: null, is64: true }]);
    expect(importsOf(result.bytes)).toEqual(["selvage:memory 0 memory"]);
    expect(WebAssembly.Module.customSections(new WebAssembly.Module(result.bytes), "note")).toHaveLength(2);
  });

  it("keeps every index: the module grows and reads the memory that it did before", () => {
    const result = limited(growingModule([limits.from(1), limits.from(2)]));
    const memories = [
      new WebAssembly.Memory({ initial: 1, maximum: 3 }),
      new WebAssembly.Memory({ initial: 2, maximum: 4 }),
    ];
    const [first, second] = memories;
    new Uint8Array(second?.buffer ?? new ArrayBuffer(0))[5] = 42;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(result.bytes), {
      "selvage:memory": { 0: first ?? 0, 1: second ?? 0 },
    });
    const { grow0, grow1, read1, memory1 } = instance.exports as Record<string, unknown> & {
      grow0: (pages: number) => number;
      grow1: (pages: number) => number;
      read1: (at: number) => number;
    };
    expect([grow0(2), grow0(1), grow1(1), read1(5)]).toEqual([1, -1, 2, 42]);
    expect(memory1).toBe(second);
  });

  it("gives every table a maximum of at most the bound, initialisers included", () => {
    const bytes = moduleOf(
      section(
        tableId,
        vector([
          [funcref, ...limits.from(1)],
          [funcref, ...limits.between(1, 5_000)],
          [funcref, ...limits.between(1, 7)],
          // (table 2 funcref (ref.null func))
          [0x40, 0x00, funcref, ...limits.from(2), 0xd0, funcref, 0x0b],
        ]),
      ),
      section(7, vector([0, 1, 2, 3].map((index) => [...name(`t${String(index)}`), 0x01, ...leb(index)]))),
    );
    const result = limited(bytes);
    expect(result.areTablesTooLarge).toBe(false);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(result.bytes));
    const tables = Object.values(exports) as WebAssembly.Table[];
    const canGrowTo = (table: WebAssembly.Table, length: number): boolean => {
      try {
        table.grow(length - table.length);
        return true;
      } catch {
        return false;
      }
    };
    expect(tables.map((table) => canGrowTo(table, 1_001))).toEqual([false, false, false, false]);
    expect(tables.map((table) => canGrowTo(table, 1_000))).toEqual([true, true, false, true]);
    expect(tables[2]?.length).toBe(1);
  });

  it("says when tables start beyond the bound, each or together", () => {
    const tables = (...sizes: readonly number[]): Uint8Array<ArrayBuffer> =>
      moduleOf(section(tableId, vector(sizes.map((size) => [funcref, ...limits.from(size)]))));
    expect(limited(tables(1_000)).areTablesTooLarge).toBe(false);
    expect(limited(tables(1_001)).areTablesTooLarge).toBe(true);
    expect(limited(tables(600, 600)).areTablesTooLarge).toBe(true);
    expect(limited(tables(10_000_000)).areTablesTooLarge).toBe(true);
  });

  it("finds a shared memory behind imports of every other kind, and lets those pass", () => {
    const from = [...name("m"), ...name("x")];
    const others = [
      [...from, 0x00, 0x00],
      [...from, 0x01, funcref, ...limits.from(1)],
      [...from, 0x01, 0x63, 0x70, ...limits.between(1, 2)],
      [...from, 0x02, ...limits.between(1, 2)],
      [...from, 0x03, 0x7f, 0x00],
      [...from, 0x03, 0x64, 0x6f, 0x01],
      [...from, 0x04, 0x00, 0x00],
    ];
    const module = (...imports: readonly number[][]): Uint8Array<ArrayBuffer> =>
      moduleOf(section(typeId, vector([nothing])), section(importId, vector(imports)));
    expect(importsOf(limited(module(...others)).bytes)).toHaveLength(7);
    expect(limitModule(module(...others, [...from, 0x02, ...limits.shared(1, 2)]), bounds).kind).toBe("refused");
    expect(limitModule(module([...from, 0x05, 0x00]), bounds).kind).toBe("unreadable");
  });

  it("refuses shared memories and more functions than allowed", () => {
    expect(limitModule(moduleOf(section(memoryId, vector([limits.shared(1, 2)]))), bounds)).toEqual({
      kind: "refused",
      reason: "shared memories are not available",
    });
    const imported = [...name("m"), ...name("m"), 0x02, ...limits.shared(1, 2)];
    expect(limitModule(moduleOf(section(importId, vector([imported]))), bounds)).toEqual({
      kind: "refused",
      reason: "shared memories are not available",
    });
    const many = moduleOf(
      section(typeId, vector([nothing])),
      section(functionId, [101, ...Array<number>(101).fill(0x00)]),
    );
    expect(limitModule(many, bounds)).toEqual({
      kind: "refused",
      reason: "it has 101 functions and imports, allowed are 100",
    });
  });

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ["nothing", new Uint8Array(0)],
    ["another magic", new Uint8Array(8)],
    ["a section that runs past the end", moduleOf([memoryId, 0x05, 0x01])],
    ["a section cut in its length", moduleOf([memoryId, 0x80])],
    ["an unknown section", moduleOf(section(99, []))],
    ["sections in another order", moduleOf(section(memoryId, vector([limits.from(1)])), section(tableId, vector([])))],
    ["a section twice", moduleOf(section(memoryId, vector([])), section(memoryId, vector([limits.from(1)])))],
    ["bytes behind the last memory", moduleOf(section(memoryId, [...vector([limits.from(1)]), 0x00]))],
    ["fewer memories than it says", moduleOf(section(memoryId, [0x02, ...limits.from(1)]))],
    ["limits of an unknown kind", moduleOf(section(memoryId, vector([[0x08, 0x01, 0x00]])))],
    ["an integer that is too long", moduleOf([memoryId, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00])],
    [
      "a table initialiser it does not know",
      moduleOf(section(tableId, vector([[0x40, 0x00, funcref, ...limits.from(1), 0xfb, 0x1c, 0x0b]]))),
    ],
  ])("calls unreadable: %s", (_name, bytes) => {
    expect(limitModule(bytes, bounds)).toEqual({ kind: "unreadable" });
  });
});
