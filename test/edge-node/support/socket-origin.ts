/** Origins that speak WebSocket, and clients that ask a front for one. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer, type ClientOptions } from "ws";
import { chainOf } from "../../support/certificates.ts";
import type { Edge } from "./edge.ts";
import { socketOverHttp2 } from "./http2-websocket.ts";
import { HOST } from "./tls-client.ts";

export interface SocketOrigin {
  readonly port: number;
  readonly requests: http.IncomingMessage[];
  readonly sockets: WebSocket[];
  /** `CODE REASON` of each socket's end. */
  readonly ends: string[];
  close(): Promise<void>;
}

/** Echoes every message. Paths other than `/ws` are refused with 403. */
export async function startSocketOrigin(): Promise<SocketOrigin> {
  const server = http.createServer((_request, response) => response.writeHead(426).end("plain"));
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  const origin = {
    requests: [] as http.IncomingMessage[],
    sockets: [] as WebSocket[],
    ends: [] as string[],
  };
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
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const socket of origin.sockets) socket.terminate();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { ...origin, port: (server.address() as AddressInfo).port, close };
}

export interface SocketClient {
  readonly socket: WebSocket;
  readonly messages: unknown[];
  readonly end: Promise<string>;
}

/** Rejects when there is another answer than 101. */
export type Connect = (edge: Edge, path: string, protocols?: string[]) => Promise<SocketClient>;

function client(socket: WebSocket): Promise<SocketClient> {
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

export const connectPlain: Connect = ({ port }, path, protocols = []) =>
  client(new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers: { host: HOST, "x-mine": "1" } }));
export const connectSecure: Connect = ({ tlsPort }, path, protocols = []) =>
  client(
    new WebSocket(`wss://127.0.0.1:${tlsPort}${path}`, protocols, {
      headers: { host: HOST, "x-mine": "1" },
      ca: chainOf("ca"),
      servername: HOST,
    } as ClientOptions),
  );

export const connectHttp2: Connect = async ({ tlsPort }, path, protocols = []) =>
  await client(await socketOverHttp2(tlsPort, path, protocols));
