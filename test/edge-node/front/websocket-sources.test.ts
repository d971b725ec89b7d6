import type net from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { DomainConfig } from "../../../sdk/domain.ts";
import { systemClock, type Clock } from "../../../edge-node/clock.ts";
import { ask, errorCode } from "../support/client.ts";
import { loopbackSource, type Edge } from "../support/edge.ts";
import { freePort } from "../support/origin.ts";
import { opensThings } from "../support/opened.ts";
import { upgradeByHand } from "../support/socket-edge.ts";
import { connectPlain, startSocketOrigin, type SocketOrigin } from "../support/socket-origin.ts";
import { HOST } from "../support/tls-client.ts";

const { edge, keep, rawOrigin } = opensThings();
const PATIENT = { timeout: 60_000 };

const socketOrigin = (): Promise<SocketOrigin> => keep(startSocketOrigin());

/** Real timers, and a time that stands still: what is put aside stays there however slow the test is. */
class StandingClock implements Clock {
  readonly now = (): number => Date.UTC(2026, 0, 1);
  readonly monotonicMs = (): number => 0;
  readonly after = (delayMs: number, fire: () => void): (() => void) => systemClock.after(delayMs, fire);
}

interface Sources {
  readonly primary: number;
  readonly backup?: number;
  readonly max_connections?: number;
  readonly domain?: Partial<DomainConfig>;
  readonly clock?: Clock;
}

function site({ primary, backup, max_connections, domain, clock }: Sources): Promise<Edge> {
  const limited = max_connections === undefined ? {} : { max_connections };
  const sources = [loopbackSource(primary, { priority: 90, ...limited })];
  if (backup !== undefined) sources.push(loopbackSource(backup, { priority: 10 }));
  return edge({
    domain: { domain: HOST, sources, ...domain },
    ...(clock === undefined ? {} : { front: { clock } }),
  });
}

const get = (edge: Edge, path: string): ReturnType<typeof ask> => ask(edge.port, path, { host: HOST });

/** The status of the answer to a handshake. */
async function refusal(edge: Edge, path = "/ws"): Promise<number> {
  try {
    const { socket } = await connectPlain(edge, path);
    socket.terminate();
    return 101;
  } catch (error) {
    return Number(/\d+$/.exec(String(error))?.[0]);
  }
}

const hangsUp = (socket: net.Socket): void => {
  socket.destroy();
};

describe("a handshake that fails counts against its source", () => {
  it("which is not asked any more after three, by sockets and by requests", async () => {
    const primary = await rawOrigin(hangsUp);
    const backup = await socketOrigin();
    const running = await site({ primary: primary.port, backup: backup.port, clock: new StandingClock() });
    for (let count = 0; count < 5; count++) expect(await refusal(running)).toBe(101);
    // Each of the three was sent once more, like every request whose connection ends without an answer.
    expect(primary.connections).toBe(6);
    expect((await get(running, "/")).status).toBe(426);
    expect(primary.connections).toBe(6);
  });

  it("as failed requests keep sockets away", async () => {
    const primary = await rawOrigin(hangsUp);
    const backup = await socketOrigin();
    const running = await site({ primary: primary.port, backup: backup.port, clock: new StandingClock() });
    for (let count = 0; count < 3; count++) await get(running, `/${count}`);
    const { connections } = primary;
    expect(await refusal(running)).toBe(101);
    expect(primary.connections).toBe(connections);
  });

  it("and an accepted or refused one for it", async () => {
    const source = await socketOrigin();
    const running = await site({ primary: source.port, clock: new StandingClock() });
    expect(await refusal(running)).toBe(101);
    expect(await refusal(running, "/other")).toBe(403);
    await get(running, "/");
    const reports = await running.front.metrics();
    const statuses = reports.find(({ name }) => name === "selvage_source_answers_total")?.values;
    expect(statuses?.map(({ labels, value }) => [labels["status"], value])).toEqual([
      ["1xx", 1],
      ["4xx", 2],
    ]);
  });
});

describe("the next source gets a handshake", () => {
  it("when one is not there", async () => {
    const backup = await socketOrigin();
    expect(await refusal(await site({ primary: await freePort(), backup: backup.port }))).toBe(101);
  });

  it("when one is silent for the receive timeout", async () => {
    const primary = await rawOrigin(() => {});
    const backup = await socketOrigin();
    const domain = { origin_receive_timeout: 1 };
    expect(await refusal(await site({ primary: primary.port, backup: backup.port, domain }))).toBe(101);
    expect(primary.connections).toBe(1);
  });

  it("when one answers like a gateway without a server", async () => {
    const primary = await rawOrigin((socket) => socket.end("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"));
    const backup = await socketOrigin();
    expect(await refusal(await site({ primary: primary.port, backup: backup.port }))).toBe(101);
    expect(await refusal(await site({ primary: primary.port }))).toBe(503);
  });
});

describe("an origin that lies to a handshake", () => {
  it.each([
    ["never ends its head", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n", 504],
    [
      "accepts another key",
      "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
      502,
    ],
    ["speaks no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", 502],
    ["informs without end", "HTTP/1.1 102 Processing\r\n\r\n".repeat(17), 502],
    ["has a head without end", `HTTP/1.1 101 Yes\r\nX: ${"x".repeat(100_000)}`, 502],
    ["has two lengths", "HTTP/1.1 403 No\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nno", 502],
  ])("and %s is given up", async (_case, bytes, status) => {
    const source = await rawOrigin((socket) => socket.write(bytes));
    const running = await site({ primary: source.port, domain: { origin_receive_timeout: 1 } });
    expect(await refusal(running)).toBe(status);
    await expect.poll(() => running.front.requestsInFlight, PATIENT).toBe(0);
  });

  it("and drips its head is given up after the receive timeout", async () => {
    const source = await rawOrigin((socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nX: ");
      const timer = setInterval(() => socket.write("x"), 100);
      socket.on("close", () => clearInterval(timer));
    });
    expect(await refusal(await site({ primary: source.port, domain: { origin_receive_timeout: 1 } }))).toBe(504);
  });

  it.each([
    ["breaks off", (socket: net.Socket): unknown => socket.end("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nno")],
    ["falls silent", (socket: net.Socket): unknown => socket.write("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nno")],
  ])("and %s within its refusal never looks whole", async (_case, answer) => {
    const source = await rawOrigin(answer);
    const domain = { domain: "site.test", origin_idle_timeout: 1 };
    const running = await site({ primary: source.port, domain });
    const { socket, head } = await upgradeByHand(running.port, "/ws");
    let text = head;
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    await new Promise((resolve) => socket.once("close", resolve));
    expect(text).toContain("403");
    expect(text).not.toContain("\r\n0\r\n\r\n");
    await expect.poll(() => running.front.requestsInFlight, PATIENT).toBe(0);
  });
});

describe("a source's max_connections", () => {
  it.each([
    ["its client closes it", "client"],
    ["its client vanishes", "vanish"],
    ["its origin closes it", "origin"],
  ])("is used by an open socket until %s", async (_case, who) => {
    const source = await socketOrigin();
    const running = await site({ primary: source.port, max_connections: 1, domain: { origin_connect_timeout: 1 } });
    const { socket, end } = await connectPlain(running, "/ws");
    expect(errorCode(await get(running, "/waits"))).toBe("ORIGIN_OVERLOADED");
    expect(await refusal(running)).toBe(503);
    if (who === "client") socket.close();
    else if (who === "vanish") socket.terminate();
    else source.sockets[0]?.close();
    await end;
    await expect.poll(() => source.ends.length, PATIENT).toBe(1);
    expect((await get(running, "/free")).status).toBe(426);
    expect(await refusal(running)).toBe(101);
  });

  it("is free again after a refusal, a failure and a client that left", async () => {
    const source = await socketOrigin();
    const silent = await rawOrigin(() => {});
    const running = await site({ primary: source.port, max_connections: 1, domain: { origin_connect_timeout: 1 } });
    for (let count = 0; count < 3; count++) expect(await refusal(running, "/other")).toBe(403);
    const failing = await site({
      primary: silent.port,
      max_connections: 1,
      domain: { origin_connect_timeout: 1, origin_receive_timeout: 300 },
    });
    for (let count = 1; count <= 2; count++) {
      const leaving = new WebSocket(`ws://127.0.0.1:${failing.port}/ws`, { headers: { host: HOST } });
      leaving.on("error", () => {});
      await expect.poll(() => silent.connections, PATIENT).toBe(count);
      leaving.terminate();
      await expect.poll(() => failing.front.requestsInFlight, PATIENT).toBe(0);
    }
  });

  it("lets a socket wait for its turn, and go to the next source when there is none", async () => {
    const source = await socketOrigin();
    const backup = await socketOrigin();
    const domain = { origin_connect_timeout: 1 };
    const running = await site({ primary: source.port, backup: backup.port, max_connections: 1, domain });
    const first = await connectPlain(running, "/ws");
    const second = await connectPlain(running, "/ws");
    expect([source.sockets.length, backup.sockets.length]).toEqual([1, 1]);
    first.socket.close();
    second.socket.close();
  });
});
