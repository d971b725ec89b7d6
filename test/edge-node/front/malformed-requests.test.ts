import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { rawExchange } from "../support/client.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const opened = opensThings();
const H = "Host: site.test\r\n";
/** A whole request that no connection here may get to. */
const behind = `GET /behind HTTP/1.1\r\n${H}\r\n`;

async function edge(): ReturnType<typeof opened.edge> {
  return await opened.edge({
    functions: { echo: ({ headers }) => textOutcome(headers, { headers: "content-type:text/plain\n" }) },
    rules: [{ phase: "fetch", function: "echo" }],
  });
}

describe("a malformed request is refused with 400 and its connection closed:", () => {
  it.each([
    ["two Content-Length fields", `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
    [
      "two different Content-Length fields",
      `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nContent-Length: 6\r\n\r\nabcdef`,
    ],
    ["a list as Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: 3, 3\r\n\r\nabc`],
    ["a signed Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: +3\r\n\r\nabc`],
    ["an empty Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: \r\n\r\n`],
    ["a huge Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: 99999999999999999999\r\n\r\n`],
    [
      "Content-Length beside Transfer-Encoding",
      `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      "Transfer-Encoding beside Content-Length",
      `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
    ],
    [
      "two Transfer-Encoding fields",
      `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["chunked that is not the only coding", `POST / HTTP/1.1\r\n${H}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["an unknown coding", `POST / HTTP/1.1\r\n${H}Transfer-Encoding: identity\r\n\r\n`],
    ["chunked with a parameter", `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`],
    ["no Host", `GET / HTTP/1.1\r\n\r\n`],
    ["two Host fields", `GET / HTTP/1.1\r\n${H}${H}\r\n`],
    ["an empty Host", `GET / HTTP/1.1\r\nHost: \r\n\r\n`],
    ["userinfo in Host", `GET / HTTP/1.1\r\nHost: a@site.test\r\n\r\n`],
    ["a path in Host", `GET / HTTP/1.1\r\nHost: site.test/x\r\n\r\n`],
    ["a list in Host", `GET / HTTP/1.1\r\nHost: site.test, other.test\r\n\r\n`],
    ["a port that is none in Host", `GET / HTTP/1.1\r\nHost: site.test:0x50\r\n\r\n`],
    ["a port beyond 65535 in Host", `GET / HTTP/1.1\r\nHost: site.test:65536\r\n\r\n`],
    ["a space in a field name", `GET / HTTP/1.1\r\n${H}Foo : a\r\n\r\n`],
    ["a field name that is no token", `GET / HTTP/1.1\r\n${H}Fo(o: a\r\n\r\n`],
    ["a folded field", `GET / HTTP/1.1\r\n${H}Foo: a\r\n b\r\n\r\n`],
    ["a NUL in a field value", `GET / HTTP/1.1\r\n${H}Foo: a\0b\r\n\r\n`],
    ["a control character in a field value", `GET / HTTP/1.1\r\n${H}Foo: a\x01b\r\n\r\n`],
    ["a bare line feed between fields", `GET / HTTP/1.1\r\n${H}Foo: a\nBar: b\r\n\r\n`],
    ["bytes in a field value that are not what they were", `GET / HTTP/1.1\r\n${H}Foo: a\xe9b\r\n\r\n`],
    ["a method that is no token", `G<T / HTTP/1.1\r\n${H}\r\n`],
    ["a fragment in the target", `GET /a#b HTTP/1.1\r\n${H}\r\n`],
    ["a backslash in the path", `GET /a\\b HTTP/1.1\r\n${H}\r\n`],
    ["a byte beyond ASCII in the target", `GET /\xe9 HTTP/1.1\r\n${H}\r\n`],
    ["UTF-8 in the target", `GET /\xc3\xa9 HTTP/1.1\r\n${H}\r\n`],
    ["UTF-8 in the query", `GET /?\xc3\xa9 HTTP/1.1\r\n${H}\r\n`],
    ["a broken escape in the path", `GET /%4 HTTP/1.1\r\n${H}\r\n`],
    ["an escaped NUL in the path", `GET /a%00b HTTP/1.1\r\n${H}\r\n`],
    ["dot segments behind an escaped slash", `GET /a%2f..%2fb HTTP/1.1\r\n${H}\r\n`],
  ])("%s", async (_case, bytes) => {
    const { port, driver } = await edge();
    const text = await rawExchange(port, bytes);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    // What stands behind it, in one piece with it or not, is not taken for a request.
    for (const pieces of [[`${bytes}${behind}`], [bytes, behind]]) {
      expect((await rawExchange(port, ...pieces)).match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
    }
    expect(driver.invocations).toHaveLength(0);
  });
});

describe("nothing is taken for a request behind", () => {
  const last = `GET /last HTTP/1.1\r\n${H}Connection: close\r\n\r\n`;

  it.each([
    ["a request that asks for the connection's end", 0],
    ["one whose answer takes its time", 20],
  ])("%s", async (_case, delayMs) => {
    const { port, driver } = await opened.edge({
      functions: { echo: () => delay(delayMs, textOutcome("last")) },
      rules: [{ phase: "fetch", function: "echo" }],
    });
    expect(await rawExchange(port, last)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nlast$/s);
    for (const pieces of [[`${last}${behind}`], [last, behind]]) {
      expect((await rawExchange(port, ...pieces)).match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
    }
    expect(driver.invocations.map(({ url }) => new URL(url).pathname)).not.toContain("/behind");
  });

  it("an answer from memory that is the connection's last", async () => {
    const source = await opened.origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60").end("kept");
    });
    const { port } = await opened.edge({ origins: [source.port] });
    await rawExchange(port, last);
    expect(await rawExchange(port, last)).toMatch(/cache-status: Selvage; hit.*\r\n\r\nkept$/s);
    await rawExchange(port, `${last}${behind}`);
    expect(source.requests.map(({ url }) => url)).toEqual(["/last"]);
  });
});

describe("what the parser itself refuses is answered with 505 and closed:", () => {
  it.each([
    ["HTTP/1.0", `GET / HTTP/1.0\r\n${H}\r\n`],
    ["an absolute target", `GET http://site.test/ HTTP/1.1\r\n${H}\r\n`],
    ["OPTIONS *", `OPTIONS * HTTP/1.1\r\n${H}\r\n`],
    ["a target without a slash", `GET x HTTP/1.1\r\n${H}\r\n`],
    ["CONNECT", `CONNECT site.test:80 HTTP/1.1\r\n${H}\r\n`],
    ["a space in the target", `GET /a b HTTP/1.1\r\n${H}\r\n`],
  ])("%s", async (_case, bytes) => {
    const { port } = await edge();
    expect(await rawExchange(port, bytes)).toMatch(/^HTTP\/1\.1 505 /);
  });
});

describe("sizes:", () => {
  const headOf = (bytes: number): string =>
    `GET / HTTP/1.1\r\n${H}Connection: close\r\nFoo: ${"a".repeat(bytes)}\r\n\r\n`;

  it("a target at the limit passes, one beyond it gets 414", async () => {
    const { port } = await edge();
    const target = (bytes: number): string => `GET /${"a".repeat(bytes - 1)} HTTP/1.1\r\n${H}Connection: close\r\n\r\n`;
    expect(await rawExchange(port, target(16_384))).toMatch(/^HTTP\/1\.1 200 /);
    expect(await rawExchange(port, target(16_385))).toMatch(/^HTTP\/1\.1 414 [^]*REQUEST_TARGET_TOO_LONG/);
  });

  it("headers up to 64 KiB pass, larger ones get 431", async () => {
    const { port } = await edge();
    expect(await rawExchange(port, headOf(65_000))).toMatch(/^HTTP\/1\.1 200 /);
    expect(await rawExchange(port, headOf(65_536))).toMatch(/^HTTP\/1\.1 431 [^]*REQUEST_HEADERS_TOO_LARGE/);
    expect(await rawExchange(port, headOf(200_000))).toMatch(/^HTTP\/1\.1 431 /);
  });

  it("a body that says it is larger than 100 MiB gets 413 before it is sent", async () => {
    const { port, driver } = await edge();
    const text = await rawExchange(port, `POST / HTTP/1.1\r\n${H}Content-Length: 104857601\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 413 [^]*REQUEST_BODY_TOO_LARGE/);
    expect(driver.invocations).toHaveLength(0);
  });
});

describe("unusual and still right:", () => {
  it("TRACE is refused with 405", async () => {
    const { port } = await edge();
    expect(await rawExchange(port, `TRACE / HTTP/1.1\r\n${H}\r\n`)).toMatch(
      /^HTTP\/1\.1 405 [^]*REQUEST_METHOD_REFUSED/,
    );
  });

  it("a host in capitals, with a port and the root's dot is the same host", async () => {
    const { port, driver } = await edge();
    await rawExchange(port, "GET / HTTP/1.1\r\nHost: SITE.test.:80\r\nConnection: close\r\n\r\n");
    expect(driver.invocations[0]?.url).toBe("http://site.test/");
  });

  it("UTF-8 in a field value reaches the function as the bytes it was", async () => {
    const { port, driver } = await edge();
    await rawExchange(port, `GET / HTTP/1.1\r\n${H}Connection: close\r\nFoo: a\xc3\xa9!\r\n\r\n`);
    expect(driver.invocations[0]?.headers).toContain("foo:a\xc3\xa9!\n");
  });

  it("hop-by-hop fields, those Connection names and those only this node sets do not pass", async () => {
    const { port, driver } = await edge();
    const fields =
      "Connection: close, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\nProxy-Authorization: x\r\n" +
      "X-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX-Request-Id: mine\r\nExpect: 100-continue\r\nX-Kept: yes\r\n";
    await rawExchange(port, `GET / HTTP/1.1\r\n${H}${fields}\r\n`);
    expect(driver.invocations[0]?.headers).toBe("host:site.test\nx-kept:yes\n");
    expect(driver.invocations[0]?.requestId).toBe("test-0");
  });

  it("such fields do not pass with underscores either, which many origins take for them; others do", async () => {
    const { port, driver } = await edge();
    const fields =
      "X_Forwarded_For: 1.2.3.4\r\nX-Forwarded_Proto: https\r\nx_request_id: mine\r\nX_Forwarded_Host: a\r\nCDN_Loop: a\r\nHost_: a\r\n" +
      "Content_Length: 3\r\nTransfer_Encoding: chunked\r\nKeep_Alive: 5\r\nProxy: http://a.example\r\nX_Kept: yes\r\n";
    await rawExchange(port, `GET / HTTP/1.1\r\n${H}${fields}Connection: close\r\n\r\n`);
    expect(driver.invocations[0]?.headers).toBe("host:site.test\nhost_:a\nx_kept:yes\n");
  });
});
