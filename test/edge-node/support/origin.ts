/** Origins for tests: one that speaks proper HTTP, one that writes any bytes. */
import http from "node:http";
import net, { type AddressInfo } from "node:net";

export interface Origin {
  readonly port: number;
  readonly requests: http.IncomingMessage[];
  close(): Promise<void>;
}

export async function startOrigin(
  handle: (request: http.IncomingMessage, response: http.ServerResponse) => void,
): Promise<Origin> {
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface RawOrigin {
  readonly port: number;
  /** Everything each connection received, in order of connections. */
  readonly received: string[];
  connections: number;
  close(): Promise<void>;
}

/** Calls `answer` once for each connection, when its first bytes came. */
export async function startRawOrigin(answer: (socket: net.Socket) => void): Promise<RawOrigin> {
  const sockets = new Set<net.Socket>();
  const origin = { received: [] as string[], connections: 0 };
  const server = net.createServer((socket) => {
    const index = origin.connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk) => {
      origin.received[index] = (origin.received[index] ?? "") + chunk.toString("latin1");
    });
    socket.once("data", () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(origin, {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  });
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
