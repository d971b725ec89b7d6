/** Clients that attack the front itself, with raw sockets: floods of requests, answers nobody reads, more connections than allowed. */
import net from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import tls from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Edge } from "../support/edge.ts";
import { ManualClock } from "../support/edge.ts";
import { ask } from "../support/client.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();
const sockets: net.Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const get = "GET /x HTTP/1.1\r\nHost: site.test\r\n\r\n";
const getIfChanged = 'GET /x HTTP/1.1\r\nHost: site.test\r\nIf-None-Match: "x"\r\n\r\n';

/** A raw connection that reads nothing until it is told to. */
async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", onread: undefined });
  sockets.push(socket);
  socket.pause();
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return socket;
}

const closed = (socket: net.Socket): Promise<void> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));

/** All that comes until the end. */
async function readAll(socket: net.Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.resume();
  await closed(socket);
  return text;
}

/** What comes at first. */
async function readHead(socket: net.Socket): Promise<string> {
  socket.resume();
  return await new Promise((resolve) => socket.once("data", (chunk: Buffer) => resolve(chunk.toString("latin1"))));
}

/** A front with an object of so many bytes in its cache. */
async function withObject(bytes: number, options: Parameters<typeof edge>[0] = {}): Promise<Edge> {
  const { port } = await origin((_request, response) => {
    response.writeHead(200, { "cache-control": "max-age=1000", etag: '"x"' }).end(Buffer.alloc(bytes, "x"));
  });
  const site = await edge({ origins: [port], ...options });
  await ask(site.port, "/x");
  return site;
}

async function count(site: Edge, name: string): Promise<number> {
  const report = (await site.front.metrics()).find((metric) => metric.name === name);
  return report?.values.reduce((sum, { value }) => sum + value, 0) ?? Number.NaN;
}

describe("a flood of requests on one connection", () => {
  it("ends the connection when more come at once than a turn takes, and keeps nobody waiting", async () => {
    const site = await withObject(100);
    const socket = await connect(site.port);
    socket.write(get.repeat(3_000));
    const answer = await readAll(socket);
    expect(answer.split("HTTP/1.1 200 ").length - 1).toBeLessThanOrEqual(512);
    expect(await count(site, "selvage_deferred_requests_total")).toBeGreaterThanOrEqual(1);
    expect((await ask(site.port, "/x")).status).toBe(200);
  });

  it("a few requests at once are all answered, in order", async () => {
    const site = await withObject(100);
    const socket = await connect(site.port);
    socket.write(get.repeat(40) + get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    expect((await readAll(socket)).split("HTTP/1.1 200 ").length - 1).toBe(41);
  });

  it("ends the connection of a client that asks on and reads nothing, when the system holds no more for it", async () => {
    const site = await withObject(200_000);
    const socket = await connect(site.port);
    for (let index = 0; index < 200 && !socket.destroyed; index++) {
      socket.write(get);
      await turn();
      await ask(site.port, "/x", { method: "HEAD" });
    }
    socket.resume();
    await closed(socket);
    expect((await ask(site.port, "/x")).status).toBe(200);
  });

  it("answers without a body end their connection now and then, the longer the likelier", async () => {
    const site = await withObject(100, { front: { random: () => 0.000_1 } });
    for (const request of [getIfChanged, get.replace("GET", "HEAD")]) {
      const socket = await connect(site.port);
      socket.write(request);
      const [, head = ""] = /^HTTP\/1\.1 (.*)\r\n\r\n$/s.exec(await readHead(socket)) ?? [];
      expect(head.toLowerCase()).toContain("connection: close");
    }
    const usual = await withObject(100, { front: { random: () => 0.9 } });
    const socket = await connect(usual.port);
    socket.write(getIfChanged.repeat(3) + get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    expect((await readAll(socket)).split("HTTP/1.1 304 ").length - 1).toBe(3);
  });
});

describe("a client that does not read", () => {
  it("is given up after a minute without a byte", async () => {
    const clock = new ManualClock();
    // More than the system holds for both ends.
    const body = { kind: "bytes", bytes: Buffer.alloc(40_000_000) } as const;
    const site = await edge({
      front: { clock },
      functions: { large: () => ({ kind: "response", status: 200, headers: "", body }) },
      rules: [{ phase: "fetch", function: "large" }],
    });
    const socket = await connect(site.port);
    socket.write(get);
    while (clock.timers === 0) await turn();
    clock.advance(59_999);
    expect(site.front.requestsInFlight).toBe(1);
    clock.advance(60_000);
    while (site.front.requestsInFlight > 0) await turn();
    expect(await count(site, "selvage_stalled_clients_total")).toBe(1);
    socket.resume();
    await closed(socket);
  });
});

describe("connections", () => {
  it("beyond the bound are closed at once; when one ends there is room for another", async () => {
    const site = await edge({ front: { connectionsMax: 2 } });
    const [first, second] = [await connect(site.port), await connect(site.port)];
    const third = await connect(site.port);
    third.resume();
    await closed(third);
    expect(await count(site, "selvage_connections_refused_total")).toBe(1);
    expect(await count(site, "selvage_client_connections")).toBe(2);
    second.destroy();
    while ((await count(site, "selvage_client_connections")) > 1) await turn();
    const fourth = await connect(site.port);
    fourth.resume();
    fourth.write("GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n");
    expect(await readAll(fourth)).toContain("HTTP/1.1 502");
    expect(first.destroyed).toBe(false);
  });

  it("beyond the bound of an address are closed at once, unless it is a trusted proxy", async () => {
    const census = (): Promise<null> => new Promise(() => {});
    const strict = await edge({ front: { connectionsPerAddressMax: 1, census } });
    await connect(strict.port);
    const second = await connect(strict.port);
    second.resume();
    await closed(second);
    const trusting = await edge({
      front: { connectionsPerAddressMax: 1, census, trustedProxyNetworks: ["127.0.0.0/8"] },
    });
    await connect(trusting.port);
    expect((await ask(trusting.port, "/")).status).toBe(502);
  });

  it("over TLS are bounded before the handshake", async () => {
    const site = await edge({ certificates: ["www"], front: { connectionsPerAddressMax: 1 } });
    await connect(site.tlsPort);
    while ((await count(site, "selvage_client_connections")) === 0) await turn();
    const second = tls.connect({ port: site.tlsPort, host: "127.0.0.1", servername: "site.test" });
    sockets.push(second);
    const failed = await new Promise((resolve) => {
      second.once("secureConnect", () => resolve(false));
      second.once("error", () => resolve(true));
      second.once("close", () => resolve(true));
    });
    expect(failed).toBe(true);
    expect(await count(site, "selvage_connections_refused_total")).toBe(1);
  });
});
