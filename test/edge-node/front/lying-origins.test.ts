import type net from "node:net";
import { describe, expect, it } from "vitest";
import { ask, errorCode, rawExchange } from "../support/client.ts";
import { loopbackSource } from "../support/edge.ts";
import { freePort } from "../support/origin.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin, rawOrigin } = opensThings();

const says =
  (text: string, end = true) =>
  (socket: net.Socket): void => {
    socket.write(text, "latin1");
    if (end) socket.end();
  };

const OK = "HTTP/1.1 200 OK\r\n";

/** Writes `piece` again and again until the connection ends. */
const goesOnWith =
  (text: string, piece: string, everyMs = 1) =>
  (socket: net.Socket): void => {
    socket.write(text);
    const timer = setInterval(() => socket.write(piece), everyMs);
    socket.on("close", () => clearInterval(timer));
  };

describe("an origin that", () => {
  it.each([
    ["closes without an answer", "", 502, "ORIGIN_TRUNCATED"],
    ["writes garbage", "SSH-2.0-OpenSSH\r\n\r\n", 502, "ORIGIN_MALFORMED"],
    ["closes within the head", "HTTP/1.1 200 OK\r\nContent-Le", 502, "ORIGIN_TRUNCATED"],
    [
      "names two lengths",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      502,
      "ORIGIN_MALFORMED",
    ],
    [
      "names a length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      502,
      "ORIGIN_MALFORMED",
    ],
    ["has a space before a colon", "HTTP/1.1 200 OK\r\nFoo : 1\r\nContent-Length: 0\r\n\r\n", 502, "ORIGIN_MALFORMED"],
    [
      "puts a control character into a value",
      "HTTP/1.1 200 OK\r\nFoo: a\x01b\r\nContent-Length: 0\r\n\r\n",
      502,
      "ORIGIN_MALFORMED",
    ],
    [
      "switches protocols unasked",
      "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      502,
      "ORIGIN_MALFORMED",
    ],
    ["informs without end", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(40), 502, "ORIGIN_MALFORMED"],
    [
      "sends 70 KiB of headers",
      `HTTP/1.1 200 OK\r\nFoo: ${"a".repeat(70_000)}\r\nContent-Length: 0\r\n\r\n`,
      502,
      "ORIGIN_HEADERS_TOO_LARGE",
    ],
    [
      "sends 300 header lines",
      `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(300)}Content-Length: 0\r\n\r\n`,
      502,
      "ORIGIN_MALFORMED",
    ],
    ["names one length twice", `${OK}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, 502, "ORIGIN_MALFORMED"],
    ["lists lengths", `${OK}Content-Length: 3, 3\r\n\r\nabc`, 502, "ORIGIN_MALFORMED"],
    ["names a length with a sign", `${OK}Content-Length: +3\r\n\r\nabc`, 502, "ORIGIN_MALFORMED"],
    ["names a hexadecimal length", `${OK}Content-Length: 0x3\r\n\r\nabc`, 502, "ORIGIN_MALFORMED"],
    ["names an empty length", `${OK}Content-Length:\r\n\r\nabc`, 502, "ORIGIN_MALFORMED"],
    ["names a length beyond all numbers", `${OK}Content-Length: ${"9".repeat(30)}\r\n\r\nabc`, 502, "ORIGIN_MALFORMED"],
    ["uses a transfer coding we do not undo", `${OK}Transfer-Encoding: gzip\r\n\r\nabc`, 502, "ORIGIN_MALFORMED"],
    ["uses two transfer codings", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 502, "ORIGIN_MALFORMED"],
    ["hides its coding", `${OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 502, "ORIGIN_MALFORMED"],
    [
      "chunks chunks",
      `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      502,
      "ORIGIN_MALFORMED",
    ],
    ["folds a line", `${OK}Foo: a\r\n b\r\nContent-Length: 0\r\n\r\n`, 502, "ORIGIN_MALFORMED"],
    ["puts a zero byte into a value", `${OK}Foo: a\0b\r\nContent-Length: 0\r\n\r\n`, 502, "ORIGIN_MALFORMED"],
    ["puts a carriage return into a value", `${OK}Foo: a\rb\r\nContent-Length: 0\r\n\r\n`, 502, "ORIGIN_MALFORMED"],
    ["ends lines with a line feed alone", "HTTP/1.1 200 OK\nContent-Length: 1\n\na", 502, "ORIGIN_MALFORMED"],
    ["names no field", `${OK}: a\r\nContent-Length: 0\r\n\r\n`, 502, "ORIGIN_MALFORMED"],
    ["leaves the colon out", `${OK}Foo\r\nContent-Length: 0\r\n\r\n`, 502, "ORIGIN_MALFORMED"],
    ["speaks HTTP/0.9", "<html>hello", 502, "ORIGIN_MALFORMED"],
    ["answers with the status 099", "HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n", 502, "ORIGIN_MALFORMED"],
    ["answers with the status 600", "HTTP/1.1 600 No\r\nContent-Length: 0\r\n\r\n", 502, "ORIGIN_MALFORMED"],
    ["answers with a status of four digits", "HTTP/1.1 1000 No\r\nContent-Length: 0\r\n\r\n", 502, "ORIGIN_MALFORMED"],
    ["says 100 without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(40), 502, "ORIGIN_MALFORMED"],
    ["says 304 to a request without conditions", "HTTP/1.1 304 Not Modified\r\n\r\n", 502, "ORIGIN_MALFORMED"],
  ])(
    "%s gives an error with its code, and is not asked for the next request's answer",
    async (_case, text, status, code) => {
      const source = await rawOrigin(says(text));
      const { port } = await edge({ origins: [source.port] });
      const answer = await ask(port, "/");
      expect([answer.status, errorCode(answer)]).toEqual([status, code]);
      expect(answer.headers["cache-status"]).toBe("Selvage; fwd=uri-miss; detail=FAILED");
    },
  );

  it.each([
    ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nCache-Control: max-age=60\r\n\r\nabc"],
    ["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n3\r\nabc\r\n"],
    ["uncacheable chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"],
    ["a length beyond memory", `${OK}Content-Length: 1152921504606846976\r\nCache-Control: max-age=60\r\n\r\nabc`],
    ["a chunk's size cut", `${OK}Transfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n3\r\nabc\r\n5`],
    [
      "no end after the last chunk",
      `${OK}Transfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n3\r\nabc\r\n0\r\n`,
    ],
    [
      "a chunk longer than it said",
      `${OK}Transfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n3\r\nabcd\r\n0\r\n\r\n`,
    ],
  ])("breaks off a body with %s breaks the client's transfer too, and nothing is stored", async (_case, text) => {
    const source = await rawOrigin(says(text));
    const { port, front } = await edge({ origins: [source.port] });
    await expect(ask(port, "/")).rejects.toThrow("aborted");
    await expect(ask(port, "/")).rejects.toThrow("aborted");
    expect(source.connections).toBe(2);
    expect(front.requestsInFlight).toBe(0);
  });

  it.each([
    ["are no number", "zz\r\nabc\r\n0\r\n\r\n"],
    ["are beyond all numbers", `${"f".repeat(18)}\r\nabc\r\n0\r\n\r\n`],
  ])("sends chunks whose sizes %s breaks the client's transfer, and nothing is stored", async (_case, chunks) => {
    const source = await rawOrigin(
      says(`${OK}Transfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n${chunks}`),
    );
    const { port } = await edge({ origins: [source.port] });
    await expect(ask(port, "/")).rejects.toThrow(/aborted|hang up/);
    await expect(ask(port, "/")).rejects.toThrow(/aborted|hang up/);
    expect(source.connections).toBe(2);
  });

  it.each([
    [
      "header lines without end",
      goesOnWith(OK, "a: bbbbbbbbbbbbbbbbbbbb\r\n".repeat(100)),
      502,
      "ORIGIN_HEADERS_TOO_LARGE",
    ],
    ["a value without end", goesOnWith(`${OK}a: `, "b".repeat(5_000)), 502, "ORIGIN_HEADERS_TOO_LARGE"],
    ["a name without end", goesOnWith(OK, "b".repeat(5_000)), 502, "ORIGIN_HEADERS_TOO_LARGE"],
    ["a status line without end", goesOnWith("HTTP/1.1 200 ", "b".repeat(5_000)), 504, "ORIGIN_TIMEOUT"],
    ["empty lines without end", goesOnWith("", "\r\n".repeat(1_000)), 504, "ORIGIN_TIMEOUT"],
    ["a head byte by byte", goesOnWith(`${OK}a: `, "b", 50), 504, "ORIGIN_TIMEOUT"],
    ["early hints now and then", goesOnWith("", "HTTP/1.1 103 Early Hints\r\n\r\n", 300), 504, "ORIGIN_TIMEOUT"],
  ])("sends %s is given up", async (_case, answer, status, code) => {
    const source = await rawOrigin(answer);
    // Who goes beyond a size is given up for that, however slowly it got there.
    const origin_receive_timeout = code === "ORIGIN_TIMEOUT" ? 1 : 300;
    const { port, front } = await edge({ origins: [source.port], domain: { origin_receive_timeout } });
    const refused = await ask(port, "/");
    expect([refused.status, errorCode(refused)]).toEqual([status, code]);
    expect(front.requestsInFlight).toBe(0);
  });

  it.each([
    [
      "trailers without end",
      goesOnWith(`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n`, "b: cccccccccc\r\n".repeat(100)),
    ],
    [
      "a chunk extension without end",
      goesOnWith(`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3;`, "b".repeat(5_000)),
    ],
  ])("sends %s has its answer broken off", async (_case, answer) => {
    const source = await rawOrigin(answer);
    const { port, front } = await edge({ origins: [source.port], domain: { origin_idle_timeout: 1 } });
    await expect(ask(port, "/")).rejects.toThrow("aborted");
    expect(front.requestsInFlight).toBe(0);
  });

  it("sends a body byte by byte is heard to the end, while others are served", async () => {
    const source = await rawOrigin((socket) => {
      let sent = 0;
      socket.write(`${OK}Content-Length: 20\r\n\r\n`);
      const timer = setInterval(() => {
        socket.write("x");
        if (++sent === 20) clearInterval(timer);
      }, 20);
      socket.on("close", () => clearInterval(timer));
    });
    const { port } = await edge({ origins: [source.port] });
    const answers = await Promise.all([ask(port, "/a"), ask(port, "/b")]);
    expect(answers.map(({ text }) => text)).toEqual(Array(2).fill("x".repeat(20)));
  });

  it("answers before it has the request's body, and closes, has its answer delivered", async () => {
    const source = await rawOrigin(says("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig"));
    const { port } = await edge({ origins: [source.port] });
    const answer = await ask(port, "/", { method: "POST", body: "b".repeat(200_000) });
    expect([answer.status, answer.text]).toEqual([413, "big"]);
  });

  it("says 100 although nobody expects it has its answer delivered (RFC 9110 §15.2)", async () => {
    const source = await rawOrigin(says(`HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 3\r\n\r\nabc`, false));
    const { port } = await edge({ origins: [source.port] });
    const answer = await ask(port, "/");
    expect([answer.status, answer.text]).toEqual([200, "abc"]);
  });

  it("sends content with 204 has it dropped, and its connection is not used again", async () => {
    const source = await rawOrigin(says(`HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc`, false));
    const { port } = await edge({ origins: [source.port] });
    for (const path of ["/1", "/2"]) {
      const answer = await ask(port, path);
      expect([answer.status, answer.text]).toEqual([204, ""]);
    }
    expect(source.connections).toBe(2);
  });

  it.each([
    ["Expires", "Expires: soon\r\n"],
    ["Expires of zero", "Expires: 0\r\n"],
    ["Date, and an Expires that counts from it", "Date: yesterday\r\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\r\n"],
    ["Last-Modified", "Last-Modified: the 40th of May\r\n"],
  ])("sends an invalid %s has its answer delivered and asked for again", async (_case, line) => {
    const source = await rawOrigin(says(`${OK}${line}Content-Length: 3\r\n\r\nabc`));
    const { port } = await edge({ origins: [source.port] });
    for (let request = 1; request <= 2; request++) {
      expect((await ask(port, "/")).text).toBe("abc");
      expect(source.connections).toBe(request);
    }
  });

  it("sends more than it said has its answer cut at the length, and its connection is not used again", async () => {
    const source = await rawOrigin(
      says("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", false),
    );
    const { port } = await edge({ origins: [source.port] });
    expect((await ask(port, "/1")).text).toBe("abc");
    expect((await ask(port, "/2")).text).toBe("abc");
    expect(source.connections).toBe(2);
  });

  it("never answers gives 504 after the domain's receive timeout, while other requests go on", async () => {
    const silent = await rawOrigin(() => {});
    const { port } = await edge({
      origins: [silent.port],
      domain: { origin_receive_timeout: 1 },
      functions: { hello: () => ({ kind: "response", status: 200, headers: "", body: { kind: "text", text: "hi" } }) },
      rules: [{ phase: "fetch", function: "hello", matchType: "path", matchContent: "/hello" }],
    });
    const slow = ask(port, "/slow");
    expect((await ask(port, "/hello")).text).toBe("hi");
    const answer = await slow;
    expect([answer.status, errorCode(answer)]).toEqual([504, "ORIGIN_TIMEOUT"]);
  });

  it("is not there gives 502", async () => {
    const { port } = await edge({ origins: [await freePort()] });
    const answer = await ask(port, "/");
    expect([answer.status, errorCode(answer)]).toEqual([502, "ORIGIN_UNREACHABLE"]);
  });

  it("is not configured gives 502", async () => {
    const { port } = await edge();
    expect(errorCode(await ask(port, "/"))).toBe("ORIGIN_NOT_CONFIGURED");
  });

  it("has an address the node does not allow gives 502", async () => {
    const { port } = await edge({ domain: { sources: [loopbackSource(80, { origin_addr: "10.1.2.3" })] } });
    expect(errorCode(await ask(port, "/"))).toBe("ORIGIN_DENIED");
  });

  it("closes a kept-alive connection just when it is used again is asked once more on a new one", async () => {
    let answers = 0;
    const source = await rawOrigin((socket) => {
      const answer = (): void => {
        if (++answers === 2) socket.destroy();
        else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${answers}`);
      };
      answer();
      socket.on("data", answer);
    });
    const { port } = await edge({ origins: [source.port] });
    expect((await ask(port, "/a")).text).toBe("1");
    expect((await ask(port, "/b")).text).toBe("3");
  });

  it("lets a POST be lost is not asked twice", async () => {
    const source = await rawOrigin((socket) => socket.destroy());
    const { port } = await edge({ origins: [source.port] });
    const answer = await ask(port, "/", { method: "POST", body: "pay" });
    expect(errorCode(answer)).toBe("ORIGIN_TRUNCATED");
    expect(source.connections).toBe(1);
  });
});

describe("several origins:", () => {
  it("the next one is asked when the first cannot be reached, a backup after all others", async () => {
    const backup = await origin((_request, response) => response.end("backup"));
    const { port } = await edge({
      domain: {
        sources: [
          loopbackSource(backup.port, { priority: 30 }),
          loopbackSource(await freePort(), { priority: 70 }),
          loopbackSource(await freePort(), { priority: 70 }),
        ],
      },
    });
    expect((await ask(port, "/")).text).toBe("backup");
  });

  it("each gets its own host name, and the client's when it has none", async () => {
    const source = await origin((request, response) => response.end(request.headers.host));
    const named = await edge({ domain: { sources: [loopbackSource(source.port, { host_name: "real.test" })] } });
    expect((await ask(named.port, "/")).text).toBe("real.test");
    const plain = await edge({ origins: [source.port] });
    expect((await ask(plain.port, "/")).text).toBe("site.test");
  });
});

it("an origin gets the request framed anew, with the node's own fields", async () => {
  const source = await rawOrigin(says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const { port } = await edge({ origins: [source.port] });
  const chunks = "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
  await rawExchange(
    port,
    `POST /a?b HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nVia: 1.1 before\r\nCDN-Loop: other\r\n\r\n${chunks}`,
  );
  const [head] = (source.received[0] ?? "").split("\r\n\r\n");
  expect(head?.toLowerCase().split("\r\n")).toEqual(
    expect.arrayContaining([
      "post /a?b http/1.1",
      "host: site.test",
      "transfer-encoding: chunked",
      "via: 1.1 before, 1.1 selvage",
      "cdn-loop: other, selvage",
      "x-forwarded-for: 127.0.0.1",
      "x-forwarded-proto: http",
      "x-forwarded-host: site.test",
      "x-request-id: test-0",
    ]),
  );
});
