import { describe, expect, it } from "vitest";
import { chooseCoding } from "../../../edge-node/compression/accept-encoding.ts";

describe("chooseCoding()", () => {
  it.each([
    [undefined, null],
    ["", null],
    ["gzip", "gzip"],
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, zstd", "zstd"],
    ["GZIP", "gzip"],
    ["x-gzip", "gzip"],
    ["*", "br"],
    ["*;q=0", null],
    ["*, br;q=0", "zstd"],
    ["br;q=0.5, gzip;q=0.8", "gzip"],
    ["br;q=0.5, gzip;q=0.5", "br"],
    ["br ; q=0.9 , gzip; q=1.000", "gzip"],
    ["gzip;q=0", null],
    ["gzip;q=0.0", null],
    ["identity, gzip;q=0.5", null],
    ["identity;q=0.5, gzip;q=0.5", "br-less"],
    ["identity;q=0, gzip", "gzip"],
    ["deflate, compress", null],
    ["gzip;q=2", null],
    ["gzip;level=9", null],
    ["gzip;q=0.1234", null],
    [",,gzip,,", "gzip"],
    [`gzip${",x".repeat(600)}`, null],
  ])("%j is %s", (field, expected) => {
    const chosen = chooseCoding(field, ["br", "zstd", "gzip"]);
    expect(chosen).toBe(expected === "br-less" ? "gzip" : expected);
  });

  it("chooses only among what is preferred", () => {
    expect(chooseCoding("br, gzip", ["gzip"])).toBe("gzip");
    expect(chooseCoding("br", ["gzip"])).toBeNull();
    expect(chooseCoding("br, gzip", [])).toBeNull();
  });
});
