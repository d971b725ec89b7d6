/** Clients of the TLS port that attack the front itself: floods of requests, heads without end, answers that nobody takes. */
import { setImmediate as turn } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Outcome } from "../../../runtime/driver.ts";
import { tlsLimits } from "../../../sdk/cdn-limits.ts";
import { rawExchange } from "../support/client.ts";
import { ManualClock, type Edge, type EdgeOptions } from "../support/edge.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import { answerOf, askHttp1, askHttp2, connectTls, HOST, openHttp2, rawTlsExchange } from "../support/tls-client.ts";

/** The machine may be busy. */
const PATIENT = { timeout: 60_000 };
const opened = opensThings();
const sockets: TLSSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n`;

function start(options: EdgeOptions = {}): Promise<Edge> {
  return opened.edge({
    certificates: ["www"],
    functions: { hello: () => textOutcome("hello") },
    rules: [{ phase: "fetch", function: "hello" }],
    ...options,
    domain: { domain: HOST },
  });
}

async function connect(site: Edge, protocol: "http/1.1" | "h2"): Promise<TLSSocket> {
  const socket = await connectTls(site.tlsPort, { ALPNProtocols: [protocol] });
  sockets.push(socket);
  return socket;
}

const closed = (socket: TLSSocket): Promise<void> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));

describe("a flood of requests on one HTTP/1.1 connection", () => {
  it("ends it when more wait for their answers than may, and stops what they began", async () => {
    const site = await start({ functions: { hello: () => new Promise(() => {}) } });
    const socket = await connect(site, "http/1.1");
    socket.resume();
    socket.write(Array.from({ length: 1_000 }, (_, index) => get(`/${index}`)).join(""));
    await closed(socket);
    expect(site.driver.invocations.length).toBeLessThanOrEqual(tlsLimits.pipelinedMax);
    await expect.poll(() => site.front.requestsInFlight, PATIENT).toBe(0);
  });

  it("is forgotten when its client goes before the answers", async () => {
    const site = await start({ functions: { hello: () => new Promise(() => {}) } });
    const socket = await connect(site, "http/1.1");
    socket.write(get("/x") + get("/y") + get("/z"));
    await expect.poll(() => site.front.requestsInFlight, PATIENT).toBe(3);
    socket.destroy();
    await expect.poll(() => site.front.requestsInFlight, PATIENT).toBe(0);
  });

  it("as many as may are all answered, and further ones after them", async () => {
    const site = await start();
    const many = get("/x").repeat(tlsLimits.pipelinedMax - 1);
    const answer = await rawTlsExchange(site.tlsPort, many + get("/x", "Connection: close\r\n"));
    expect(answer.split("HTTP/1.1 200 ")).toHaveLength(tlsLimits.pipelinedMax + 1);
    const socket = await connect(site, "http/1.1");
    let seen = "";
    socket.on("data", (chunk: Buffer) => (seen += chunk.toString("latin1")));
    for (let round = 1; round <= 3; round++) {
      socket.write(get("/x").repeat(100));
      await expect.poll(() => seen.split("HTTP/1.1 200 ").length - 1, PATIENT).toBe(100 * round);
    }
  });
});

describe("an upgrade that is asked for behind a request on the same connection", () => {
  const upgrade = get(
    "/ws",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
  );
  const waits = { functions: { hello: () => new Promise<never>(() => {}) } };

  it.each([
    ["a request that waits for its answer", get("/x"), waits],
    ["one that is answered at once", get("/x"), {}],
    ["one with an expectation that nobody knows", get("/x", "Expect: a\r\n"), waits],
    ["many", get("/x").repeat(20), waits],
  ])("behind %s costs this connection alone", async (_case, before, options) => {
    const site = await start(options);
    const answer = await rawTlsExchange(site.tlsPort, before + upgrade);
    expect(answer).not.toContain(" 101 ");
    await expect.poll(() => site.front.requestsInFlight, PATIENT).toBe(0);
    // It was seen to be out of turn, and not by an exception.
    expect(site.errors).toEqual([]);
    expect(site.driver.invocations.filter(({ url }) => url.endsWith("/ws"))).toEqual([]);
  });

  it.each([
    ["one that ends the connection", get("/x", "Connection: close\r\n"), 200],
    ["one that is refused", get("/x", "Host: b\r\n"), 400],
    ["one of another host", get("/x").replace(HOST, "other.example"), 421],
  ])("behind %s is not looked at", async (_case, before, status) => {
    const site = await start();
    const answer = await rawTlsExchange(site.tlsPort, before + upgrade);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
    expect(site.errors).toEqual([]);
    expect(site.driver.invocations.filter(({ url }) => url.endsWith("/ws"))).toEqual([]);
  });

  it("CONNECT behind many costs this connection alone, too", async () => {
    const site = await start(waits);
    expect(await rawTlsExchange(site.tlsPort, get("/x").repeat(20) + get("/x").replace("GET", "CONNECT"))).toBe("");
    await expect.poll(() => site.front.requestsInFlight, PATIENT).toBe(0);
    expect(site.errors).toEqual([]);
  });

  it("after its answer is taken", async () => {
    const site = await start();
    const socket = await connect(site, "http/1.1");
    let seen = "";
    socket.on("data", (chunk: Buffer) => (seen += chunk.toString("latin1")));
    socket.write(get("/x"));
    await expect.poll(() => seen, PATIENT).toContain("hello");
    socket.write(upgrade);
    await closed(socket);
    expect(site.driver.invocations.map(({ url }) => new URL(url).pathname)).toEqual(["/x", "/ws"]);
  });
});

describe("bytes that are no request", () => {
  const junk = "\x01 junk\r\n\r\n";

  it("end the connection while an answer is under way, and nothing is written into it", async () => {
    async function* chunks(): AsyncGenerator<Uint8Array, void> {
      yield Buffer.from("begun");
      await new Promise(() => {});
    }
    const hello = (): Outcome => {
      const body = { kind: "stream", chunks: chunks(), lengthBytes: 100 } as const;
      return { kind: "response", status: 200, headers: "", body };
    };
    const site = await start({ functions: { hello } });
    const socket = await connect(site, "http/1.1");
    let seen = "";
    socket.on("data", (chunk: Buffer) => (seen += chunk.toString("latin1")));
    socket.write(get("/x"));
    await expect.poll(() => seen, PATIENT).toContain("begun");
    socket.write(junk);
    await closed(socket);
    expect(seen.endsWith("\r\n\r\nbegun")).toBe(true);
  });

  it("end it without an answer while a request waits for its own", async () => {
    const site = await start({ functions: { hello: () => new Promise(() => {}) } });
    expect(await rawTlsExchange(site.tlsPort, get("/x") + junk)).toBe("");
    await expect.poll(() => site.front.requestsInFlight, PATIENT).toBe(0);
  });

  it("are nobody's behind a request that ends the connection", async () => {
    const site = await start();
    const answer = await rawTlsExchange(site.tlsPort, get("/x", "Connection: close\r\n") + junk);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nhello$/);
  });

  it("get an answer when nothing else is owed", async () => {
    const site = await start();
    expect(await rawTlsExchange(site.tlsPort, junk)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

it("an expectation that nobody knows is no reason to refuse a request, as on the plain port", async () => {
  const site = await start();
  const fields = "Expect: a\r\nConnection: close\r\n";
  expect(await rawTlsExchange(site.tlsPort, get("/x", fields))).toMatch(/^HTTP\/1\.1 200 [^]*hello$/);
  expect(await rawExchange(site.port, get("/x", fields))).toMatch(/^HTTP\/1\.1 200 [^]*hello$/);
});

describe("a head without end", () => {
  it("over HTTP/1.1 is answered with 431 and closed; what is not read before that may cost the answer", async () => {
    const site = await start();
    for (const count of [65_537, 99_000]) {
      const fields = `X: ${"a".repeat(count)}\r\n`;
      expect(await rawTlsExchange(site.tlsPort, get("/x", fields))).toMatch(/^HTTP\/1\.1 431 /);
    }
    for (const fields of [`X: ${"a".repeat(3_000_000)}\r\n`, "X: a\r\n".repeat(400_000)]) {
      expect(await rawTlsExchange(site.tlsPort, get("/x", fields))).toMatch(/^(?:HTTP\/1\.1 431 |$)/);
    }
    expect(site.driver.invocations).toEqual([]);
  });

  it("over HTTP/2 is refused, in one frame and in many (CVE-2024-27316)", PATIENT, async () => {
    const site = await start();
    const session = await openHttp2(site.tlsPort);
    const stream = session.request({ ":authority": HOST, x: "a".repeat(100_000) });
    const outcome = await answerOf(stream).then(
      ({ status }) => status,
      () => "reset",
    );
    expect([431, "reset"]).toContain(outcome);
    session.destroy();
    const socket = await connect(site, "h2");
    socket.resume();
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.write(Buffer.from([0, 0, 0, 0x4, 0, 0, 0, 0, 0]));
    // HEADERS that do not end, then CONTINUATION frames, each a literal field without a name in the table.
    const field = Buffer.concat([Buffer.from([0, 1]), Buffer.from("x"), Buffer.from([100]), Buffer.alloc(100, "a")]);
    const fields = Buffer.concat(Array.from({ length: 100 }, () => field));
    socket.write(frame(0x1, Buffer.from([0x83, 0x87, 0x84])));
    for (let count = 0; count < 10_000 && !socket.destroyed; count++) {
      socket.write(frame(0x9, fields));
      await turn();
    }
    await closed(socket);
    expect(site.driver.invocations).toEqual([]);
    expect((await askHttp2(site.tlsPort, "/")).status).toBe(200);
  });
});

function frame(type: number, payload: Buffer): Buffer {
  const { length } = payload;
  return Buffer.concat([Buffer.from([length >> 16, length >> 8, length, type, 0, 0, 0, 0, 1]), payload]);
}

describe("a client that does not take its answer", () => {
  it("is given up after a minute over HTTP/1.1", async () => {
    const clock = new ManualClock();
    // More than the system holds for both ends.
    const body = { kind: "bytes", bytes: Buffer.alloc(40_000_000) } as const;
    const large = (): { kind: "response"; status: number; headers: string; body: typeof body } => ({
      kind: "response",
      status: 200,
      headers: "",
      body,
    });
    const site = await start({ front: { clock }, functions: { hello: large } });
    const socket = await connect(site, "http/1.1");
    socket.pause();
    const before = clock.timers;
    socket.write(get("/x"));
    while (clock.timers === before) await turn();
    clock.advance(tlsLimits.stalledMs - 1);
    expect(site.front.requestsInFlight).toBe(1);
    // What the system still took may have begun the time anew.
    await expect
      .poll(() => {
        clock.advance(tlsLimits.stalledMs);
        return site.front.requestsInFlight;
      }, PATIENT)
      .toBe(0);
    socket.resume();
    await closed(socket);
  });

  it("is given up after a minute over HTTP/2, also when the answer is small and was written at once", async () => {
    const clock = new ManualClock();
    const site = await start({ front: { clock } });
    const session = await openHttp2(site.tlsPort, HOST, { settings: { initialWindowSize: 0 } });
    const stream = session.request({ ":authority": HOST });
    const outcome = answerOf(stream).then(
      () => "whole",
      () => "reset",
    );
    await new Promise((resolve) => stream.once("response", resolve));
    expect(clock.timers).toBeGreaterThan(0);
    clock.advance(tlsLimits.stalledMs);
    expect(await outcome).toBe("reset");
    session.destroy();
    // One that takes it leaves no timer behind.
    await askHttp1(site.tlsPort, "/");
    await askHttp2(site.tlsPort, "/");
    await expect.poll(() => clock.timers, PATIENT).toBe(0);
  });
});
