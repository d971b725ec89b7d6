/** Claims about the WebSockets that functions open: whom they reach, how messages flow, how they end. */
import { lookup, type LookupAddress } from "node:dns";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import type { Subrequest } from "../../../runtime/driver.ts";
import { socketLimits } from "../../../sdk/limits.ts";
import { Connections } from "../../../edge-node/origin/connections.ts";
import { compileEgress, judgePlace } from "../../../edge-node/origin/egress-rules.ts";
import { createEgressPolicy } from "../../../sdk/egress-policy.ts";
import { connectSocket } from "../../../edge-node/origin/socket-connection.ts";
import { deliver, SocketPeer } from "../../runtime/socket-peer.ts";
import { ask } from "../support/client.ts";
import { loopback, ManualClock } from "../support/edge.ts";
import { Client, startSocketEdge } from "../support/socket-edge.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Server {
  readonly port: number;
  readonly requests: http.IncomingMessage[];
  readonly sockets: WebSocket[];
}

/** Accepts WebSockets at every path but /no, which is answered with 403. */
async function startServer(onSocket: (socket: WebSocket) => void = () => {}): Promise<Server> {
  const requests: http.IncomingMessage[] = [];
  const sockets: WebSocket[] = [];
  const wss = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  const server = http.createServer();
  server.on("upgrade", (request, socket, head) => {
    requests.push(request);
    if (request.url === "/no") {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nX-Why: closed\r\n\r\nnot me");
      return;
    }
    wss.handleUpgrade(request, socket, head, (opened) => {
      sockets.push(opened);
      opened.on("error", () => {});
      onSocket(opened);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.terminate();
    server.closeAllConnections();
    return new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });
  return { port: (server.address() as AddressInfo).port, requests, sockets };
}

const echo = (socket: WebSocket): void => {
  socket.on("message", (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
};

function requestTo(url: string, headers = "upgrade:websocket\n"): Subrequest {
  return { target: { kind: "network" }, method: "GET", url, headers, body: { kind: "empty" }, redirect: "manual" };
}

function contextWith(options: { readonly policy?: typeof loopback; readonly addresses?: readonly string[] } = {}): {
  readonly connections: Connections;
  readonly addresses: null;
  readonly cdnLoop: string;
  readonly clock: ManualClock;
  readonly signal: AbortSignal;
} {
  const { addresses } = options;
  const connections = new Connections({
    policy: options.policy ?? loopback,
    resolver: (name, lookupOptions, callback) => {
      if (addresses === undefined) lookup(name, lookupOptions, callback);
      else
        callback(
          null,
          addresses.map((address): LookupAddress => ({ address, family: 4 })),
        );
    },
  });
  closing.push(() => connections.close());
  return {
    connections,
    addresses: null,
    cdnLoop: "selvage",
    clock: new ManualClock(),
    signal: new AbortController().signal,
  };
}

async function open(
  url: string,
  headers?: string,
): Promise<{
  readonly peer: SocketPeer;
  readonly end: Extract<Awaited<ReturnType<typeof connectSocket>>, { kind: "socket" }>;
  readonly clock: ManualClock;
}> {
  const peer = new SocketPeer();
  const context = contextWith();
  const connection = await connectSocket(context, requestTo(url, headers), peer);
  if (connection.kind !== "socket") throw new Error("a response came");
  return { peer, end: connection, clock: context.clock };
}

describe("connectSocket()", () => {
  test("opens a socket with the given protocols and fields, and its messages go both ways", async () => {
    const server = await startServer(echo);
    const fields =
      "upgrade:websocket\nconnection:x\nsec-websocket-protocol:a, b\nsec-websocket-key:mine\nx-own:1\nx-own:2\n";
    const { peer, end } = await open(`http://127.0.0.1:${server.port}/path?q=1`, fields);
    expect(end.headers).toBe("sec-websocket-protocol:b\n");
    await deliver(end.end, "snö");
    await deliver(end.end, new Uint8Array([1, 2]));
    expect(await peer.firstMessages(2)).toEqual(["snö", new Uint8Array([1, 2])]);
    const [request] = server.requests;
    expect(request?.url).toBe("/path?q=1");
    expect(request?.headers).toMatchObject({
      "cdn-loop": "selvage",
      host: `127.0.0.1:${server.port}`,
      "x-own": "1, 2",
    });
    expect(request?.headers["sec-websocket-key"]).not.toBe("mine");
    expect(request?.headers["sec-websocket-extensions"]).toBeUndefined();
  });

  test.each([
    [1000, "bye", 1000, "bye"],
    [1005, "", 1005, ""],
    [1001, "away", 1001, "away"],
  ])("close %i %s reaches the server, and its answer comes back", async (code, reason, seenCode, seenReason) => {
    const server = await startServer(echo);
    const { peer, end } = await open(`http://127.0.0.1:${server.port}/`);
    await expect.poll(() => server.sockets.length).toBe(1);
    const seen = new Promise((resolve) => server.sockets[0]?.on("close", (...close) => resolve(close)));
    end.end.close({ code, reason, wasClean: true });
    expect(await peer.firstClose()).toEqual({ code, reason, wasClean: true });
    expect(await seen).toEqual([seenCode, Buffer.from(seenReason)]);
  });

  test("a server's close and a server that vanishes are told", async () => {
    const server = await startServer((socket) => socket.on("message", () => socket.terminate()));
    const gone = await open(`http://127.0.0.1:${server.port}/`);
    gone.end.end.message("go", () => {});
    expect(await gone.peer.firstClose()).toEqual({ code: 1006, reason: "", wasClean: false });
    const bye = await startServer((socket) => socket.close(3000, "full"));
    const { peer } = await open(`http://127.0.0.1:${bye.port}/`);
    expect(await peer.firstClose()).toEqual({ code: 3000, reason: "full", wasClean: true });
  });

  test("a message beyond the limit ends the socket with 1009", async () => {
    const server = await startServer((socket) => socket.send("x".repeat(socketLimits.messageBytesMax + 1)));
    const { peer } = await open(`http://127.0.0.1:${server.port}/`);
    expect(await peer.firstClose()).toMatchObject({ code: 1009, wasClean: false });
  });

  test("a server that sends faster than messages are taken has to wait", async () => {
    const total = 64;
    const server = await startServer((socket) => {
      for (let sent = 0; sent < total; sent += 1) socket.send(new Uint8Array(1 << 20));
    });
    const peer = new SocketPeer();
    peer.takes = false;
    await connectSocket(contextWith(), requestTo(`http://127.0.0.1:${server.port}/`), peer);
    await peer.firstMessages(1);
    await expect.poll(() => server.sockets[0]?.bufferedAmount ?? 0).toBeGreaterThan(8 << 20);
    const held = peer.messages.length;
    expect(held).toBeLessThan(total / 2);
    peer.takes = true;
    for (const taken of peer.untaken.splice(0)) taken();
    expect(await peer.firstMessages(total)).toHaveLength(total);
  });

  test("a server that answers no ping is lost", async () => {
    const server = await startServer((socket) => socket.pause());
    const { peer, clock } = await open(`http://127.0.0.1:${server.port}/`);
    clock.advance(socketLimits.idleSeconds * 500);
    clock.advance(socketLimits.idleSeconds * 500);
    expect(await peer.firstClose()).toMatchObject({ code: 1006 });
  });

  test("another answer than 101 is a response", async () => {
    const server = await startServer();
    const url = `http://127.0.0.1:${server.port}/no`;
    const connection = await connectSocket(contextWith(), requestTo(url), new SocketPeer());
    expect(connection).toMatchObject({ kind: "response", response: { status: 403, statusText: "Forbidden", url } });
    if (connection.kind !== "response" || connection.response.body.kind !== "stream") throw new Error("no body");
    expect(connection.response.headers).toContain("x-why:closed\n");
    const chunks: Uint8Array[] = [];
    for await (const chunk of connection.response.body.chunks) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("not me");
  });

  test("an abort ends the handshake", async () => {
    const silent = http.createServer();
    silent.on("upgrade", () => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closing.push(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const controller = new AbortController();
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const connecting = connectSocket({ ...contextWith(), signal: controller.signal }, requestTo(url), new SocketPeer());
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: "REQUEST_ABORTED" });
  });
});

describe("egress", () => {
  const publicOnly = createEgressPolicy();

  test.each([
    ["127.0.0.1", undefined],
    ["[::1]", undefined],
    ["[::ffff:127.0.0.1]", undefined],
    ["0x7f.1", undefined],
    ["inside.example", ["10.0.0.1"]],
    ["metadata.example", ["169.254.169.254"]],
  ])("%s is refused, and nothing of the address is told", async (host, addresses) => {
    const server = await startServer(echo);
    const context = contextWith({ policy: publicOnly, ...(addresses === undefined ? {} : { addresses }) });
    const connecting = connectSocket(context, requestTo(`http://${host}:${server.port}/`), new SocketPeer());
    await expect(connecting).rejects.toMatchObject({
      code: "EGRESS_DENIED",
      message: "The address may not be reached",
    });
    expect(server.requests).toEqual([]);
  });

  test.each([
    ["refuse a name", { allow: ["other.test"], deny: [] }],
    ["refuse an address", { allow: null, deny: ["127.0.0.0/8"] }],
  ])("a function's own lists %s", async (_case, egress) => {
    const server = await startServer(echo);
    const url = `http://127.0.0.1:${server.port}/`;
    const context = { ...contextWith(), addresses: judgePlace(compileEgress(egress), new URL(url)) };
    await expect(connectSocket(context, requestTo(url), new SocketPeer())).rejects.toMatchObject({
      code: "FUNCTION_EGRESS_DENIED",
    });
    expect(server.requests).toEqual([]);
  });

  test("a closed port is unreachable, and a server that opens no WebSocket is malformed", async () => {
    const closed = connectSocket(contextWith(), requestTo("http://127.0.0.1:1/"), new SocketPeer());
    await expect(closed).rejects.toMatchObject({ code: "ORIGIN_UNREACHABLE" });
    const liar = http.createServer();
    liar.on("upgrade", (_request, socket) => {
      socket.end("HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n");
    });
    await new Promise<void>((resolve) => liar.listen(0, "127.0.0.1", resolve));
    closing.push(() => void liar.close());
    const url = `http://127.0.0.1:${(liar.address() as AddressInfo).port}/`;
    await expect(connectSocket(contextWith(), requestTo(url), new SocketPeer())).rejects.toMatchObject({
      code: "ORIGIN_MALFORMED",
    });
  });
});

describe("a function on a real front", () => {
  const relay = (port: number): string => `{ async fetch(request) {
    const url = "http://127.0.0.1:${port}" + new URL(request.url).pathname.replace("/relay", "");
    return fetch(url, { headers: request.headers });
  } }`;
  const asking = (port: number): string => `{ fetch() {
    return new Promise((resolve) => {
      const seen = [];
      const ws = new WebSocket("ws://127.0.0.1:${port}/");
      ws.onopen = () => ws.send("hi");
      ws.onmessage = ({ data }) => { seen.push(data); ws.close(1000); };
      ws.onerror = ({ message }) => seen.push(message);
      ws.onclose = ({ code, wasClean }) => resolve(Response.json([...seen, code, wasClean]));
    });
  } }`;

  test("hands a client's socket on to a server, both ways, with its protocol and its close", async () => {
    const server = await startServer(echo);
    const edge = await startSocketEdge({ relay: relay(server.port) });
    closing.push(() => edge.close());
    const client = new Client(edge.port, "/relay/x", ["a", "b"]);
    await client.sees(1);
    client.socket.send("through");
    client.socket.send(new Uint8Array([9]));
    expect(await client.sees(3)).toEqual(["open b", "through", [9]]);
    const closed = new Promise((resolve) => server.sockets[0]?.on("close", (code: number) => resolve(code)));
    client.socket.close(4003, "done");
    expect(await closed).toBe(4003);
    expect(await client.closed()).toBe("close 4003 done true");
    expect(server.requests[0]?.url).toBe("/x");
  });

  test("reaches a server by new WebSocket where that is allowed, and not where it is not", async () => {
    const server = await startServer(echo);
    const reaching = await startSocketEdge({ asking: asking(server.port) });
    closing.push(() => reaching.close());
    expect((await ask(reaching.port, "/asking/")).text).toBe(`["hi",1000,true]`);
    const shut = await startSocketEdge(
      { asking: asking(server.port) },
      { front: { functionEgress: createEgressPolicy() } },
    );
    closing.push(() => shut.close());
    const answer = JSON.parse((await ask(shut.port, "/asking/")).text) as unknown[];
    expect(answer).toEqual([expect.stringContaining("The address may not be reached"), 1006, false]);
    expect(server.requests).toHaveLength(1);
  });
});
