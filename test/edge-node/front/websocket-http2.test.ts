import http2, { type ClientHttp2Session, type OutgoingHttpHeaders } from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import { ask } from "../support/client.ts";
import { askForTunnel, openForTunnels, socketOverHttp2 } from "../support/http2-websocket.ts";
import { loopbackSource } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { startSocketEdge, type SocketEdge } from "../support/socket-edge.ts";
import { connectHttp2, startSocketOrigin } from "../support/socket-origin.ts";
import { answerOf, HOST, type TlsAnswer } from "../support/tls-client.ts";

const PATIENT = { timeout: 60_000 };
const { edge, keep, origin, rawOrigin } = opensThings();

const sessions: ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});

async function session(port: number): Promise<ClientHttp2Session> {
  const opened = await openForTunnels(port);
  sessions.push(opened);
  return opened;
}

const secured = { certificates: ["www"], domain: { domain: HOST } } as const;

/** The answer to a stream that asks for a WebSocket, changed by `changes`. */
async function refusal(port: number, changes: OutgoingHttpHeaders = {}): Promise<TlsAnswer> {
  return await answerOf(askForTunnel(await session(port), "/ws", changes));
}

const codeOf = ({ text }: TlsAnswer): unknown => (JSON.parse(text) as { error: { code: string } }).error.code;

describe("a function's WebSocket over HTTP/2", () => {
  const module = `{ fetch(request) {
    if (request.method !== "GET" || request.headers.get("upgrade") !== "websocket") return new Response("plain");
    const [mine, theirs] = Object.values(new WebSocketPair());
    mine.accept();
    mine.addEventListener("message", ({ data }) => mine.send("echo " + data));
    return new Response(null, { status: 101, webSocket: theirs, headers: { "sec-websocket-protocol": "b", "x-own": "1" } });
  } }`;
  const start = (): Promise<SocketEdge> => keep(startSocketEdge({ echo: module }, secured));

  it("is opened with 200 and the function's fields, none of them HTTP/1.1's, and goes both ways", async () => {
    const { tlsPort } = await start();
    const stream = askForTunnel(await session(tlsPort), "/echo/", { "sec-websocket-protocol": "a, b" });
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) => stream.on("response", resolve));
    expect(headers).toMatchObject({ ":status": 200, "sec-websocket-protocol": "b", "x-own": "1" });
    for (const name of ["upgrade", "connection", "sec-websocket-accept"]) expect(headers[name]).toBeUndefined();
    stream.close();
    const socket = await socketOverHttp2(tlsPort, "/echo/", ["b"]);
    const messages: string[] = [];
    socket.on("message", (data) => messages.push((data as Buffer).toString()));
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send("one");
    socket.send("x".repeat(300_000));
    await expect.poll(() => messages.length, PATIENT).toBe(2);
    expect([messages[0], messages[1]?.length]).toEqual(["echo one", 300_005]);
    socket.close(4_000, "done");
    expect(await new Promise((resolve) => socket.on("close", resolve))).toBe(4_000);
  });

  it("shares its connection with requests", async () => {
    const { tlsPort } = await start();
    const shared = await session(tlsPort);
    const tunnel = askForTunnel(shared, "/echo/", { "sec-websocket-protocol": "b" });
    await new Promise((resolve) => tunnel.on("response", resolve));
    const plain = shared.request({ ":path": "/echo/", ":authority": HOST, ":scheme": "https", ":method": "GET" });
    expect(await answerOf(plain)).toMatchObject({ status: 200, text: "plain" });
    expect(tunnel.closed).toBe(false);
  });

  it("counts among the front's WebSockets until it is over", async () => {
    const { tlsPort, front } = await start();
    const { socket, end } = await connectHttp2({ tlsPort } as SocketEdge, "/echo/", ["b"]);
    const open = async (): Promise<number | undefined> =>
      (await front.metrics()).find(({ name }) => name === "selvage_client_sockets")?.values[0]?.value;
    expect(await open()).toBe(1);
    socket.terminate();
    await end;
    await expect.poll(open, PATIENT).toBe(0);
  });
});

describe("an answer of 2xx that is no WebSocket", () => {
  it.each([200, 204])("is refused: it would open one (%i)", async (status) => {
    const source = await rawOrigin((socket) => socket.end(`HTTP/1.1 ${status} OK\r\n\r\n`));
    const { tlsPort } = await edge({ ...secured, origins: [source.port] });
    const answer = await refusal(tlsPort);
    expect([answer.status, codeOf(answer)]).toEqual([400, "SOCKET_NOT_OPENED"]);
    expect(answer.headers["cache-status"]).toContain("detail=FAILED");
  });

  it("and any other is passed on, its stream over for both", async () => {
    const source = await rawOrigin((socket) =>
      socket.end("HTTP/1.1 403 No\r\nX-Why: path\r\nContent-Length: 2\r\n\r\nno"),
    );
    const { tlsPort, front } = await edge({ ...secured, origins: [source.port] });
    expect(await refusal(tlsPort)).toMatchObject({ status: 403, text: "no", headers: { "x-why": "path" } });
    expect(front.requestsInFlight).toBe(0);
  });
});

describe("a stream that asks for something else", () => {
  it.each([
    [
      "a plain CONNECT",
      { ":protocol": undefined, ":scheme": undefined, ":path": undefined },
      405,
      "REQUEST_METHOD_REFUSED",
    ],
    ["another protocol", { ":protocol": "connect-udp" }, 405, "REQUEST_METHOD_REFUSED"],
    ["another version", { "sec-websocket-version": "8" }, 400, "REQUEST_MALFORMED"],
    ["no version", { "sec-websocket-version": undefined }, 400, "REQUEST_MALFORMED"],
    ["another host", { ":authority": "other.test" }, 421, "REQUEST_MISDIRECTED"],
    ["another scheme", { ":scheme": "http" }, 400, "REQUEST_MALFORMED"],
    ["a path outside the grammar", { ":path": "/%zz%" }, 400, "REQUEST_MALFORMED"],
  ])("%s is refused", async (_case, changes, status, code) => {
    const source = await keep(startSocketOrigin());
    const { tlsPort } = await edge({ ...secured, origins: [source.port] });
    const answer = await refusal(tlsPort, changes);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(source.requests).toEqual([]);
  });

  it("is refused when the domain passes none on, without asking its origin", async () => {
    const source = await origin((_request, response) => response.end("plain"));
    const domain = { ...secured.domain, websocket: { status: "off" } } as const;
    const { tlsPort } = await edge({ ...secured, domain, origins: [source.port] });
    const answer = await refusal(tlsPort);
    expect([answer.status, codeOf(answer), source.requests.length]).toEqual([400, "SOCKET_NOT_OPENED", 0]);
  });
});

describe("a stream that ends early", () => {
  it("while the origin is asked gives its source up", async () => {
    const silent = await rawOrigin(() => {});
    const sources = [loopbackSource(silent.port, { max_connections: 1 })];
    const { tlsPort, front } = await edge({ ...secured, domain: { ...secured.domain, sources } });
    const stream = askForTunnel(await session(tlsPort), "/ws");
    stream.on("error", () => {});
    await expect.poll(() => silent.connections, PATIENT).toBe(1);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await expect.poll(() => front.requestsInFlight, PATIENT).toBe(0);
  });

  it.each([
    ["reset", (stream: http2.ClientHttp2Stream): void => stream.close(http2.constants.NGHTTP2_CANCEL)],
    ["ended without a close frame", (stream: http2.ClientHttp2Stream): void => void stream.end()],
  ])("when it is open: %s, is a lost socket to the origin", async (_case, leave) => {
    const source = await keep(startSocketOrigin());
    const { port, tlsPort } = await edge({ ...secured, origins: [source.port] });
    const stream = askForTunnel(await session(tlsPort), "/ws");
    stream.on("error", () => {});
    await new Promise((resolve) => stream.on("response", resolve));
    leave(stream);
    await expect.poll(() => source.ends, PATIENT).toEqual(["1006 "]);
    expect((await ask(port, "/", { host: HOST })).status).toBe(426);
  });
});
