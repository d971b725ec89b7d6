/** What clients say that makes no sense, or contradicts itself, on real sockets: it never costs more than the plain answer. */
import type http from "node:http";
import { describe, expect, it } from "vitest";
import { ask, type AskOptions } from "../support/client.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

const MODIFIED = "Sun, 22 Nov 2026 08:00:00 GMT";
const fresh: http.RequestListener = (_request, response) => {
  response.setHeader("cache-control", "max-age=60");
  response.setHeader("etag", '"a"');
  response.setHeader("last-modified", MODIFIED);
  response.end("0123456789");
};

describe("of a stored answer", () => {
  it.each<[string, Readonly<Record<string, string | string[]>>, number, string]>([
    ["a range of no unit", { range: "0-1" }, 200, "0123456789"],
    ["a range of another unit", { range: "lines=0-1" }, 200, "0123456789"],
    ["a range of words", { range: "bytes=a-b" }, 200, "0123456789"],
    ["a range backwards", { range: "bytes=5-2" }, 200, "0123456789"],
    ["a range of nothing", { range: "bytes=-" }, 200, "0123456789"],
    ["a range of negative numbers", { range: "bytes=--5" }, 200, "0123456789"],
    ["a range beyond all numbers", { range: `bytes=0-${"9".repeat(400)}` }, 206, "0123456789"],
    ["a range that begins beyond all numbers", { range: `bytes=${"9".repeat(400)}-` }, 416, ""],
    ["a thousand ranges", { range: `bytes=${"0-0,".repeat(1_000)}1-1` }, 200, "0123456789"],
    ["two Range lines, of which the first counts", { range: ["bytes=0-1", "bytes=4-5"] }, 206, "01"],
    [
      "a range of what an If-Range that is none names",
      { range: "bytes=0-1", "if-range": "yesterday" },
      200,
      "0123456789",
    ],
    ["a range of what a weak If-Range names", { range: "bytes=0-1", "if-range": 'W/"a"' }, 200, "0123456789"],
    ["an If-Range without a range", { "if-range": '"b"' }, 200, "0123456789"],
    ["a tag without quotes", { "if-none-match": "a" }, 200, "0123456789"],
    ["an endless tag", { "if-none-match": `"${"a".repeat(30_000)}` }, 200, "0123456789"],
    ["two If-None-Match lines, the second right", { "if-none-match": ['"b"', '"a"'] }, 304, ""],
    ["a date that is none", { "if-modified-since": "yesterday" }, 200, "0123456789"],
    ["another tag and a later date", { "if-none-match": '"b"', "if-modified-since": MODIFIED }, 200, "0123456789"],
    [
      "the tag and an earlier date",
      { "if-none-match": '"a"', "if-modified-since": "Sat, 21 Nov 2026 08:00:00 GMT" },
      304,
      "",
    ],
    ["the tag, and a part of what is not there", { "if-none-match": '"a"', range: "bytes=99-" }, 304, ""],
    ["another tag, and a part", { "if-none-match": '"b"', range: "bytes=0-1" }, 206, "01"],
  ])("%s", async (_case, headers, status, text) => {
    const source = await origin(fresh);
    const { port } = await edge({ origins: [source.port] });
    await ask(port, "/");
    const answer = await ask(port, "/", { headers });
    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(answer.headers["cache-status"]).toMatch(/^Selvage; hit; ttl=/);
    expect(source.requests).toHaveLength(1);
    const after = await ask(port, "/");
    expect([after.status, after.text]).toEqual([200, "0123456789"]);
  });

  it("conditions that are for origins alone, with those for caches, are for the origin, which gets them all", async () => {
    const source = await origin(fresh);
    const { port } = await edge({ origins: [source.port] });
    await ask(port, "/");
    for (const own of [{ "if-match": '"zzz"' }, { "if-unmodified-since": "Sat, 21 Nov 2026 08:00:00 GMT" }]) {
      const headers = { ...own, "if-none-match": '"a"', "if-modified-since": MODIFIED };
      const answer = await ask(port, "/", { headers });
      expect([answer.status, answer.headers["cache-status"]]).toEqual([
        200,
        "Selvage; fwd=request; fwd-status=200; detail=CONDITIONAL",
      ]);
      expect(source.requests.at(-1)?.headers).toMatchObject(headers);
    }
  });

  it("no-cache cannot shorten what is immutable (RFC 8246)", async () => {
    const source = await origin((request, response) => {
      response.setHeader("cache-control", request.url === "/never" ? "max-age=60, immutable" : "max-age=60");
      response.end("x");
    });
    const { port } = await edge({ origins: [source.port] });
    for (const [path, asked] of [
      ["/never", 1],
      ["/maybe", 3],
    ] as const) {
      source.requests.length = 0;
      await ask(port, path);
      for (const control of ["no-cache", "max-age=0"]) await ask(port, path, { headers: { "cache-control": control } });
      expect(source.requests).toHaveLength(asked);
    }
  });
});

describe("encodings", () => {
  const compress = {
    status: "on",
    type: "gzip,br",
    min_length: 1,
  } as const;
  const text = "text ".repeat(1_000);

  it.each([
    "foo",
    "foo, bar;q=0.5",
    "*;q=0",
    "identity;q=0, *;q=0",
    "gzip;q=0, br;q=0, foo",
    "gzip;q=abc",
    "gzip;q=-1",
    ";;;,,,",
    `${"x,".repeat(5_000)}y`,
  ])("a client that accepts %.30s gets the answer as it is", async (accepted) => {
    const source = await origin((_request, response) => {
      response.writeHead(200, { "content-type": "text/plain", "cache-control": "max-age=60" }).end(text);
    });
    const { port } = await edge({ origins: [source.port], domain: { compress } });
    for (let round = 0; round < 2; round++) {
      const answer = await ask(port, "/", { headers: { "accept-encoding": accepted } });
      expect([answer.status, answer.headers["content-encoding"], answer.text]).toEqual([200, undefined, text]);
    }
    const coded = await ask(port, "/", { headers: { "accept-encoding": "gzip" } });
    expect(coded.headers["content-encoding"]).toBe("gzip");
    expect(source.requests).toHaveLength(1);
  });

  it("an unknown one of the origin's is left alone, kept, and never coded again", async () => {
    const source = await origin((_request, response) => {
      response
        .writeHead(200, { "content-type": "text/plain", "content-encoding": "x-own", "cache-control": "max-age=60" })
        .end(text);
    });
    const { port } = await edge({ origins: [source.port], domain: { compress } });
    for (let round = 0; round < 2; round++) {
      const answer = await ask(port, "/", { headers: { "accept-encoding": "gzip, br" } });
      expect([answer.headers["content-encoding"], answer.text]).toEqual(["x-own", text]);
    }
    expect(source.requests).toHaveLength(1);
  });

  it("an unknown one of a client's body reaches the origin with the body as it was", async () => {
    const source = await origin((request, response) => {
      response.setHeader("x-coding", request.headers["content-encoding"] ?? "");
      request.pipe(response);
    });
    const { port } = await edge({ origins: [source.port] });
    const options: AskOptions = { method: "POST", body: "not gzip", headers: { "content-encoding": "gzip, x-own" } };
    const answer = await ask(port, "/", options);
    expect([answer.status, answer.headers["x-coding"], answer.text]).toEqual([200, "gzip, x-own", "not gzip"]);
  });
});
