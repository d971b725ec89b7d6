import http from "node:http";
import { describe, expect, it } from "vitest";
import type { DomainConfig } from "../../../sdk/domain.ts";
import { ask, errorCode } from "../support/client.ts";
import { ManualClock } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

const page = { error_code: 404, content_type: "text/html; charset=utf-8", body: "<p>nöthing</p>" };

const answers = (status: number, headers: http.OutgoingHttpHeaders = {}, body = "body") =>
  origin((_request, response) => {
    response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
    response.end(body);
  });

describe("error_pages", () => {
  it("an origin's error keeps its status and gets the page", async () => {
    const source = await answers(404, { "content-type": "text/plain", etag: '"x"', "content-encoding": "identity" });
    const { port } = await edge({ origins: [source.port], domain: { error_pages: [page] } });
    const answer = await ask(port, "/a");
    expect([answer.status, answer.text]).toEqual([404, page.body]);
    expect(answer.headers).toMatchObject({ "content-type": page.content_type, "cache-control": "no-store" });
    expect(answer.headers["content-length"]).toBe(String(Buffer.byteLength(page.body)));
    expect(answer.headers.etag).toBeUndefined();
    expect(answer.headers["content-encoding"]).toBeUndefined();
  });

  it("HEAD gets its head only", async () => {
    const source = await answers(404);
    const { port } = await edge({ origins: [source.port], domain: { error_pages: [page] } });
    const answer = await ask(port, "/a", { method: "HEAD" });
    expect([answer.status, answer.text]).toEqual([404, ""]);
    expect(answer.headers["content-length"]).toBe(String(Buffer.byteLength(page.body)));
  });

  it("the node's own errors get it, too, refusals included", async () => {
    const { port } = await edge({
      domain: {
        ip_filter: { type: "white", value: "192.0.2.1" },
        error_pages: [{ ...page, error_code: 403 }],
      },
    });
    const answer = await ask(port, "/a");
    expect([answer.status, answer.text]).toEqual([403, page.body]);
  });

  it.each(["of known length", "of unknown length"])("what the cache keeps (%s) stays the origin's", async (length) => {
    const source = await origin((_request, response) => {
      response.statusCode = 404;
      response.setHeader("cache-control", "max-age=60");
      if (length === "of unknown length") response.flushHeaders();
      response.end("the origin's");
    });
    const started = await edge({ origins: [source.port], domain: { error_pages: [page] } });
    const { port } = started;
    await ask(port, "/a");
    expect((await ask(port, "/a")).headers["cache-status"]).toContain("hit");
    started.route({ origins: [source.port], domain: { error_pages: [{ ...page, error_code: 500 }] } });
    expect((await ask(port, "/a")).text).toBe("the origin's");
  });
});

it("error_code_redirect_rules send the client elsewhere", async () => {
  const source = await answers(503);
  const { port } = await edge({
    origins: [source.port],
    domain: {
      error_code_redirect_rules: [{ error_code: 503, target_code: 301, target_link: "https://status.test/x" }],
    },
  });
  const answer = await ask(port, "/a");
  expect([answer.status, answer.headers.location, answer.text]).toEqual([301, "https://status.test/x", ""]);
  expect(answer.headers["cache-control"]).toBe("no-store");
});

describe("browser_cache_rules", () => {
  it("tell clients another lifetime than the node's, on hits and misses", async () => {
    const clock = new ManualClock();
    const source = await answers(200, { "cache-control": "max-age=60" });
    const { port } = await edge({
      origins: [source.port],
      front: { clock },
      domain: {
        browser_cache_rules: [
          { condition: { match_type: "all", priority: 1 }, cache_type: "ttl", ttl: 5, ttl_unit: "s" },
        ],
      },
    });
    expect((await ask(port, "/a")).headers["cache-control"]).toBe("max-age=5");
    clock.advance(30_000);
    const hit = await ask(port, "/a");
    expect(hit.headers["cache-status"]).toContain("hit");
    expect([hit.headers["cache-control"], hit.headers.age]).toEqual(["max-age=5", undefined]);
    expect(hit.headers.expires).toBe(new Date(clock.now() + 5_000).toUTCString());
  });
});

it("hsts is not said over http", async () => {
  const source = await answers(200);
  const { port } = await edge({
    origins: [source.port],
    domain: { hsts: { status: "on", max_age: 9, include_subdomains: "off" } },
  });
  expect((await ask(port, "/a")).headers["strict-transport-security"]).toBeUndefined();
});

describe("request_limit_rules", () => {
  const domain: Partial<DomainConfig> = {
    request_limit_rules: [
      {
        match_type: "catalog",
        match_value: "/slow",
        priority: 1,
        type: "size",
        limit_rate_after: 100,
        limit_rate_value: 1_000,
      },
    ],
  };
  const wholeBody = "x".repeat(400);

  it("hold a body back after its first bytes, and lose none of it", async () => {
    const clock = new ManualClock();
    const source = await answers(200, {}, wholeBody);
    const { port } = await edge({ origins: [source.port], domain, front: { clock } });
    const { got, ended } = await receiving(port, "/slow/a");
    await expect.poll(() => got()).toBeGreaterThanOrEqual(100);
    expect(got()).toBeLessThanOrEqual(300);
    await expect
      .poll(async () => {
        clock.advance(100);
        await new Promise((resolve) => setImmediate(resolve));
        return got();
      })
      .toBe(400);
    await ended;
  });

  it("say nothing about other paths and about HEAD", async () => {
    const clock = new ManualClock();
    const source = await answers(200, {}, wholeBody);
    const { port } = await edge({ origins: [source.port], domain, front: { clock } });
    expect((await ask(port, "/fast")).text).toBe(wholeBody);
    expect((await ask(port, "/slow/a", { method: "HEAD" })).headers["content-length"]).toBe("400");
  });
});

/** A request whose body comes in pieces. */
async function receiving(port: number, path: string) {
  let bytes = 0;
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http
      .get({ port, host: "127.0.0.1", path, agent: false, headers: { host: "site.test" } }, resolve)
      .on("error", reject);
  });
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
  });
  const ended = new Promise<void>((resolve, reject) => {
    response.on("end", resolve);
    response.on("error", reject);
  });
  return { got: () => bytes, ended };
}

it("a target without a canonical form is answered 400", async () => {
  const source = await answers(200);
  const { port } = await edge({
    origins: [source.port],
    domain: {
      request_url_rewrite: [
        {
          condition: { match_type: "full_path", match_value: "/old*", priority: 1 },
          execution_mode: "break",
          redirect_url: "/new/.$1",
          redirect_status_code: 302,
        },
      ],
    },
  });
  expect(errorCode(await ask(port, "/old%2F"))).toBe("REQUEST_MALFORMED");
  expect(source.requests).toHaveLength(0);
});
