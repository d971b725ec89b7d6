import { describe, expect, it } from "vitest";
import { isFreeOfPatterns, likelyPatternAt, neutralisePatterns } from "../../../bundler/source/pattern-imports.ts";

const failing = `(() => Promise.reject(new TypeError("import() of a pattern of names cannot be bundled")))(`;

describe("neutralisePatterns()", () => {
  it.each([
    ['import("./" + x)', 'FAILING("./" + x)'],
    ["import(`./${x}`)", "FAILING(`./${x}`)"],
    ['require("../" + x)', 'require(0, "../" + x)'],
    ['require?.("../" + x)', 'require?.(0, "../" + x)'],
    ['import(x ? "./a" : "./" + y)', 'FAILING(x ? "./a" : "./" + y)'],
    ['import(/[)]/ ? "./" + x : 0)', 'FAILING(/[)]/ ? "./" + x : 0)'],
    ['import(\n  /* a */\n  "./" + x)', 'FAILING(\n  /* a */\n  "./" + x)'],
    ['import(f(")", "./" + x))', 'FAILING(f(")", "./" + x))'],
  ])("stops %j", (code, expected) => {
    expect(neutralisePatterns(code)).toBe(expected.replace("FAILING(", failing));
  });

  it.each([
    'import("./a")',
    'import("./a", { with: { type: "json" } })',
    'import(/* webpackChunkName: "a+b" */ "./a")',
    'import(x ? "./a" : "./b")',
    "import(x)",
    "require(names[0])",
    'a.require("./" + x)',
    'this.#require("./" + x)',
    'myrequire("./" + x)',
    'import("./a"), "b" + c',
  ])("leaves %j alone", (code) => {
    expect(neutralisePatterns(code)).toBeNull();
  });

  it("takes an argument without end for a pattern, in linear time", () => {
    const code = "import(".repeat(20_000);
    expect(neutralisePatterns(code)).toContain(failing);
  });
});

describe("isFreeOfPatterns()", () => {
  it.each(['import a from "b"; export default 1;', 'import("./a"); require("b")', "obj.import.x = 1"])(
    "is sure of %j",
    (code) => {
      expect(isFreeOfPatterns(code)).toBe(true);
    },
  );

  it.each([
    "import(`./${x}`)",
    "import/**/(x)",
    "(require)(x)",
    "r\\u0065quire(x)",
    "import //\n (x)",
    "const r = require",
  ])("is not sure of %j", (code) => {
    expect(isFreeOfPatterns(code)).toBe(false);
  });
});

describe("likelyPatternAt()", () => {
  it("points to the first pattern", () => {
    expect(likelyPatternAt('import("./a"); import("./" + x)')).toBe(15);
    expect(likelyPatternAt('import("./a")')).toBeNull();
  });
});
