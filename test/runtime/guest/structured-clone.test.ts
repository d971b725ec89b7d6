import { describe, expect, test } from "vitest";
import { Blob, File } from "../../../runtime/guest/web/body/blob.ts";
import { structuredClone } from "../../../runtime/guest/parts/structured-clone/main.ts";
import { DOMException } from "../../../runtime/guest/web/core/dom-exception.ts";
import { Headers } from "../../../runtime/guest/web/headers/headers.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

const dataCloneError = expect.objectContaining({ name: "DataCloneError", code: 25 }) as Error;

describe("structuredClone gives what Node's gives", () => {
  const sparse: unknown[] = [1];
  sparse[2] = 3;
  const values: readonly [string, unknown][] = [
    ["primitives", [1, -0, Number.NaN, "x", true, null, undefined, 10n]],
    ["boxed primitives", [Object(1), Object("x"), Object(false), Object(10n)]],
    ["nested objects", { a: { b: [{ c: 1 }] } }],
    ["dates", [new Date(5), new Date(Number.NaN)]],
    ["regular expressions", /a.b/giu],
    ["maps and sets", new Map<unknown, unknown>([[{ k: 1 }, new Set([1, { v: 2 }])]])],
    ["typed arrays", [new Uint8Array([1, 2]), new Float64Array([1.5]), new BigInt64Array([5n])]],
    ["an ArrayBuffer", new Uint8Array([1, 2, 3]).buffer],
    ["a DataView", new DataView(new ArrayBuffer(8), 2, 4)],
    ["a sparse array with properties", Object.assign(sparse, { extra: 1 })],
    [
      "an instance of a class",
      new (class Point {
        x = 1;
      })(),
    ],
    ["a key named __proto__", JSON.parse('{"__proto__": {"a": 1}}')],
  ];
  test.each(values)("for %s", (_, value) => {
    const ours = structuredClone(value);
    expect(ours).toEqual(globalThis.structuredClone(value));
    expect(ours).not.toBe(value);
  });
});

describe("structuredClone", () => {
  test("keeps cycles and shared references", () => {
    const shared = { s: 1 };
    const value: Record<string, unknown> = { a: shared, b: shared };
    value["self"] = value;
    const copy = structuredClone(value);
    expect(copy["self"]).toBe(copy);
    expect(copy["a"]).toBe(copy["b"]);
    expect(copy["a"]).not.toBe(shared);
  });

  test("two views over one buffer stay over one buffer", () => {
    const buffer = new ArrayBuffer(8);
    const copy = structuredClone([new Uint8Array(buffer, 0, 4), new Uint8Array(buffer, 4)]);
    expect(copy[0]?.buffer).toBe(copy[1]?.buffer);
  });

  test("errors keep name, message, stack and cause", () => {
    const error = new RangeError("m", { cause: { a: 1 } });
    const copy = structuredClone(error);
    expect(copy).toBeInstanceOf(RangeError);
    expect([copy.name, copy.message, copy.stack, copy.cause]).toEqual(["RangeError", "m", error.stack, { a: 1 }]);
    expect(structuredClone(Object.assign(new Error("x"), { name: "Odd" })).name).toBe("Error");
    const abort = structuredClone(new DOMException("m", "AbortError"));
    expect([abort.name, abort.message]).toEqual(["AbortError", "m"]);
  });

  test("blobs and files", async () => {
    const file = structuredClone(new File(["abc"], "n", { type: "a/b", lastModified: 5 }));
    expect([file.name, file.type, file.lastModified, await file.text()]).toEqual(["n", "a/b", 5, "abc"]);
    expect(await structuredClone(new Blob(["x"])).text()).toBe("x");
  });

  test("transfer moves buffers", () => {
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    const copy = structuredClone({ buffer, view: new Uint8Array(buffer, 1) }, { transfer: [buffer] });
    expect(buffer.detached).toBe(true);
    expect([copy.buffer.byteLength, copy.view.buffer === copy.buffer, [...copy.view]]).toEqual([3, true, [2, 3]]);
  });

  test("a failure detaches nothing", () => {
    const buffer = new ArrayBuffer(3);
    expect(() => structuredClone({ buffer, f: () => 1 }, { transfer: [buffer] })).toThrow(dataCloneError);
    expect(buffer.detached).toBe(false);
  });

  const detached = new ArrayBuffer(1);
  detached.transfer();
  const refused: readonly [string, unknown][] = [
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["a symbol inside", { a: [Symbol("x")] }],
    ["a boxed symbol", Object(Symbol("x"))],
    ["a promise", Promise.resolve()],
    ["a WeakMap", new WeakMap()],
    ["headers", new Headers()],
    ["a detached buffer", detached],
  ];
  test.each(refused)("refuses %s with a DataCloneError", (_, value) => {
    expect(() => structuredClone(value)).toThrow(dataCloneError);
  });

  test("refuses bad transfer lists", () => {
    const buffer = new ArrayBuffer(1);
    expect(() => structuredClone(1, { transfer: [buffer, buffer] })).toThrow(dataCloneError);
    expect(() => structuredClone(1, { transfer: [{}] })).toThrow(dataCloneError);
    expect(() => structuredClone(1, { transfer: [detached] })).toThrow(dataCloneError);
    expect(() => structuredClone(1, { transfer: 5 as never })).toThrow(TypeError);
    expect(() => (structuredClone as never as () => void)()).toThrow(TypeError);
  });

  test("what a getter throws comes through", () => {
    const value = {
      get a(): never {
        throw new RangeError("mine");
      },
    };
    expect(() => structuredClone(value)).toThrow(RangeError);
  });
});
