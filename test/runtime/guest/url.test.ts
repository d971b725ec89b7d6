import { beforeAll, describe, expect, test } from "vitest";
import { isOrdinary, ordinaryForm } from "../../../runtime/guest/web/url/fast-url.ts";
import { URL } from "../../../runtime/guest/web/url/url.ts";
import { URLSearchParams } from "../../../runtime/guest/web/url/url-search-params.ts";
import { connectFakeHost } from "./fake-host-port.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

beforeAll(() => {
  connectFakeHost();
});

const attributes = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;
type Settable = Exclude<(typeof attributes)[number], "origin">;

type AnyUrl = Pick<URL, (typeof attributes)[number]> & { readonly searchParams: Iterable<unknown> };

function partsOf(url: AnyUrl): unknown {
  return [...attributes.map((name) => `${name}=${url[name]}`), ...url.searchParams];
}

function outcome(make: () => AnyUrl): unknown {
  try {
    return partsOf(make());
  } catch (error) {
    return (error as Error).name;
  }
}

/** Deterministic pseudo-random numbers (mulberry32), so that a failure can be repeated. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pieces: readonly (readonly string[])[] = [
  ["http://", "https://", "http:/", "HTTP://", "ftp://", "ws://", "file://", "data:", "//", "", "https:", "a:"],
  ["", "", "", "u@", "u:p@", ":@"],
  [
    "example.com",
    "a.b-c.example.co.uk",
    "EXAMPLE.com",
    "127.0.0.1",
    "127.1",
    "256.1.1.1",
    "01.2.3.4",
    "a..b",
    "a.com.",
    "xn--mnchen-3ya.de",
    "xn--",
    "bücher.example",
    "日本.jp",
    "[::1]",
    "[1:2::3]",
    "localhost",
    "a_b",
    "ex%41mple.com",
    "1e3",
    "0x7f.1",
    "a.0",
    "a.-b",
    "-a.b",
    "",
    "a b",
    "h",
  ],
  ["", "", "", ":80", ":443", ":8080", ":08080", ":65535", ":65536", ":", ":a"],
  [
    "",
    "/",
    "/a/b",
    "/a/../b",
    "/./a",
    "/.well-known/x",
    "/...",
    "/a/.",
    "/a/..",
    "/%2e",
    "/%2E%2e/b",
    "/.%2e/",
    "\\a\\b",
    "/a b",
  ],
  ["", "", "/é", "/%zz", "/a'b", "/[x]|y", "/{x}", '/"<>`', "/a\tb\n", "/;p=1,2", "//x//", "/😀", "/\ud800"],
  ["", "", "?", "?a=1&b=2", "?a=b c", "?q='x'", "?é", "?a#b", "?%", '?"<>', "?{}|^`\\", "?a=1&a=2&=3&+"],
  ["", "", "#", "#h", "#a b", "#`<>", "#é", "#a#b", "#?"],
];

/** Mostly the first pieces, which are ordinary: several odd ones at once would hide each other. */
function randomInput(random: (below: number) => number): string {
  return pieces.map((choices) => choices[random(random(10) < 7 ? 2 : choices.length)] ?? "").join("");
}

/** The inputs for which the two outcomes differ, with both. */
function differences<T>(inputs: readonly T[], both: (input: T) => readonly [ours: unknown, nodes: unknown]): unknown[] {
  return inputs
    .map((input) => ({ input, both: both(input) }))
    .filter(({ both: [ours, nodes] }) => JSON.stringify(ours) !== JSON.stringify(nodes));
}

function fromText(input: string): readonly [unknown, unknown] {
  return [outcome(() => new URL(input)), outcome(() => new globalThis.URL(input))];
}

describe("URL gives what Node's gives", () => {
  test("for 10,000 combinations of ordinary and odd parts", () => {
    const random = randomNumbers(7);
    const inputs = Array.from({ length: 10_000 }, () => randomInput(random));
    // The fast path is really taken.
    expect(inputs.filter(isOrdinary).length).toBeGreaterThan(1_000);
    expect(differences(inputs, fromText)).toEqual([]);
  });

  test("for every character of Latin-1 in path, query, fragment and host", () => {
    const chars = Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code));
    const around = ["http://h.x/a b", "https://h.x/?a b", "http://h.x/#a b", "http://h x.y/"];
    const inputs = chars.flatMap((char) => around.map((text) => text.replace(" ", () => char)));
    expect(differences(inputs, fromText)).toEqual([]);
  });

  test("relative to a base", () => {
    const random = randomNumbers(11);
    const bases = ["http://example.com/a/b?c#d", "https://example.com:8443/", "file:///a/b", "data:x", "not a url"];
    const inputs = Array.from({ length: 4_000 }, (_, index) => ({
      text: randomInput(random).replace(/^https?:\/\//, ""),
      base: bases[index % bases.length] ?? "",
    }));
    const different = differences(inputs, ({ text, base }) => [
      outcome(() => new URL(text, base)),
      outcome(() => new globalThis.URL(text, base)),
    ]);
    expect(different).toEqual([]);
  });

  test("after setting attributes", () => {
    const random = randomNumbers(13);
    const starts = ["http://a.b/a?b#c", "https://u:p@h.x:8443/x/", "data:text", "file:///c:/x", "http://[::1]/"];
    const settable = attributes.filter((name): name is Settable => name !== "origin");
    const inputs = Array.from({ length: 5_000 }, (_, index) => {
      const part = pieces[random(pieces.length)] ?? [];
      const name = settable[random(settable.length)] ?? "href";
      return { start: starts[index % starts.length] ?? "", name, value: part[random(part.length)] ?? "" };
    });
    const different = differences(inputs, ({ start, name, value }) => [
      changed(new URL(start), name, value),
      changed(new globalThis.URL(start), name, value),
    ]);
    expect(different).toEqual([]);
  });
});

function changed(url: Pick<URL, Settable> & AnyUrl, name: Settable, value: string): unknown {
  return outcome(() => {
    (url as Record<Settable, string>)[name] = value;
    return url;
  });
}

describe("URL", () => {
  test("searchParams and search follow each other", () => {
    const url = new URL("http://example.com/?a=1#h");
    url.searchParams.append("b", "x y");
    expect(url.href).toBe("http://example.com/?a=1&b=x+y#h");
    url.search = "?c=3";
    expect([...url.searchParams]).toEqual([["c", "3"]]);
    url.searchParams.delete("c");
    expect(url.href).toBe("http://example.com/#h");
  });

  test("invalid URLs throw a TypeError; parse gives null, canParse false", () => {
    expect(() => new URL("/relative")).toThrow(TypeError);
    expect(() => new URL("http://a b/")).toThrow(TypeError);
    expect(URL.parse("nonsense")).toBeNull();
    expect(URL.canParse("nonsense")).toBe(false);
    expect(URL.canParse("/x", "http://a.b")).toBe(true);
    expect(URL.parse("/x", "http://a.b")?.href).toBe("http://a.b/x");
  });

  test("well-known paths are ordinary, dot segments are not", () => {
    expect(isOrdinary("https://a.b/.well-known/x")).toBe(true);
    expect(isOrdinary("https://a.b/x/..%2f")).toBe(true);
    expect(isOrdinary("https://a.b/x/..")).toBe(false);
    expect(isOrdinary("https://a.b/%2E./x")).toBe(false);
    expect(isOrdinary("http://a.b:80/")).toBe(false);
    expect(isOrdinary("http://a.b:8080/")).toBe(true);
    expect(isOrdinary("http://a.b:65536/")).toBe(false);
  });
});

describe("ordinaryForm()", () => {
  test.each([
    ["https://example.com", "https://example.com/"],
    ["http://example.com:8080", "http://example.com:8080/"],
    ["http://127.0.0.1", "http://127.0.0.1/"],
    ["https://example.com/a?b#c", "https://example.com/a?b#c"],
  ])("gives what Node makes of %s, without the parser", (text, href) => {
    expect(ordinaryForm(text)).toBe(href);
    expect(globalThis.URL.parse(text)?.href).toBe(href);
  });

  test.each([
    "https://EXAMPLE.com",
    "https://example.com?a",
    "https://example.com#a",
    "https://example.com/a/..",
    "https://example.com:443",
    "https://1.2.3",
    "https://",
    "https:/",
    "https://u@example.com",
    " https://example.com",
  ])("leaves %s to the parser", (text) => {
    expect(ordinaryForm(text)).toBeNull();
  });
});

describe("URLSearchParams gives what Node's gives", () => {
  const inits: readonly (string | string[][] | Record<string, string>)[] = [
    "?a=1&b=2&a=3",
    "a=%F0%9F%98%80&b=%zz&%=&=x&&y",
    "a+b=c+d&é=ü",
    [
      ["a", "1"],
      ["b", "*-._ ~!'()"],
    ],
    { a: "1", "b c": "\ud800" },
  ];
  test.each(inits.map((init) => [init]))("for %j", (init) => {
    const ours = new URLSearchParams(init);
    const node = new globalThis.URLSearchParams(init as string);
    expect([...ours]).toEqual([...node]);
    expect(ours.toString()).toBe(node.toString());
    for (const params of [ours, node]) {
      params.append("z", "1");
      params.set("a", "9");
      params.delete("b");
      params.sort();
    }
    expect(ours.toString()).toBe(node.toString());
    expect(ours.size).toBe(node.size);
    expect(ours.has("a", "9")).toBe(node.has("a", "9"));
    expect(ours.getAll("a")).toEqual(node.getAll("a"));
  });

  test("refuses what is no sequence of pairs", () => {
    expect(() => new URLSearchParams([["a"]])).toThrow(TypeError);
    expect(() => new URLSearchParams([1] as never)).toThrow(TypeError);
  });
});
