import { describe, expect, test } from "vitest";
import { parseGuestCode } from "../../runtime/guest-code.ts";
import { runtimeKey } from "../../runtime/runtime-key.ts";

describe("parseGuestCode()", () => {
  test("reads script and parts", () => {
    expect(parseGuestCode('{"script":"a","parts":{"b":"c"}}')).toEqual({ script: "a", parts: new Map([["b", "c"]]) });
  });

  test.each(["null", "{}", '{"script":1,"parts":{}}', '{"script":"a"}', '{"script":"a","parts":{"b":1}}'])(
    "refuses %s",
    (text) => {
      expect(() => parseGuestCode(text)).toThrow("Cannot read the guest's code");
    },
  );
});

describe("runtimeKey()", () => {
  const key = (script: string, parts: Readonly<Record<string, string>>): string =>
    runtimeKey({ script, parts: new Map(Object.entries(parts)) });

  test("is the same for the same guest, in whatever order its parts come", () => {
    expect(key("a", { b: "1", c: "2" })).toBe(key("a", { c: "2", b: "1" }));
  });

  test("differs when the script or any part does", () => {
    const keys = [key("a", {}), key("b", {}), key("a", { b: "1" }), key("a", { b: "2" }), key("a", { c: "1" })];
    keys.push(key("a", { b: "1c2" }), key("a", { b: "1", c: "2" }));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
