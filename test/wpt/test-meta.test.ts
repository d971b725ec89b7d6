import { expect, it } from "vitest";
import { readMeta } from "./test-meta.ts";

it("readMeta() reads scripts, variants and the timeout in their order", () => {
  const source = [
    "// META: title=something",
    "// META: script=/common/gc.js",
    "// META: script=../util.js",
    "// META: timeout=long",
    "// META: variant=?1-10",
    "// META: variant=?11-last",
    "test(() => {}); // META: script=not-at-the-start",
  ].join("\r\n");
  expect(readMeta(source)).toEqual({
    scripts: ["/common/gc.js", "../util.js"],
    variants: ["?1-10", "?11-last"],
    isLong: true,
  });
  expect(readMeta("test();")).toEqual({ scripts: [], variants: [], isLong: false });
});
