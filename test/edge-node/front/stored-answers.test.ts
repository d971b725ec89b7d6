import { once } from "node:events";
import http from "node:http";
import { describe, expect, it } from "vitest";
import { ask, errorCode, type AskOptions } from "../support/client.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

type Reply = (request: http.IncomingMessage, response: http.ServerResponse) => void;

const fresh: Reply = (_request, response) => {
  response.setHeader("cache-control", "max-age=60");
  response.setHeader("etag", '"a"');
  response.setHeader("content-type", "text/x");
  response.end("0123456789");
};

describe("what a client has or wants of a stored answer:", () => {
  it.each<[string, AskOptions, number, string, Readonly<Record<string, string | undefined>>]>([
    ["the whole", {}, 200, "0123456789", { "content-length": "10" }],
    ["the same tag", { headers: { "if-none-match": '"a"' } }, 304, "", { etag: '"a"', "content-type": undefined }],
    ["another tag", { headers: { "if-none-match": '"b"' } }, 200, "0123456789", {}],
    [
      "a part",
      { headers: { range: "bytes=2-4" } },
      206,
      "234",
      { "content-range": "bytes 2-4/10", "content-length": "3" },
    ],
    ["the end", { headers: { range: "bytes=-2" } }, 206, "89", { "content-range": "bytes 8-9/10" }],
    ["nothing there", { headers: { range: "bytes=10-" } }, 416, "", { "content-range": "bytes */10" }],
    ["parts that touch", { headers: { range: "bytes=0-1,2-5" } }, 206, "012345", { "content-range": "bytes 0-5/10" }],
    ["parts backwards", { headers: { range: "bytes=4-5,0-1" } }, 200, "0123456789", { "content-range": undefined }],
    ["a part of the same", { headers: { range: "bytes=0-0", "if-range": '"a"' } }, 206, "0", {}],
    ["a part of another", { headers: { range: "bytes=0-0", "if-range": '"b"' } }, 200, "0123456789", {}],
    ["a tag before a part", { headers: { range: "bytes=0-0", "if-none-match": '"a"' } }, 304, "", {}],
    ["HEAD", { method: "HEAD" }, 200, "", { "content-length": "10" }],
    ["HEAD with a part", { method: "HEAD", headers: { range: "bytes=0-0" } }, 200, "", { "content-length": "10" }],
    ["HEAD with the tag", { method: "HEAD", headers: { "if-none-match": '"a"' } }, 304, "", {}],
  ])("%s", async (_case, options, status, text, headers) => {
    const source = await origin(fresh);
    const { port } = await edge({ origins: [source.port] });
    await ask(port, "/");
    const answer = await ask(port, "/", options);
    expect([answer.status, answer.text]).toEqual([status, text]);
    for (const [name, value] of Object.entries(headers)) expect(answer.headers[name]).toBe(value);
    expect(answer.headers["cache-status"]).toMatch(/^Selvage; hit; ttl=/);
    expect(source.requests).toHaveLength(1);
  });

  it("a part of what an origin calls a part although it is the whole is that part and no other", async () => {
    const source = await origin((_request, response) => {
      response.writeHead(200, { "cache-control": "max-age=60", "content-range": "bytes 0-9/99" }).end("0123456789");
    });
    const { port } = await edge({ origins: [source.port] });
    // The first is cut from what comes, the second from what is stored.
    for (let time = 0; time < 2; time++) {
      const part = await ask(port, "/", { headers: { range: "bytes=2-4" } });
      expect([part.status, part.text]).toEqual([206, "234"]);
      expect(
        part.rawHeaders.filter((_field, index) => /^content-range$/i.test(part.rawHeaders[index - 1] ?? "")),
      ).toEqual(["bytes 2-4/10"]);
    }
    expect((await ask(port, "/")).headers).toHaveProperty("content-range", "bytes 0-9/99");
    expect(source.requests).toHaveLength(1);
  });

  it.each<[string, AskOptions, number, string]>([
    ["a part", { headers: { range: "bytes=2-4" } }, 206, "234"],
    ["a condition", { headers: { "if-none-match": '"a"' } }, 304, ""],
  ])("%s of what is not stored yet: the whole is fetched and kept", async (_case, options, status, text) => {
    const source = await origin(fresh);
    const { port } = await edge({ origins: [source.port] });
    const first = await ask(port, "/", options);
    expect([first.status, first.text]).toEqual([status, text]);
    expect(source.requests[0]?.headers).not.toHaveProperty("range");
    expect(source.requests[0]?.headers).not.toHaveProperty("if-none-match");
    await expect.poll(async () => (await ask(port, "/")).headers["cache-status"]).toContain("hit");
    expect(source.requests).toHaveLength(1);
  });

  it("a domain may have parts passed to its origin", async () => {
    const source = await origin((request, response) => {
      response.writeHead(206, { "content-range": "bytes 2-4/10", "cache-control": "max-age=60" });
      response.end(request.headers.range);
    });
    const { port } = await edge({ origins: [source.port], domain: { origin_range_status: "on" } });
    for (let round = 0; round < 2; round++) {
      const answer = await ask(port, "/", { headers: { range: "bytes=2-4" } });
      expect([answer.status, answer.text]).toEqual([206, "bytes=2-4"]);
      expect(answer.headers["cache-status"]).toContain("detail=RANGE");
    }
    expect(source.requests).toHaveLength(2);
  });

  it("a part of what is too large to be kept is asked for as such", async () => {
    const body = Buffer.alloc(6_291_457, 7);
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      if (request.headers.range === undefined) response.setHeader("content-length", body.byteLength).end(body);
      else response.writeHead(206, { "content-range": `bytes 0-1/${body.byteLength}` }).end("77");
    });
    const { port } = await edge({ origins: [source.port] });
    for (let round = 0; round < 2; round++) {
      expect((await ask(port, "/", { headers: { range: "bytes=0-1" } })).text).toBe("77");
    }
    expect(source.requests.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=0-1", "bytes=0-1"]);
  });

  it("a part of an answer that still arrives", async () => {
    const held = Promise.withResolvers<void>();
    const source = await origin((_request, response) => {
      response.writeHead(200, { "cache-control": "max-age=60", "content-length": "10" });
      response.write("01234");
      void held.promise.then(() => response.end("56789"));
    });
    const { port } = await edge({ origins: [source.port] });
    const whole = ask(port, "/");
    await expect.poll(() => source.requests.length).toBe(1);
    const part = ask(port, "/", { headers: { range: "bytes=3-6" } });
    held.resolve();
    expect([(await whole).text, (await part).text]).toEqual(["0123456789", "3456"]);
    expect(source.requests).toHaveLength(1);
  });
});

describe("what a client says of caching:", () => {
  it("only-if-cached never reaches the origin", async () => {
    const source = await origin(fresh);
    const { port } = await edge({ origins: [source.port] });
    const headers = { "cache-control": "only-if-cached" };
    const none = await ask(port, "/", { headers });
    expect([none.status, errorCode(none)]).toEqual([504, "NOT_CACHED"]);
    expect(none.headers["cache-status"]).toBe("Selvage; detail=ONLY_IF_CACHED");
    expect(source.requests).toHaveLength(0);
    await ask(port, "/");
    expect((await ask(port, "/", { headers })).text).toBe("0123456789");
  });

  it("no-store keeps nothing, and takes what is there", async () => {
    const source = await origin(fresh);
    const { port } = await edge({ origins: [source.port] });
    const headers = { "cache-control": "no-store" };
    const first = await ask(port, "/", { headers });
    expect(first.headers["cache-status"]).toContain("detail=REQUEST_NO_STORE");
    await ask(port, "/");
    expect((await ask(port, "/", { headers })).headers["cache-status"]).toContain("hit");
    expect(source.requests).toHaveLength(2);
  });

  it("no-cache has the origin confirm; many of them at once make one request", async () => {
    let isHeld = false;
    const held = Promise.withResolvers<void>();
    const source = await origin((request, response) => {
      if (isHeld) void held.promise.then(() => response.writeHead(304).end());
      else fresh(request, response);
    });
    const { port, front } = await edge({ origins: [source.port] });
    await ask(port, "/");
    isHeld = true;
    const asked = Array.from({ length: 10 }, () => ask(port, "/", { headers: { "cache-control": "no-cache" } }));
    await expect.poll(() => front.requestsInFlight).toBe(10);
    held.resolve();
    for (const answer of await Promise.all(asked)) {
      expect(answer.text).toBe("0123456789");
      expect(answer.headers["cache-status"]).toContain("fwd=request");
    }
    expect(source.requests).toHaveLength(2);
  });

  it.each<[string, AskOptions]>([
    ["no-store", { headers: { "cache-control": "no-cache, no-store" } }],
    ["credentials", { headers: { "cache-control": "no-cache", authorization: "Basic eDp5" } }],
    ["no-store and HEAD", { method: "HEAD", headers: { "cache-control": "no-cache, no-store" } }],
    ["credentials and HEAD", { method: "HEAD", headers: { "cache-control": "no-cache", authorization: "Basic eDp5" } }],
  ])("no client can take a fresh answer from all others: %s", async (_case, options) => {
    const source = await origin((request, response) => {
      // A user's own answer is another one.
      const etag = request.headers.authorization === undefined ? '"a"' : '"b"';
      if (request.method === "HEAD") response.writeHead(200, { etag, "cache-control": "max-age=60" }).end();
      else if (request.headers["if-none-match"] === undefined) fresh(request, response);
      else response.writeHead(304, { etag: '"a"', "cache-control": "max-age=60" }).end();
    });
    const { port } = await edge({ origins: [source.port] });
    await ask(port, "/");
    expect((await ask(port, "/", options)).headers["cache-status"]).toContain("fwd=request");
    expect((await ask(port, "/")).headers["cache-status"]).toContain("hit");
  });

  it("no client can make the origin work where the operator set the time", async () => {
    const source = await origin(fresh);
    const rule = {
      match_type: "all",
      ttl: 60,
      ttl_unit: "s",
      priority: 1,
      follow_origin: "off",
      url_parameter_type: "full_url",
    } as const;
    const { port } = await edge({ origins: [source.port], domain: { cache_rules: [rule] } });
    await ask(port, "/");
    for (const control of ["no-cache", "max-age=0", "min-fresh=999"]) {
      await ask(port, "/", { headers: { "cache-control": control } });
    }
    expect(source.requests).toHaveLength(1);
  });
});

describe("what a change makes untrue (RFC 9111 §4.4):", () => {
  const changes: Reply = (request, response) => {
    if (request.method === "GET") fresh(request, response);
    else
      response
        .writeHead(Number(request.headers["x-status"] ?? 204), {
          location: "/there",
          "content-location": "http://other.test/",
        })
        .end();
  };

  it.each<[string, string, number, string]>([
    ["POST", "/", 204, "fwd=uri-miss"],
    ["PUT", "/", 201, "fwd=uri-miss"],
    ["DELETE", "/", 303, "fwd=uri-miss"],
    ["M-SEARCH", "/", 200, "fwd=uri-miss"],
    ["POST", "/there", 204, "fwd=uri-miss"],
    ["POST", "/", 500, "hit"],
    ["POST", "/", 404, "hit"],
    ["OPTIONS", "/", 204, "hit"],
    ["POST", "/elsewhere", 204, "hit"],
  ])("after %s a request for %s (status %i): %s", async (method, path, status, expected) => {
    const source = await origin(changes);
    const { port } = await edge({ origins: [source.port] });
    await ask(port, path);
    await ask(port, "/", { method, headers: { "x-status": status } });
    expect((await ask(port, path)).headers["cache-status"]).toContain(expected);
  });

  it("also what is on its way", async () => {
    const held: http.ServerResponse[] = [];
    const source = await origin((request, response) => {
      if (request.method === "GET") held.push(response);
      else response.writeHead(204).end();
    });
    const { port } = await edge({ origins: [source.port] });
    const before = ask(port, "/");
    await expect.poll(() => held.length).toBe(1);
    await ask(port, "/", { method: "POST" });
    held[0]?.setHeader("cache-control", "max-age=60").setHeader("content-length", 3).end("old");
    const answer = await before;
    expect([answer.text, answer.headers["cache-status"]]).toEqual([
      "old",
      "Selvage; fwd=uri-miss; fwd-status=200; detail=INVALIDATED",
    ]);
    const after = ask(port, "/");
    await expect.poll(() => held.length).toBe(2);
    held[1]?.setHeader("cache-control", "max-age=60").end("new");
    expect((await after).text).toBe("new");
  });
});

describe("a client that leaves in the middle of a fill:", () => {
  it.each([
    ["the fill goes on", {}, 1],
    ["the fill ends where the domain says so", { client_abort: "stop" as const }, 2],
  ])("%s", async (_case, domain, requests) => {
    const held: http.ServerResponse[] = [];
    const source = await origin((_request, response) => {
      held.push(response);
      response.on("close", () => held.splice(held.indexOf(response), 1));
      response.writeHead(200, { "cache-control": "max-age=60", "content-length": "10" });
      response.write("01234");
    });
    const { port } = await edge({ origins: [source.port], domain });
    const request = http.get({ port, host: "127.0.0.1", path: "/", agent: false, headers: { host: "site.test" } });
    request.on("error", () => {});
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    await once(response, "data");
    request.destroy();
    // Its leaving has been seen by then.
    await ask(port, "/", { host: "unknown.test" });
    await expect.poll(() => held.length).toBe(requests === 1 ? 1 : 0);
    const next = ask(port, "/");
    await expect.poll(() => source.requests.length).toBe(requests);
    held[0]?.end("56789");
    expect((await next).text).toBe("0123456789");
  });
});
