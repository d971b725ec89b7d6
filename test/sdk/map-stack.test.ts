import { describe, expect, it } from "vitest";
import { StackMap, mapStack } from "../../sdk/map-stack.ts";

/** Line 1 column 0 → src/a.ts 10:4, line 2 column 2 → src/b.ts 1:0 (lines from 1, columns from 0). */
const map = JSON.stringify({
  version: 3,
  sources: ["src/a.ts", "src/b.ts"],
  names: [],
  mappings: "AASI;ECTJ",
});

describe("mapStack()", () => {
  it.each([
    ["    at run (function.js:1:1)", "    at run (src/a.ts:10:5)"],
    ["    at async run (function.js:1:80)", "    at async run (src/a.ts:10:5)"],
    ["    at function.js:2:3", "    at src/b.ts:1:1"],
    ["SyntaxError: Unexpected token [function.js:2:9]", "SyntaxError: Unexpected token [src/b.ts:1:1]"],
    [
      "    at eval (eval at run (function.js:1:1), <anonymous>:1:1)",
      "    at eval (eval at run (src/a.ts:10:5), <anonymous>:1:1)",
    ],
  ])("maps %j", (stack, expected) => {
    expect(mapStack(stack, map)).toBe(expected);
  });

  it.each([
    ["a frame of another script", "    at handle (guest.js:1:1)"],
    ["a script whose name ends alike", "    at handle (my-function.js:1:1)"],
    ["a position in the message", "Error: see function.js:1:1 for more"],
    ["a position before the first mapping", "    at run (function.js:2:1)"],
    ["line 0", "    at run (function.js:0:1)"],
    ["a huge number", "    at run (function.js:99999999999999999999:1)"],
  ])("leaves %s alone", (_name, line) => {
    expect(mapStack(line, map)).toBe(line);
  });

  it.each(["", "null", "[]", "{", `{"version":3}`, `{"version":3,"sources":[],"names":[],"mappings":"!!!"}`])(
    "leaves the stack alone when the map is %j",
    (broken) => {
      expect(mapStack("    at run (function.js:1:1)", broken)).toBe("    at run (function.js:1:1)");
    },
  );

  it("makes a hostile source name fit for one line", () => {
    const hostile = JSON.stringify({ version: 3, sources: ["a\nb\u001b[2Jc.ts"], names: [], mappings: "AAAA" });
    expect(mapStack("    at run (function.js:1:1)", hostile)).toBe("    at run (a?b?[2Jc.ts:1:1)");
  });

  it("StackMap serves many stacks of one version", () => {
    const stackMap = new StackMap(map);
    const stack = "Error: no\n    at run (function.js:1:1)\n    at function.js:2:5";
    expect(stackMap.map(stack)).toBe("Error: no\n    at run (src/a.ts:10:5)\n    at src/b.ts:1:1");
    expect(stackMap.map(stack)).toBe(stackMap.map(stack));
  });
});
