import type { AddressInfo } from "node:net";
import http from "node:http";
import { afterEach, describe, expect, it } from "vitest";

/** The machine may be busy. */
const PATIENT = { timeout: 180_000 };
import { WebSocket, WebSocketServer, type ClientOptions } from "ws";
import type { DomainConfig } from "../../../sdk/domain.ts";
import { chainOf } from "../../support/certificates.ts";
import { freePort } from "../support/origin.ts";
import type { Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { HOST } from "../support/tls-client.ts";

const opened = opensThings();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface SocketOrigin {
  readonly port: number;
  readonly requests: http.IncomingMessage[];
  readonly sockets: WebSocket[];
  /** `CODE REASON` of each socket's end. */
  readonly ends: string[];
}

/** Echoes every message. Paths other than `/ws` are refused with 403. */
async function socketOrigin(): Promise<SocketOrigin> {
  const server = http.createServer((_request, response) => response.writeHead(426).end("plain"));
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  const origin: SocketOrigin = { port: 0, requests: [], sockets: [], ends: [] };
  server.on("upgrade", (request, socket, head) => {
    origin.requests.push(request);
    if (!request.url?.startsWith("/ws")) {
      socket.end("HTTP/1.1 403 Forbidden\r\nX-Why: path\r\nContent-Length: 2\r\n\r\nno");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      origin.sockets.push(client);
      client.on("message", (data, isBinary) => client.send(data, { binary: isBinary }));
      client.on("close", (code, reason) => origin.ends.push(`${code} ${reason.toString()}`));
      client.on("error", () => {});
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        for (const socket of origin.sockets) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { ...origin, port: (server.address() as AddressInfo).port };
}

interface Client {
  readonly socket: WebSocket;
  readonly messages: unknown[];
  readonly end: Promise<string>;
}

type Connect = (edge: Edge, path: string, protocols?: string[]) => Promise<Client>;

function client(socket: WebSocket): Promise<Client> {
  const messages: unknown[] = [];
  const end = new Promise<string>((resolve) => {
    socket.on("close", (code, reason) => resolve(`${code} ${reason.toString()}`));
  });
  socket.on("message", (data, isBinary) =>
    messages.push(isBinary ? [...(data as Buffer)] : (data as Buffer).toString()),
  );
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("open", () => resolve({ socket, messages, end }));
  });
}

const plain: Connect = ({ port }, path, protocols = []) =>
  client(new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers: { host: HOST, "x-mine": "1" } }));
const secure: Connect = ({ tlsPort }, path, protocols = []) =>
  client(
    new WebSocket(`wss://127.0.0.1:${tlsPort}${path}`, protocols, {
      headers: { host: HOST, "x-mine": "1" },
      ca: chainOf("ca"),
      servername: HOST,
    } as ClientOptions),
  );

async function site(origins: readonly number[], change: Partial<DomainConfig> = {}): Promise<Edge> {
  return await opened.edge({ certificates: ["www"], origins, domain: { domain: HOST, ...change } });
}

describe.each([
  ["plain", plain, "http"],
  ["TLS", secure, "https"],
] as const)("a WebSocket over %s that no function takes", (_name, connect, scheme) => {
  it("is the origin's: messages both ways, the protocol it chose, the client's fields", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    const { socket, messages } = await connect(edge, "/ws?a=1", ["one", "two"]);
    expect(socket.protocol).toBe("two");
    socket.send("hello");
    socket.send(Buffer.from([1, 2, 3]));
    await expect.poll(() => messages, PATIENT).toEqual(["hello", [1, 2, 3]]);
    expect(origin.requests[0]?.url).toBe("/ws?a=1");
    expect(origin.requests[0]?.headers).toMatchObject({
      host: HOST,
      "x-mine": "1",
      "x-forwarded-proto": scheme,
      "x-forwarded-for": "127.0.0.1",
      "cdn-loop": "selvage",
    });
    socket.close();
  });

  it("ends at one end as it was ended at the other", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    const first = await connect(edge, "/ws");
    first.socket.close(1_000, "done");
    await expect.poll(() => origin.ends, PATIENT).toEqual(["1000 done"]);
    const second = await connect(edge, "/ws");
    origin.sockets[1]?.close(4_000, "enough");
    expect(await second.end).toBe("4000 enough");
    const third = await connect(edge, "/ws");
    origin.sockets[2]?.terminate();
    expect(await third.end).toBe("1006 ");
    const fourth = await connect(edge, "/ws");
    fourth.socket.terminate();
    await expect.poll(() => origin.ends.at(-1), PATIENT).toBe("1006 ");
  });

  it("carries more than any buffer holds, both ways", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    const { socket, messages } = await connect(edge, "/ws");
    const message = "x".repeat(100_000);
    for (let round = 1; round <= 10; round++) {
      for (let count = 0; count < 10; count++) socket.send(message);
      await expect.poll(() => messages.length, PATIENT).toBe(10 * round);
    }
    expect(messages.every((received) => received === message)).toBe(true);
    socket.close();
  });

  it("gets the origin's refusal", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    await expect(connect(edge, "/other")).rejects.toThrow("Unexpected server response: 403");
  });

  it("goes to the next source when one cannot be reached, and fails when none can", async () => {
    const origin = await socketOrigin();
    const nobody = await freePort();
    const edge = await site([nobody, origin.port]);
    const { socket, messages } = await connect(edge, "/ws");
    socket.send("hello");
    await expect.poll(() => messages, PATIENT).toEqual(["hello"]);
    socket.close();
    await expect(connect(await site([nobody]), "/ws")).rejects.toThrow("Unexpected server response: 502");
  });

  it("is an ordinary request to the origin when the domain passes none on", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port], { websocket: { status: "off" } });
    await expect(connect(edge, "/ws")).rejects.toThrow("Unexpected server response: 426");
    expect(origin.requests).toEqual([]);
  });

  it("is told good-bye when the front drains", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    const { end } = await connect(edge, "/ws");
    await edge.front.drain(1_000);
    expect(await end).toMatch(/^1001 /);
    await expect.poll(() => origin.ends, PATIENT).toEqual(["1001 The node is shutting down"]);
  });
});
