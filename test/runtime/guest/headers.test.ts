import { describe, expect, test } from "vitest";
import { HeaderList } from "../../../runtime/guest/web/headers/header-list.ts";
import { headerListOf, Headers, headersOver, type HeadersInit } from "../../../runtime/guest/web/headers/headers.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

const text = "host:example.com\ncookie:a=1\nset-cookie:x=1\ncookie:b=2\nset-cookie:y=2\n";

function headersOf(): { headers: Headers; list: HeaderList } {
  const list = new HeaderList(text);
  return { headers: headersOver(list), list };
}

describe("Headers over header text", () => {
  test("reading hands the original string back", () => {
    const { headers, list } = headersOf();
    expect(headers.get("Host")).toBe("example.com");
    expect(headers.has("x-none")).toBe(false);
    expect([...headers]).toHaveLength(4);
    expect(list.changed).toBe(false);
    expect(list.text).toBe(text);
  });

  test("repeated headers are combined, set-cookie is not", () => {
    const { headers } = headersOf();
    expect(headers.get("cookie")).toBe("a=1, b=2");
    expect(headers.getSetCookie()).toEqual(["x=1", "y=2"]);
    expect([...headers]).toEqual([
      ["cookie", "a=1, b=2"],
      ["host", "example.com"],
      ["set-cookie", "x=1"],
      ["set-cookie", "y=2"],
    ]);
  });

  test("a name that is the end of another name is not found", () => {
    const headers = headersOver(new HeaderList("x-host:a\nhostname:b\n"));
    expect(headers.get("host")).toBeNull();
    expect(headers.get("name")).toBeNull();
  });

  test("set, append and delete change the text", () => {
    const { headers, list } = headersOf();
    headers.set("Cookie", " c=3 ");
    headers.append("X-New", "1");
    headers.append("x-new", "2");
    headers.delete("set-cookie");
    expect(list.changed).toBe(true);
    expect(list.text).toBe("host:example.com\ncookie:c=3\nx-new:1\nx-new:2\n");
  });

  test("deleting what is not there is no change", () => {
    const { headers, list } = headersOf();
    headers.delete("x-none");
    expect(list.changed).toBe(false);
  });

  test("iteration is live", () => {
    const headers = new Headers({ a: "1", c: "3" });
    const seen: string[] = [];
    for (const [name] of headers) {
      seen.push(name);
      if (name === "a") headers.set("b", "2");
    }
    expect(seen).toEqual(["a", "b", "c"]);
  });

  test("immutable headers refuse every change", () => {
    const headers = headersOver(new HeaderList(text), "immutable");
    for (const change of [() => headers.set("a", "b"), () => headers.append("a", "b"), () => headers.delete("host")]) {
      expect(change).toThrow(TypeError);
    }
    expect(headers.get("host")).toBe("example.com");
  });
});

describe("new Headers()", () => {
  const equal: readonly [string, () => HeadersInit][] = [
    ["a record", () => ({ "Content-Type": "text/plain", "X-A": "  b\t" })],
    [
      "pairs",
      () => [
        ["X-A", "1"],
        ["x-a", "2"],
        ["set-cookie", "a"],
        ["set-cookie", "b"],
      ],
    ],
    [
      "a Map",
      () =>
        new Map([
          ["x-b", "2"],
          ["x-a", "1"],
        ]),
    ],
    ["other values", () => ({ n: 1, b: true, u: undefined }) as never],
  ];
  test.each(equal)("reads %s as Node does", (_, init) => {
    const node = new globalThis.Headers(init() as never);
    expect([...new Headers(init())]).toEqual([...node]);
  });

  test("copies other headers", () => {
    const first = new Headers({ a: "1" });
    const second = new Headers(first);
    second.set("a", "2");
    expect(first.get("a")).toBe("1");
    expect(headerListOf(second).text).toBe("a:2\n");
  });

  const refused: readonly [string, unknown][] = [
    ["an empty name", { "": "x" }],
    ["a name with a blank", { "a b": "x" }],
    ["a name with a line break", { "a\nb": "x" }],
    ["a name that lower-cases into ASCII", { "\u212aey": "x" }],
    ["a value with a line break inside", { a: "x\r\nb: y" }],
    ["a value with NUL", { a: "x\0" }],
    ["a value beyond Latin-1", { a: "€" }],
    ["pairs that are not pairs", [["a"]]],
    ["a number", 5],
    ["null", null],
    ["a symbol key", { [Symbol("a")]: "x" }],
    ["a symbol value", { a: Symbol("x") }],
  ];
  test.each(refused)("refuses %s with a TypeError", (_, init) => {
    expect(() => new Headers(init as never)).toThrow(TypeError);
  });

  test("a proxy is looked at in the order of Web IDL", () => {
    const log: string[] = [];
    const handler: ProxyHandler<Record<string, string>> = {
      get: (target, key) => {
        log.push(`get ${String(key)}`);
        return target[String(key)];
      },
      ownKeys: (target) => {
        log.push("ownKeys");
        return Reflect.ownKeys(target);
      },
      getOwnPropertyDescriptor: (target, key) => {
        log.push(`descriptor ${String(key)}`);
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
      getPrototypeOf: (target) => {
        log.push("prototype");
        return Reflect.getPrototypeOf(target);
      },
    };
    const headers = new Headers(new Proxy({ a: "1", b: "2" }, handler));
    expect(headers.get("b")).toBe("2");
    expect(log).toEqual(["get Symbol(Symbol.iterator)", "ownKeys", "descriptor a", "get a", "descriptor b", "get b"]);
  });

  test("a proxy is asked for nothing more once a name or value cannot be converted", () => {
    const log: PropertyKey[] = [];
    const handler: ProxyHandler<Record<string, string>> = {
      get: (target, key) => {
        if (key !== Symbol.iterator) log.push(key);
        return Reflect.get(target, key) as unknown;
      },
    };
    const make = (record: Record<string, string>) => (): unknown => new Headers(new Proxy(record, handler));
    expect(make({ a: "1", "\uffff": "2", c: "3" })).toThrow(TypeError);
    expect(make({ b: "\uffff", c: "3" })).toThrow(TypeError);
    expect(make({ d: "1", [Symbol("e")]: "2" })).toThrow(TypeError);
    // The grammar of names is looked at when all is converted.
    expect(make({ "f g": "1", h: "2" })).toThrow(TypeError);
    expect(log).toEqual(["a", "b", "d", "f g", "h"]);
  });

  test("blanks around a value go before the value is checked, control characters in it stay as in the standard", () => {
    const headers = new Headers({ a: "\t\n x\fy\r\n " });
    headers.append("b", "\n");
    expect([headers.get("a"), headers.get("b")]).toEqual(["x\fy", ""]);
  });

  test("prototype pollution adds no header", () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    prototype["x-polluted"] = "1";
    try {
      expect([...new Headers({ a: "1" })]).toEqual([["a", "1"]]);
    } finally {
      delete prototype["x-polluted"];
    }
  });
});
