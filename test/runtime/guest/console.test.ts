import { beforeEach, describe, expect, test } from "vitest";
import { createConsole } from "../../../runtime/guest/web/console/console.ts";
import { formatLog } from "../../../runtime/guest/parts/inspect/main.ts";
import { inspect } from "../../../runtime/guest/parts/inspect/main.ts";
import { Response } from "../../../runtime/guest/web/fetch/response.ts";
import { connectFakeHost, type FakeHostPort } from "./fake-host-port.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

let port: FakeHostPort;
let console: Console;
beforeEach(() => {
  port = connectFakeHost();
  console = createConsole() as Console;
});

function messages(): string[] {
  return port.logs.map(({ level, message }) => `${level}: ${message}`);
}

describe("inspect", () => {
  const sparse: unknown[] = [1];
  sparse[2] = 2;
  const shown: readonly [string, unknown, string][] = [
    ["a string", "it's", `"it's"`],
    ["line breaks", "a\nb\u0000", "'a\\nb\\u0000'"],
    ["numbers", [1, -0, Number.NaN, 5n], "[ 1, -0, NaN, 5n ]"],
    ["an object", { a: 1, "b-c": "x", [Symbol("s")]: null }, "{ a: 1, 'b-c': 'x', [Symbol(s)]: null }"],
    ["depth", { a: { b: { c: { d: 1 } } } }, "{ a: { b: { c: [Object] } } }"],
    ["maps and sets", [new Map([["a", 1]]), new Set([2])], "[ Map(1) { 'a' => 1 }, Set(1) { 2 } ]"],
    [
      "functions and classes",
      [
        function named() {},
        class Some {
          readonly x = 1;
        },
      ],
      "[ [Function: named], [class Some] ]",
    ],
    ["dates and expressions", [new Date(0), /x/g], "[ 1970-01-01T00:00:00.000Z, /x/g ]"],
    ["typed arrays", new Uint8Array([1, 2]), "Uint8Array(2) [ 1, 2 ]"],
    [
      "a class instance",
      new (class Point {
        x = 1;
      })(),
      "Point { x: 1 }",
    ],
    ["no prototype", Object.create(null), "[Object: null prototype] {}"],
    ["holes", sparse, "[ 1, <empty item>, 2 ]"],
    ["boxed", Object(5), "[Number: 5]"],
    ["empty", [{}, []], "[ {}, [] ]"],
  ];
  test.each(shown)("%s", (_, value, text) => {
    expect(inspect(value)).toBe(text);
  });

  test("cycles are marked", () => {
    const value: Record<string, unknown> = { a: 1 };
    value["self"] = value;
    expect(inspect(value)).toBe("{ a: 1, self: [Circular] }");
  });

  test("getters are not called; what throws is marked", () => {
    const value = {
      get danger(): never {
        throw new Error("called");
      },
    };
    expect(inspect(value)).toBe("{ danger: [Getter] }");
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("trap");
        },
      },
    );
    expect(inspect({ hostile })).toBe("{ hostile: [uninspectable] }");
  });

  test("errors show stack, properties and cause", () => {
    const text = inspect(Object.assign(new TypeError("boom", { cause: "why" }), { code: 7 }));
    expect(text).toMatch(/^TypeError: boom\n +at /);
    expect(text).toContain("{ code: 7, [cause]: 'why' }");
  });

  test("web objects show their attributes and do not lose their bodies", async () => {
    const response = new Response("x", { headers: { a: "1" } });
    expect(inspect(response)).toContain("headers: Headers { 'a': '1', 'content-type': 'text/plain;charset=UTF-8' }");
    expect(await response.text()).toBe("x");
  });

  test("size is bounded whatever is shown", () => {
    const wide = Array.from({ length: 1000 }, (_, index) => "x".repeat(100) + index);
    const deep: unknown[] = [];
    for (let i = 0, at = deep; i < 100; i++) {
      const next: unknown[] = [...wide];
      at.push(next);
      at = next;
    }
    for (const value of [wide, deep, "y".repeat(1e6), { a: wide, b: wide, c: wide }]) {
      expect(inspect(value, { depth: 50 }).length).toBeLessThan(60_000);
      expect(formatLog([value, value]).length).toBeLessThanOrEqual(16_384);
    }
  });
});

describe("formatLog", () => {
  test.each<[unknown[], string]>([
    [["a", 1, { b: 2 }], "a 1 { b: 2 }"],
    [["%s is %d years and %i%%", "Bob", 42.5, 99.9, "rest"], "Bob is 42.5 years and 99% rest"],
    [["%o %O %c|", { a: 1 }, [1], "css"], "{ a: 1 } [ 1 ] |"],
    [["%s", Symbol("x")], "Symbol(x)"],
    [["%d", "nope"], "NaN"],
    [["%s %s", "one"], "one %s"],
    [["100%"], "100%"],
    [["%%"], "%%"],
    [[], ""],
  ])("%j", (values, text) => {
    expect(formatLog(values)).toBe(text);
  });
});

describe("console", () => {
  test("methods have their levels", () => {
    console.log("a");
    console.info("b");
    console.warn("c");
    console.error("d");
    console.debug("e");
    console.assert(true, "not shown");
    console.assert(false, "f %s", "g");
    expect(messages()).toEqual([
      "info: a",
      "info: b",
      "warn: c",
      "error: d",
      "debug: e",
      "error: Assertion failed: f g",
    ]);
  });

  test("count, time and group", () => {
    console.count();
    console.count();
    console.countReset("none");
    console.group("G");
    console.log("in\nside");
    console.groupEnd();
    console.time("t");
    port.nowMs += 5;
    console.timeEnd("t");
    console.timeEnd("t");
    expect(messages()).toEqual([
      "info: default: 1",
      "info: default: 2",
      "warn: Count for 'none' does not exist",
      "info: G",
      "info:   in\n  side",
      "info: t: 5.000ms",
      "warn: Timer 't' does not exist",
    ]);
  });

  test("table draws rows and columns", () => {
    console.table([{ a: 1, b: "x" }, { a: 2 }, 5]);
    expect(port.logs[0]?.message).toBe(
      [
        "┌─────────┬───┬─────┬────────┐",
        "│ (index) │ a │ b   │ Values │",
        "├─────────┼───┼─────┼────────┤",
        "│ 0       │ 1 │ 'x' │        │",
        "│ 1       │ 2 │     │        │",
        "│ 2       │   │     │ 5      │",
        "└─────────┴───┴─────┴────────┘",
      ].join("\n"),
    );
  });

  test("methods work without their object", () => {
    const log: unknown = Reflect.get(console, "log");
    const trace: unknown = Reflect.get(console, "trace");
    Reflect.apply(log as () => void, undefined, ["x"]);
    Reflect.apply(trace as () => void, undefined, ["here"]);
    expect(messages()[0]).toBe("info: x");
    expect(messages()[1]).toMatch(/^debug: Trace: here\n +at /);
  });
});
