/** What an exception in a listener costs: on real sockets, in each way that a request comes. */
import { describe, expect, it } from "vitest";
import { AccessLog } from "../../../edge-node/access-log/access-log.ts";
import { systemClock } from "../../../edge-node/clock.ts";
import { contained } from "../../../edge-node/front/contained.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import { ask, rawExchange } from "../support/client.ts";
import type { Edge } from "../support/edge.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { askHttp1, askHttp2, HOST, openHttp2, rawTlsExchange } from "../support/tls-client.ts";

const opened = opensThings();
const broken = new Error("broken");
const fail = (): never => {
  throw broken;
};

describe("contained()", () => {
  it("lets the listener do its work, and nothing else happens", () => {
    const logger = new RecordingLogger();
    const seen: unknown[] = [];
    contained((...given: [string, number]) => seen.push(given), { logger, lose: fail })("a", 1);
    expect([seen, logger.lines]).toEqual([[["a", 1]], []]);
  });

  it("logs what the listener throws and ends what it was told of", () => {
    const logger = new RecordingLogger();
    const lost: unknown[] = [];
    contained<[string]>(fail, { logger, lose: (name) => lost.push(name) })("a");
    expect(lost).toEqual(["a"]);
    expect(logger.lines).toEqual([{ level: "error", event: "listener.failed", fields: { err: broken } }]);
  });

  it("throws not even when that cannot be ended", () => {
    const logger = new RecordingLogger();
    contained(fail, { logger, lose: fail })();
    expect(logger.lines.map(({ event }) => event)).toEqual(["listener.failed", "connection.not-closed"]);
  });
});

/** A front that can be made to throw where nobody expects it: when a request's place in the access log's sample is drawn. */
async function start(): Promise<{ readonly site: Edge; readonly breaking: (isBroken: boolean) => void }> {
  let isBroken = false;
  const accessLog = new AccessLog({
    node: "test",
    output: { write: () => Promise.resolve(), close: () => Promise.resolve() },
    clock: systemClock,
    random: () => (isBroken ? fail() : 0),
    logger: silentLogger,
  });
  const site = await opened.edge({
    certificates: ["www"],
    domain: { domain: HOST, access_log: { status: "on", sampling: 0.5 } },
    functions: { hello: () => textOutcome("hello") },
    rules: [{ phase: "fetch", function: "hello" }],
    front: { accessLog },
  });
  return { site, breaking: (next) => (isBroken = next) };
}

const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
const UPGRADE = GET.replace(
  "\r\n\r\n",
  "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
);
const POST = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 3\r\n\r\nabc`;

describe("an exception while a request is taken", () => {
  it.each([
    ["a request of the plain port", (site: Edge) => rawExchange(site.port, GET)],
    ["one with a body", (site: Edge) => rawExchange(site.port, POST)],
    ["one that asks for a WebSocket", (site: Edge) => rawExchange(site.port, UPGRADE)],
    ["a request over TLS", (site: Edge) => rawTlsExchange(site.tlsPort, GET)],
    ["one over TLS with a body", (site: Edge) => rawTlsExchange(site.tlsPort, POST)],
    ["one over TLS that asks for a WebSocket", (site: Edge) => rawTlsExchange(site.tlsPort, UPGRADE)],
    ["one over HTTP/2", (site: Edge) => http2Exchange(site.tlsPort)],
  ])("costs the connection of %s and nobody else's", async (_case, send) => {
    const { site, breaking } = await start();
    breaking(true);
    expect(await send(site)).toBe("");
    expect(site.errors).toEqual([{ event: "listener.failed", fields: { err: broken } }]);
    breaking(false);
    expect(site.front.requestsInFlight).toBe(0);
    expect((await ask(site.port, "/", { host: HOST })).status).toBe(200);
    expect((await askHttp1(site.tlsPort, "/")).status).toBe(200);
    expect((await askHttp2(site.tlsPort, "/")).status).toBe(200);
  });
});

/** What came of an answer until the connection was closed. */
async function http2Exchange(port: number): Promise<string> {
  const session = await openHttp2(port);
  const closed = new Promise((resolve) => session.once("close", resolve));
  const stream = session.request({ ":authority": HOST });
  let text = "";
  stream.on("error", () => {}).on("data", (chunk: Buffer) => (text += chunk.toString()));
  await closed;
  return text;
}
