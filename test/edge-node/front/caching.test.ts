import { once } from "node:events";
import http from "node:http";
import { describe, expect, it } from "vitest";
import type { CacheRule, DomainConfig } from "../../../sdk/domain.ts";
import { ask, errorCode } from "../support/client.ts";
import { ManualClock } from "../support/edge.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin, rawOrigin } = opensThings();

function rule(change: Partial<CacheRule>): CacheRule {
  return {
    match_type: "all",
    ttl: 60,
    ttl_unit: "s",
    priority: 1,
    follow_origin: "off",
    url_parameter_type: "full_url",
    ...change,
  };
}

/** Sends `count` requests for one path at once on few connections; resolves with what they got. */
async function askMany(port: number, path: string, count: number): Promise<string[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 500 });
  const answers = await Promise.all(
    Array.from({ length: count }, async () => {
      const request = http.get({ port, host: "127.0.0.1", path, agent, headers: { host: "site.test" } });
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      const body = Buffer.concat((await response.toArray()) as Buffer[]).toString();
      return `${response.statusCode} ${body}`;
    }),
  );
  agent.destroy();
  return answers;
}

describe("many clients waiting for one answer:", () => {
  it.each([
    ["with a length", true],
    ["chunked", false],
  ])("1,000 requests for one cold URL make one origin request (%s)", async (_case, hasLength) => {
    const source = await origin((_request, response) => {
      setImmediate(() => {
        response.setHeader("cache-control", "max-age=60");
        if (hasLength) response.setHeader("content-length", 8);
        response.write("half");
        setImmediate(() => response.end("half"));
      });
    });
    const { port, front } = await edge({ origins: [source.port] });
    const answers = await askMany(port, "/", 1_000);
    expect(new Set(answers)).toEqual(new Set(["200 halfhalf"]));
    expect(source.requests).toHaveLength(1);
    expect(front.requestsInFlight).toBe(0);
  });

  it("a request that its own origin sends back does not wait for itself", async () => {
    let edgePort = 0;
    const source = await origin((request, response) => {
      const again = http.get({ port: edgePort, host: "127.0.0.1", path: "/", agent: false, headers: request.headers });
      again.on("response", (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 0)));
    });
    const { port } = await edge({ origins: [source.port] });
    edgePort = port;
    const answers = await askMany(port, "/", 3);
    expect(new Set(answers.map((answer) => answer.slice(0, 3)))).toEqual(new Set(["508"]));
  });

  it("all are released at once when the answer cannot be shared, and later ones do not wait at all", async () => {
    const held: http.ServerResponse[] = [];
    const source = await origin((_request, response) => {
      held.push(response);
    });
    const { port, front } = await edge({ origins: [source.port] });
    const answers = askMany(port, "/", 5);
    await expect.poll(() => front.requestsInFlight).toBe(5);
    await expect.poll(() => held.length).toBe(1);
    held[0]?.setHeader("cache-control", "no-store").write("x");
    await expect.poll(() => held.length).toBe(5);
    for (const response of held) response.end();
    await answers;
    const later = askMany(port, "/", 3);
    await expect.poll(() => held.length).toBe(8);
    for (const response of held) response.end();
    await later;
  });

  it("all get the origin's failure, from one attempt", async () => {
    const held = Promise.withResolvers<void>();
    const source = await rawOrigin((socket) => void held.promise.then(() => socket.end("garbage\r\n\r\n")));
    const { port, front } = await edge({ origins: [source.port] });
    const answers = askMany(port, "/", 5);
    await expect.poll(() => front.requestsInFlight).toBe(5);
    held.resolve();
    expect(new Set((await answers).map((text) => text.slice(0, 3)))).toEqual(new Set(["502"]));
    expect(source.connections).toBe(1);
  });

  it("the first one's leaving does not take the answer from the others", async () => {
    const held: http.ServerResponse[] = [];
    const source = await origin((_request, response) => {
      held.push(response);
    });
    const { port, front } = await edge({ origins: [source.port] });
    const first = http.get({ port, host: "127.0.0.1", path: "/", agent: false, headers: { host: "site.test" } });
    first.on("error", () => {});
    await expect.poll(() => held.length).toBe(1);
    const second = ask(port, "/");
    await expect.poll(() => front.requestsInFlight).toBe(2);
    first.destroy();
    await ask(port, "/", { host: "unknown.test" });
    held[0]?.setHeader("cache-control", "max-age=9").end("kept");
    expect((await second).text).toBe("kept");
    expect(held).toHaveLength(1);
  });

  it("an answer that breaks off breaks off for all, and is not in the cache", async () => {
    let attempts = 0;
    const source = await rawOrigin((socket) => {
      attempts++;
      socket.write("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf");
      setTimeout(() => socket.destroy(), 20);
    });
    const { port } = await edge({ origins: [source.port] });
    const results = await Promise.allSettled([ask(port, "/"), ask(port, "/"), ask(port, "/")]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    await expect(ask(port, "/")).rejects.toThrow("aborted");
    expect(attempts).toBeGreaterThanOrEqual(2);
  });
});

describe("what is stored:", () => {
  it("an answer is fresh for its time and asked for again after it", async () => {
    const clock = new ManualClock();
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "s-maxage=10, max-age=1");
      response.sendDate = false;
      response.end("x");
    });
    const { port } = await edge({ origins: [source.port], front: { clock } });
    const statusAt = async (): Promise<unknown> => {
      const { headers } = await ask(port, "/");
      return [headers["cache-status"], headers.age];
    };
    expect(await statusAt()).toEqual(["Selvage; fwd=uri-miss; fwd-status=200; ttl=10; stored", undefined]);
    clock.advance(9_999);
    expect(await statusAt()).toEqual(["Selvage; hit; ttl=0", "9"]);
    clock.advance(1);
    expect(await statusAt()).toEqual(["Selvage; fwd=stale; fwd-status=200; ttl=10; stored", undefined]);
  });

  it("HEAD is answered from a stored GET", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.end("12345");
    });
    const { port } = await edge({ origins: [source.port] });
    await ask(port, "/");
    const answer = await ask(port, "/", { method: "HEAD" });
    expect([answer.headers["content-length"], answer.text]).toEqual(["5", ""]);
    expect(answer.headers["cache-status"]).toContain("hit");
  });

  it("answers that vary are kept apart, and requests that differ in nothing named share one", async () => {
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("vary", "Accept-Language");
      response.end(request.headers["accept-language"]);
    });
    const { port } = await edge({ origins: [source.port] });
    const get = (language: string, other: string) =>
      ask(port, "/", { headers: { "accept-language": language, "x-other": other } });
    expect((await get("de", "1")).text).toBe("de");
    const second = await get("fr", "1");
    expect(second.text).toBe("fr");
    expect(second.headers["cache-status"]).toMatch(/^Selvage; fwd=vary-miss; fwd-status=200; ttl=\d+; stored$/);
    expect((await get("de", "2")).text).toBe("de");
    expect((await get("fr", "3")).headers["cache-status"]).toContain("hit");
    expect(source.requests).toHaveLength(2);
  });

  it("one domain's functions cannot fill another URL's place of another domain", async () => {
    const { port, driver } = await edge({
      domain: { domain: "*.test" },
      functions: {
        move: ({ headers, method }) => ({
          kind: "request",
          method,
          url: "http://victim.example/",
          headers,
          body: { kind: "same" },
        }),
        answer: () => textOutcome("poison", { headers: "cache-control:max-age=60\n" }),
      },
      rules: [
        { phase: "clientRequest", function: "move", matchType: "path", matchContent: "/attack" },
        { phase: "fetch", function: "answer" },
      ],
    });
    await ask(port, "/attack");
    await ask(port, "/", { host: "victim.test" });
    expect(driver.invocations.filter(({ phase }) => phase === "fetch")).toHaveLength(2);
  });

  it.each([
    ["del_params", "b", ["/?a=1&b=2", "/?a=1&b=3", "/?a=1"]],
    ["reserve_params", "a", ["/?a=1&b=2", "/?c=4&a=1"]],
    ["ignore_url_params", "", ["/?a=1", "/?b=2", "/"]],
  ] as const)("%s: URLs that differ in other parameters share an answer", async (type, value, paths) => {
    const source = await origin((_request, response) => response.end("x"));
    const cacheRule = rule({ url_parameter_type: type, url_parameter_value: value });
    const { port } = await edge({ origins: [source.port], domain: { cache_rules: [cacheRule] } });
    for (const path of paths) await ask(port, path);
    expect(source.requests).toHaveLength(1);
    expect(source.requests[0]?.url).toBe(paths[0]);
  });

  it.each<[string, number, Partial<DomainConfig>]>([
    ["a cache rule", 200, { cache_rules: [rule({})] }],
    ["a rule for answers without a lifetime", 200, { cache_rules: [rule({ follow_origin: "on" })] }],
    ["error_code_cache", 404, { error_code_cache: [{ code: 404, ttl: 60 }] }],
  ])("a cookie that its origin excludes stays with its user where %s sets the time", async (_case, status, domain) => {
    const source = await origin((_request, response) => {
      response.writeHead(status, { "cache-control": 'no-cache="Set-Cookie"', "set-cookie": "session=secret" }).end("x");
    });
    const { port } = await edge({ origins: [source.port], domain });
    const [first, second] = [await ask(port, "/"), await ask(port, "/")];
    expect([first.headers["set-cookie"], second.headers["set-cookie"]]).toEqual([["session=secret"], undefined]);
    expect(second.headers["cache-status"]).toContain("hit");
  });

  it("a body beyond the limit passes whole and unstored, known or unknown in length", async () => {
    const body = Buffer.alloc(6_291_457, 5);
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      if (request.url === "/known") response.setHeader("content-length", body.byteLength);
      response.write(body.subarray(0, 100));
      response.end(body.subarray(100));
    });
    const { port, front } = await edge({ origins: [source.port] });
    for (const path of ["/known", "/unknown", "/known", "/unknown"]) {
      const answer = await ask(port, path);
      expect(answer.body.equals(body)).toBe(true);
    }
    expect(source.requests).toHaveLength(4);
    await expect.poll(() => front.requestsInFlight).toBe(0);
  });

  it.each([
    ["POST", "POST", {}, "Selvage; fwd=method; fwd-status=200"],
    [
      "a condition for the origin",
      "GET",
      { "if-match": '"x"' },
      "Selvage; fwd=request; fwd-status=200; detail=CONDITIONAL",
    ],
    [
      "credentials",
      "GET",
      { authorization: "Basic eDp5" },
      "Selvage; fwd=uri-miss; fwd-status=200; detail=AUTHORIZATION",
    ],
  ])("a request with %s is passed on and its answer not stored", async (_case, method, headers, note) => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.end("x");
    });
    const { port } = await edge({ origins: [source.port] });
    await ask(port, "/", { method, headers });
    const answer = await ask(port, "/", { method, headers });
    expect(answer.headers["cache-status"]).toBe(note);
    expect(source.requests).toHaveLength(2);
  });

  it("a GET with a body is not shared", async () => {
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      request.pipe(response);
    });
    const { port } = await edge({ origins: [source.port] });
    expect((await ask(port, "/", { body: "one" })).text).toBe("one");
    expect((await ask(port, "/", { body: "two" })).headers["cache-status"]).toBe(
      "Selvage; fwd=bypass; fwd-status=200; detail=REQUEST_BODY",
    );
  });

  it("an upstream cache's member stands before this one's", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-status", "Other; hit");
      response.end("x");
    });
    const { port } = await edge({ origins: [source.port] });
    expect((await ask(port, "/")).headers["cache-status"]).toBe(
      "Other; hit, Selvage; fwd=uri-miss; fwd-status=200; detail=NO_FRESHNESS",
    );
  });

  it("a failure is not stored", async () => {
    const { port } = await edge({ domain: { cache_rules: [rule({})] } });
    expect(errorCode(await ask(port, "/"))).toBe("ORIGIN_NOT_CONFIGURED");
    expect((await ask(port, "/")).headers["cache-status"]).toBe("Selvage; fwd=uri-miss; detail=FAILED");
  });
});
