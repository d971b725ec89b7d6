/** URLPattern as routers use it, and the patterns it refuses. The whole of it is held against web-platform-tests (`npm run wpt`). */
import { describe, expect, test } from "vitest";
import { URLPattern, type PatternInput } from "../../../../runtime/guest/parts/url-pattern/url-pattern.ts";
import { provideParts } from "../provide-parts.ts";

provideParts();

const matches: readonly {
  readonly pattern: ConstructorParameters<typeof URLPattern>;
  readonly input: string;
  readonly groups: Readonly<Record<string, string | undefined>> | null;
}[] = [
  { pattern: [{ pathname: "/books/:id" }], input: "https://h.test/books/7", groups: { id: "7" } },
  { pattern: [{ pathname: "/books/:id" }], input: "https://h.test/books/7/8", groups: null },
  { pattern: [{ pathname: "/books/:id(\\d+)" }], input: "https://h.test/books/x", groups: null },
  { pattern: [{ pathname: "/:lang?/about" }], input: "https://h.test/about", groups: { lang: undefined } },
  { pattern: [{ pathname: "/files/*" }], input: "https://h.test/files/a/b", groups: { 0: "a/b" } },
  { pattern: [{ pathname: "/{a/}*z" }], input: "https://h.test/a/a/z", groups: {} },
  { pattern: [{ pathname: "/x" }, { ignoreCase: true }], input: "https://h.test/X", groups: {} },
  { pattern: ["/a/:b", "https://h.test"], input: "https://h.test/a/c", groups: { b: "c" } },
  { pattern: ["https://*.h.test/"], input: "https://h.test/", groups: null },
  { pattern: [{ pathname: "/ü" }], input: "https://h.test/%C3%BC", groups: {} },
];

describe("URLPattern", () => {
  test.each(matches)("$pattern and $input", ({ pattern, input, groups }) => {
    const compiled = new URLPattern(...pattern);
    expect(compiled.test(input)).toBe(groups !== null);
    expect(compiled.exec(input)?.pathname.groups ?? null).toEqual(groups);
  });

  test("components are shown as patterns; what is not said is *", () => {
    const pattern = new URLPattern("https://{:sub.}?h.test:443/a/:id([0-9]+)\\?q=*#top");
    expect([pattern.protocol, pattern.hostname, pattern.port, pattern.pathname, pattern.search, pattern.hash]).toEqual([
      "https",
      "{:sub.}?h.test",
      "",
      "/a/:id([0-9]+)",
      "q=*",
      "top",
    ]);
    expect([pattern.username, pattern.hasRegExpGroups, new URLPattern().hasRegExpGroups]).toEqual(["*", true, false]);
  });

  test.each<readonly [unknown, string | undefined]>([
    ["/no-protocol", undefined],
    [{ pathname: "/:a/:a" }, undefined],
    [{ pathname: "/(" }, undefined],
    [{ pathname: "/([a-z)" }, undefined],
    [{ pathname: "/(?:x)" }, undefined],
    [{ pathname: "/{x" }, undefined],
    [{ pathname: "/a\\" }, undefined],
    [{ port: "x" }, undefined],
    [{ protocol: "ü" }, undefined],
    [{ baseURL: "nonsense" }, undefined],
    [{ pathname: "/a" }, "https://h.test"],
  ])("refuses %j with base %j", (input, base) => {
    expect(() => new URLPattern(input as PatternInput, base)).toThrow(TypeError);
  });

  test("what is no URL matches nothing, and throws nothing", () => {
    const pattern = new URLPattern({});
    expect([pattern.test("nonsense"), pattern.test({ port: "x" }), pattern.exec("/x", "nonsense")]).toEqual([
      false,
      false,
      null,
    ]);
    expect(() => pattern.test({}, "https://h.test")).toThrow(TypeError);
  });
});
