import { describe, expect, it } from "vitest";
import { withOwnMapOnly } from "../../../bundler/source/source-map-comment.ts";

const code = "export default 1;";
const map = { version: 3, sources: ["a.ts"], sourcesContent: ["a"], names: [], mappings: "AAAA" };
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
const inline = (value: unknown): string =>
  `${code}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${base64(value)}`;

/** The map of the last comment, which is what esbuild takes. */
function lastMap(text: string): unknown {
  const url = text.trimEnd().split("sourceMappingURL=").at(-1) ?? "";
  const data = url.slice(url.indexOf(",") + 1);
  return JSON.parse(url.includes(";base64") ? Buffer.from(data, "base64").toString() : data);
}

describe("withOwnMapOnly()", () => {
  it("leaves code without such a comment as it is", () => {
    expect(withOwnMapOnly(code)).toBe(code);
  });

  it("keeps what was there, line by line, and adds at the end", () => {
    const text = inline(map);
    expect(withOwnMapOnly(text).startsWith(`${text}\n//# sourceMappingURL=data:`)).toBe(true);
  });

  it.each([
    ["base64", inline(map)],
    [
      "percent encoding",
      `${code}\n//# sourceMappingURL=data:application/json,${encodeURIComponent(JSON.stringify(map))}`,
    ],
    ["a block comment", `${code}\n/*# sourceMappingURL=data:application/json;base64,${base64(map)} */`],
    ["a file behind it", `${inline(map)}\n//# sourceMappingURL=file:///etc/passwd`],
  ])("keeps a complete map in %s", (_name, text) => {
    expect(lastMap(withOwnMapOnly(text))).toEqual(map);
  });

  it.each([
    ["a file", `${code}\n//# sourceMappingURL=file:///etc/passwd`],
    ["a file name", `${code}\n//# sourceMappingURL=a.js.map`],
    [
      "maps of sections",
      inline({ ...map, sections: [{ offset: { line: 0, column: 0 }, url: "file:///a" }], sources: null }),
    ],
    ["no JSON", `${code}\n//# sourceMappingURL=data:application/json;base64,e3t7`],
    ["null", inline(null)],
    ["another version", inline({ ...map, version: 2 })],
    ["sources that are no text", inline({ ...map, sources: [{}] })],
    ["half a percent sign", `${code}\n//# sourceMappingURL=data:application/json,%7`],
  ])("puts an empty map behind %s", (_name, text) => {
    expect(lastMap(withOwnMapOnly(text))).toEqual({});
  });

  it("gives sources without content an empty one, and leaves out all that it does not know", () => {
    const given = {
      ...map,
      sources: ["file:///etc/passwd", "b"],
      sourcesContent: [null],
      sections: [],
      file: "x",
      x: 1,
    };
    expect(lastMap(withOwnMapOnly(inline(given)))).toEqual({
      ...map,
      sources: given.sources,
      sourcesContent: ["", ""],
    });
  });
});
