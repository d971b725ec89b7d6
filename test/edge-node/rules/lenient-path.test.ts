import { expect, it } from "vitest";
import { lenientPath } from "../../../edge-node/rules/lenient-path.ts";

it.each([
  ["/", "/"],
  ["/a/b.js", "/a/b.js"],
  ["/a;v=1/b;x;y", "/a/b"],
  ["/a./b. .", "/a/b"],
  ["/.well-known/x", "/.well-known/x"],
  ["/;/a", "/a"],
  ["/a/..;/b", "/b"],
  ["/..;/..;x/b/", "/b/"],
  ["/a/.;/b", "/a/b"],
  ["/a/.;/..;/b", "/b"],
])("%s is read as %s", (match, expected) => {
  expect(lenientPath(match)).toBe(expected);
});

it("takes time linear in the path's length", () => {
  const dots = `/${".".repeat(200_000)}x/.`;
  expect(lenientPath(dots)).toBe(dots.slice(0, -2));
});
