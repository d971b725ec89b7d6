import { describe, expect, it } from "vitest";
import { areas, isLeftOut } from "./areas.ts";

describe("the areas", () => {
  it("are 23, each once", () => {
    expect([areas.length, new Set(areas).size]).toEqual([23, 23]);
  });

  it.each([
    "fetch/api/idlharness.https.any.js",
    "fetch/api/basic/mode-no-cors.sub.any.js",
    "fetch/api/basic/request-headers.any.js",
    "fetch/api/headers/headers-no-cors.any.js",
    "fetch/api/redirect/redirect-location-escape.tentative.any.js",
    "url/historical.any.js",
    "urlpattern/urlpattern-compare.tentative.any.js",
    "compression/decompression-zstd.any.js",
    "FileAPI/url/url-format.any.js",
  ])("leave %s to browsers", (path) => {
    expect(isLeftOut(path)).toBe(true);
  });

  it.each([
    "fetch/api/basic/request-headers-case.any.js",
    "fetch/api/headers/headers-basic.any.js",
    "fetch/api/redirect/redirect-count.any.js",
    "urlpattern/urlpattern.any.js",
    "url/url-constructor.any.js",
    "WebCryptoAPI/digest/digest.https.any.js",
  ])("keep %s", (path) => {
    expect(isLeftOut(path)).toBe(false);
  });
});
