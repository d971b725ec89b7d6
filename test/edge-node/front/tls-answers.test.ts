/** What HTTP is, whichever way it came: one set of claims over HTTP/1.1 and HTTP/2 on the TLS port. */
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";

/** The machine may be busy. */
const PATIENT = { timeout: 180_000 };
import { errorCode } from "../support/client.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import { askHttp1, askHttp2, HOST, type TlsAsk } from "../support/tls-client.ts";
import type { Edge, EdgeOptions } from "../support/edge.ts";

const opened = opensThings();
const edge = (options: EdgeOptions = {}): Promise<Edge> =>
  opened.edge({ certificates: ["www"], ...options, domain: { domain: HOST, ...options.domain } });

const ways: readonly (readonly [string, TlsAsk])[] = [
  ["HTTP/1.1", askHttp1],
  ["HTTP/2", askHttp2],
];

describe.each(ways)("%s over TLS", (name, ask) => {
  it("serves an origin's answer, with its fields, repeated and Latin-1 ones too", async () => {
    const { port } = await opened.origin((_request, response) => {
      response.writeHead(203, ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-Name", "caf\xe9", "Content-Length", "5"]);
      // A string would make Node.js write the fields in UTF-8.
      response.end(Buffer.from("hello"));
    });
    const { tlsPort } = await edge({ origins: [port] });
    const answer = await ask(tlsPort, "/");
    expect([answer.status, answer.text]).toEqual([203, "hello"]);
    expect(answer.headers).toMatchObject({ "set-cookie": ["a=1", "b=2"], "x-name": "caf\xe9", "content-length": "5" });
    expect(answer.headers["cache-status"]).toContain("fwd=uri-miss");
    expect(answer.headers["x-request-id"]).toMatch(/^test-/);
    expect(answer.headers["date"]).toBeDefined();
  });

  it("hands on what an origin says before its answer, and nothing of it to who comes later", async () => {
    const { port } = await opened.rawOrigin((socket) => {
      socket.write("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\nX: \xe9\r\n\r\n", "latin1");
      socket.write(
        "HTTP/1.1 199 What\r\n\r\nHTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nbody",
      );
    });
    const { tlsPort } = await edge({ origins: [port] });
    const staying = name === "HTTP/1.1" ? { headers: { connection: "keep-alive" } } : {};
    const first = await ask(tlsPort, "/", staying);
    expect([first.status, first.text, first.informed.map(({ status }) => status)]).toEqual([200, "body", [102, 103]]);
    expect(first.informed[1]?.headers).toMatchObject({ link: "<a>", x: "\xe9" });
    const second = await ask(tlsPort, "/", staying);
    expect([second.text, second.informed]).toEqual(["body", []]);
    expect(second.headers["cache-status"]).toContain("; hit");
  });

  it("shows the origin and functions a request over https", async () => {
    const origin = await opened.origin((request, response) => response.end(request.headers["x-forwarded-proto"]));
    const { tlsPort, driver } = await edge({
      origins: [origin.port],
      functions: { looks: () => ({ kind: "continue" }) },
      rules: [{ phase: "clientRequest", function: "looks" }],
    });
    const answer = await ask(tlsPort, "/a?b=c", {
      host: `${HOST}:443`,
      serverName: HOST,
      headers: { cookie: "a=1; b=2" },
    });
    expect(answer.text).toBe("https");
    expect(driver.invocations[0]).toMatchObject({ url: `https://${HOST}/a?b=c`, clientIp: "127.0.0.1" });
    expect(driver.invocations[0]?.tls).toEqual({
      version: "TLSv1.3",
      cipher: expect.stringMatching(/^TLS_(?:AES|CHACHA20)_[A-Z0-9_]+$/),
      serverName: HOST,
    });
    expect(driver.invocations[0]?.headers).toContain("cookie:a=1; b=2\n");
    expect(origin.requests[0]?.headers).toMatchObject({ host: HOST, "x-forwarded-for": "127.0.0.1" });
  });

  it("says Strict-Transport-Security as configured, whatever origin and functions said", async () => {
    const { port } = await opened.origin((_request, response) => {
      response.setHeader("strict-transport-security", "max-age=0");
      response.end();
    });
    const { tlsPort } = await edge({
      origins: [port],
      domain: { hsts: { status: "on", max_age: 9, include_subdomains: "on" } },
    });
    expect((await ask(tlsPort, "/")).headers["strict-transport-security"]).toBe("max-age=9; includeSubDomains");
  });

  it("sends bodies both ways, large ones in pieces", async () => {
    const { port } = await opened.origin((request, response) => void request.pipe(response));
    const { tlsPort } = await edge({ origins: [port] });
    const body = Buffer.alloc(3_000_000, "abcdefghij");
    const answer = await ask(tlsPort, "/", { method: "POST", body });
    expect(answer.body.equals(body)).toBe(true);
  });

  it("answers HEAD, 204 and 304 without a body", async () => {
    const { port } = await opened.origin((request, response) => {
      response.statusCode = request.url === "/204" ? 204 : 200;
      response.setHeader("etag", '"a"');
      response.setHeader("content-length", response.statusCode === 200 ? 5 : 0);
      response.end(request.method === "HEAD" || response.statusCode === 204 ? undefined : "hello");
    });
    const { tlsPort } = await edge({ origins: [port] });
    const head = await ask(tlsPort, "/200", { method: "HEAD" });
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", "5"]);
    for (const status of [204, 304]) {
      const answer = await ask(tlsPort, `/${status}`, { headers: { "if-none-match": '"a"' } });
      expect([answer.status, answer.text, answer.headers["content-length"]]).toEqual([status, "", undefined]);
    }
  });

  it("drops an origin's trailers (RFC 9110 §6.5.1), also of what is kept", async () => {
    const source = await opened.rawOrigin((socket) => {
      socket.write(
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
      socket.write("3\r\nabc\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\nSet-Cookie: a=b\r\n\r\n");
    });
    const { tlsPort } = await edge({ origins: [source.port] });
    for (let round = 0; round < 2; round++) {
      const answer = await ask(tlsPort, "/");
      expect(answer.text).toBe("abc");
      for (const name of ["x-sum", "set-cookie", "trailer"]) expect(answer.headers[name]).toBeUndefined();
    }
    expect(source.connections).toBe(1);
  });

  it("breaks off an answer that the origin broke off", async () => {
    const { port } = await opened.rawOrigin((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    });
    const { tlsPort } = await edge({ origins: [port] });
    await expect(ask(tlsPort, "/")).rejects.toThrow(/aborted|INTERNAL_ERROR|reset/);
  });

  it("breaks off an answer of unknown length, too", async () => {
    const { port } = await opened.rawOrigin((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
      setTimeout(() => socket.end(), 50);
    });
    const { tlsPort } = await edge({ origins: [port] });
    await expect(ask(tlsPort, "/")).rejects.toThrow(/aborted|INTERNAL_ERROR|reset/);
  });

  it.each([
    ["a path outside the grammar", "/a%00b", {}, 400, "REQUEST_MALFORMED"],
    ["TRACE", "/", { method: "TRACE" }, 405, "REQUEST_METHOD_REFUSED"],
    ["a target that is too long", `/${"a".repeat(16_400)}`, {}, 414, "REQUEST_TARGET_TOO_LONG"],
    [
      "large fields",
      "/",
      { headers: { "x-a": "a".repeat(40_000), "x-b": "b".repeat(40_000) } },
      431,
      "REQUEST_HEADERS_TOO_LARGE",
    ],
    [
      "a host that the certificate is not for",
      "/",
      { host: "other.test", serverName: HOST },
      421,
      "REQUEST_MISDIRECTED",
    ],
    ["a host that is not served", "/", { host: "example.com", serverName: HOST }, 404, "DOMAIN_UNKNOWN"],
  ] as const)("refuses %s", async (_what, path, options, status, code) => {
    const { tlsPort } = await edge();
    const answer = await ask(tlsPort, path, options);
    expect([answer.status, errorCode(answer)]).toEqual([status, code]);
  });

  it("refuses requests beyond the bound", async () => {
    const { tlsPort } = await edge({ front: { requestsMax: 0 } });
    const answer = await ask(tlsPort, "/");
    expect([answer.status, errorCode(answer)]).toEqual([503, "NODE_OVERLOADED"]);
  });

  it("answers from the cache with the same bytes, those in memory at once", async () => {
    const body = "x".repeat(500_000);
    const { port } = await opened.origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.end(body);
    });
    const { tlsPort } = await edge({ origins: [port] });
    expect((await ask(tlsPort, "/")).text).toBe(body);
    await expect.poll(async () => (await ask(tlsPort, "/")).headers["cache-status"], PATIENT).toContain("hit");
    expect((await ask(tlsPort, "/")).text).toBe(body);
  });

  it("stops what runs when the client goes", async () => {
    let gone = false;
    const { port, requests } = await opened.origin((request, response) => {
      response.write("begin");
      request.socket.on("close", () => {
        gone = true;
      });
    });
    const { tlsPort, front } = await edge({ origins: [port] });
    const asking = ask(tlsPort, "/", { headers: { "x-leave": "1" } }).catch(() => "left");
    await expect.poll(() => requests.length, PATIENT).toBe(1);
    void asking;
    await front.drain(0);
    await front.close();
    expect(await asking).toBe("left");
    await expect.poll(() => gone, PATIENT).toBe(true);
  });

  it("sends a function's streamed answer", async () => {
    const chunks = (async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("one ");
      await pause(1);
      yield Buffer.from("two");
    })();
    const { tlsPort } = await edge({
      functions: {
        streams: () => ({ ...textOutcome(""), body: { kind: "stream", chunks, lengthBytes: undefined } }),
      },
      rules: [{ phase: "fetch", function: "streams" }],
    });
    expect((await ask(tlsPort, "/")).text).toBe("one two");
  });
});
