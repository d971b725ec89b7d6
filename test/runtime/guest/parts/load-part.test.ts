/** Parts are loaded once, when first used; their globals look as if they had always been there. */
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { coreModules } from "../../../../runtime/guest/parts/core-modules.ts";
import {
  connectPartSources,
  definePartGlobal,
  loadPart,
  providePart,
  shareCoreModules,
} from "../../../../runtime/guest/parts/load-part.ts";

const source = (exports: string): string => `(function (require, provide) { "use strict"; provide(${exports}); })\n`;

let asked: string[] = [];
let next = 0;

beforeEach(() => {
  asked = [];
  shareCoreModules(coreModules);
  connectPartSources((name) => {
    asked.push(name);
    if (name.startsWith("thrower")) return source(`(() => { throw new Error("no") })()`);
    if (name.startsWith("sharer")) return source(`{ Thing: require("web/core/dom-exception.ts").DOMException }`);
    if (name.startsWith("stranger")) return source(`require("web/console/console.ts")`);
    return name.startsWith("nothing") ? "" : source(`{ Thing: class Thing {} }`);
  });
});

/** A part that no other test has loaded. */
function fresh(kind: string): never {
  next += 1;
  return `${kind}-${String(next)}` as never;
}

describe("loadPart()", () => {
  test("evaluates a part once and gives the same exports ever after", () => {
    const name = fresh("part");
    const exports: unknown = loadPart(name);
    expect(loadPart(name)).toBe(exports);
    expect(asked).toEqual([name]);
  });

  test("shares the core's modules with it, and no others", () => {
    expect(loadPart(fresh("sharer"))).toEqual({
      Thing: coreModules["web/core/dom-exception.ts"]?.["DOMException" as never],
    });
    expect(() => loadPart(fresh("stranger"))).toThrow("the core has no module web/console/console.ts");
  });

  test("throws for a part that the host does not have, and asks again the next time", () => {
    const name = fresh("nothing");
    expect(() => loadPart(name)).toThrow(`Cannot load ${String(name)}: this runtime has no such part`);
    expect(() => loadPart(name)).toThrow("no such part");
    expect(asked).toHaveLength(2);
  });

  test("throws what the part throws", () => {
    expect(() => loadPart(fresh("thrower"))).toThrow("no");
  });

  test("takes a provided part without asking the host", () => {
    const name = fresh("provided");
    providePart(name, (_require, provide) => {
      provide({ Thing: 1 });
    });
    expect(loadPart(name)).toEqual({ Thing: 1 });
    expect(asked).toEqual([]);
  });

  test("does not need the globals that user code may have replaced", () => {
    const { eval: original } = globalThis;
    try {
      Object.assign(globalThis, { eval: () => "hostile" });
      expect(loadPart(fresh("part"))).toHaveProperty("Thing");
    } finally {
      Object.assign(globalThis, { eval: original });
    }
  });
});

describe("a part's global", () => {
  const eager = { writable: true, enumerable: false, configurable: true };

  function defined(name: never): { Thing?: unknown } {
    const target = {};
    definePartGlobal(target, name, "Thing");
    return target;
  }

  test("is there, unseen by enumeration, before its part is loaded", () => {
    const target = defined(fresh("part"));
    expect("Thing" in target).toBe(true);
    expect(Object.keys(target)).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(target, "Thing")).toMatchObject({ enumerable: false, configurable: true });
    expect(asked).toEqual([]);
  });

  test("is an ordinary data property after it was read", () => {
    const target = defined(fresh("part"));
    expect(typeof target.Thing).toBe("function");
    expect(Object.getOwnPropertyDescriptor(target, "Thing")).toEqual({ ...eager, value: target.Thing });
    expect(asked).toHaveLength(1);
  });

  test("is an ordinary data property after it was assigned, without its part", () => {
    const target = defined(fresh("part"));
    target.Thing = 1;
    expect(Object.getOwnPropertyDescriptor(target, "Thing")).toEqual({ ...eager, value: 1 });
    expect(asked).toEqual([]);
  });

  test("can be deleted before it was read", () => {
    const target = defined(fresh("part"));
    expect(delete target.Thing).toBe(true);
    expect("Thing" in target).toBe(false);
  });

  test("gets its attributes whatever user code put on Object.prototype", () => {
    const target = defined(fresh("part"));
    let thing: unknown;
    try {
      Object.assign(Object.prototype, { get: () => 1 });
      thing = target.Thing;
    } finally {
      delete (Object.prototype as { get?: unknown }).get;
    }
    expect(Object.getOwnPropertyDescriptor(target, "Thing")).toEqual({ ...eager, value: thing });
  });
});

test("the registry's keys are the paths of what it imports", () => {
  const text = readFileSync(new URL("../../../../runtime/guest/parts/core-modules.ts", import.meta.url), "utf8");
  const imported = [...text.matchAll(/^import \* as (\w+) from "\.\.?\/(.+)";$/gm)].map(
    ([line, name = "", path = ""]) => `${line.includes('"./') ? "parts/" : ""}${path}: ${name}`,
  );
  const listed = [...text.matchAll(/^ {2}"(.+)": (\w+),$/gm)].map(([, path = "", name = ""]) => `${path}: ${name}`);
  expect(listed).toEqual(imported);
  expect(Object.keys(coreModules)).toHaveLength(listed.length);
});
