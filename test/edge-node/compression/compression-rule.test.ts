import { describe, expect, it } from "vitest";
import {
  compileCompression,
  compressedHeaders,
  confirmedHeaders,
  varyingHeaders,
  type CompressibleAnswer,
} from "../../../edge-node/compression/compression-rule.ts";

const compress = { status: "on", type: "br,zstd,gzip", min_length: 256 } as const;

function decide(
  change: Partial<CompressibleAnswer>,
  rule: Parameters<typeof compileCompression>[0] = compress,
): unknown {
  return compileCompression(rule)?.decide({
    status: 200,
    headers: "content-type:text/html; charset=utf-8\n",
    lengthBytes: 1_000,
    path: "/a.html",
    requestHeaders: "accept-encoding:gzip, br\n",
    ...change,
  });
}

describe("decide()", () => {
  it("chooses the preferred coding of a client for what is worth it", () => {
    expect(decide({})).toBe("br");
    expect(decide({ lengthBytes: undefined, status: 404 })).toBe("br");
    expect(decide({}, { ...compress, type: "gzip,br" })).toBe("gzip");
  });

  it("is no rule when it is off or names nothing known", () => {
    expect(compileCompression(undefined)).toBeNull();
    expect(compileCompression({ ...compress, status: "off" })).toBeNull();
    expect(compileCompression({ ...compress, type: "deflate" })).toBeNull();
  });

  it("leaves the answer to a client as it is that accepts nothing", () => {
    expect(decide({ requestHeaders: "" })).toBeNull();
    expect(decide({ requestHeaders: "accept-encoding:identity\n" })).toBeNull();
  });

  it.each([
    ["a small body", { lengthBytes: 255 }],
    ["part of a body", { status: 206 }],
    ["no body", { status: 204 }],
    ["not modified", { status: 304 }],
    ["an upgrade", { status: 101 }],
    ["an encoded body", { headers: "content-type:text/html\ncontent-encoding:gzip\n" }],
    ["a body of which every byte counts", { headers: "content-type:text/html\nrepr-digest:sha-256=:x:\n" }],
    ["no-transform", { headers: "content-type:text/html\ncache-control:public, no-transform\n" }],
    ["an image", { headers: "content-type:image/png\n" }],
    ["a stream of events", { headers: "content-type:text/event-stream\n" }],
    ["a body without a type", { headers: "" }],
  ])("is not for %s, for no client", (_what, change) => {
    expect(decide(change)).toBeUndefined();
    expect(decide({ ...change, requestHeaders: "" })).toBeUndefined();
  });

  it.each([
    "application/json",
    "image/svg+xml",
    "application/atom+xml; charset=utf-8",
    "text/css",
    "application/wasm",
    "font/ttf",
  ])("is for %s", (type) => {
    expect(decide({ headers: `content-type:${type}\n` })).toBe("br");
  });

  it("goes by the path's end when the domain names some", () => {
    const rule = { ...compress, file_type: ".js,.css" };
    expect(decide({ path: "/a.JS", headers: "" }, rule)).toBe("br");
    expect(decide({ path: "/a.html" }, rule)).toBeUndefined();
  });
});

describe("the fields of an answer", () => {
  it("say that it varies, once", () => {
    expect(varyingHeaders("a:b\n")).toBe("a:b\nvary:Accept-Encoding\n");
    expect(varyingHeaders("vary:Cookie\nvary:Origin\n")).toBe("vary:Cookie, Origin, Accept-Encoding\n");
    expect(varyingHeaders("vary:accept-encoding\n")).toBe("vary:accept-encoding\n");
    expect(varyingHeaders("vary:*\n")).toBe("vary:*\n");
  });

  it("have a weak validator, no length and no ranges when it is compressed", () => {
    const headers = 'etag:"a"\ncontent-length:5\naccept-ranges:bytes\n';
    expect(compressedHeaders(headers, "br")).toBe('vary:Accept-Encoding\netag:W/"a"\ncontent-encoding:br\n');
    expect(compressedHeaders('etag:W/"a"\n', "gzip")).toContain('etag:W/"a"\n');
    expect(confirmedHeaders(headers)).toBe('vary:Accept-Encoding\netag:W/"a"\n');
  });
});
