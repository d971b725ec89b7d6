import type net from "node:net";
import { describe, expect, it } from "vitest";
import type { Connections, ConnectionsOptions, Place } from "../../../edge-node/origin/connections.ts";
import { answering, EMPTY, OK, openConnections, outcome, send, type Sent } from "../support/exchanges.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { opensThings } from "../support/opened.ts";

const { rawOrigin, keep } = opensThings();
const connections = (options: Partial<ConnectionsOptions> = {}): Promise<Connections> => keep(openConnections(options));

describe("a connection", () => {
  const twice = async (answer: string, change: Sent = {}): Promise<number> => {
    const source = await rawOrigin(answering(answer));
    const from = await connections({ clock: new FakeClock() });
    await outcome(send(from, source.port, change));
    await settle();
    await outcome(send(from, source.port, change));
    return source.connections;
  };

  it.each<[string, string, Sent]>([
    ["an answer with a length", `${OK}Content-Length: 1\r\n\r\nx`, {}],
    ["an answer in chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`, {}],
    ["HTTP/1.0 that says so", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", {}],
    ["HEAD", `${OK}Content-Length: 9\r\n\r\n`, { method: "HEAD" }],
    ["a body that was sent", EMPTY, { method: "PUT", body: { kind: "text", text: "x" } }],
    ["a time long enough", `${OK}Keep-Alive: timeout=3\r\nContent-Length: 0\r\n\r\n`, {}],
  ])("is used again after %s", async (_case, answer, change) => {
    expect(await twice(answer, change)).toBe(1);
  });

  it.each<[string, string, Sent]>([
    ["Connection: close", `${OK}Connection: close\r\nContent-Length: 0\r\n\r\n`, {}],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", {}],
    ["more than the answer", `${EMPTY}x`, {}],
    ["a second answer nobody asked for", `${EMPTY}${EMPTY}`, {}],
    ["a second answer after a length", `${OK}Content-Length: 1\r\n\r\nx${EMPTY}`, {}],
    ["a second answer after chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n${EMPTY}`, {}],
    ["a body after HEAD", `${OK}Content-Length: 1\r\n\r\nx`, { method: "HEAD" }],
    ["a body after 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\nx", {}],
    ["an empty line", `${EMPTY}\r\n`, {}],
    ["204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n", {}],
    ["a time too short", `${OK}Keep-Alive: timeout=2\r\nContent-Length: 0\r\n\r\n`, {}],
  ])("is not used again after %s", async (_case, answer, change) => {
    expect(await twice(answer, change)).toBe(2);
  });

  it("on which something comes unasked is closed", async () => {
    const closed = Promise.withResolvers<void>();
    const source = await rawOrigin((socket) => {
      socket.on("close", () => closed.resolve());
      socket.write(EMPTY);
      setTimeout(() => socket.write(`${OK}Content-Length: 6\r\n\r\nforged`), 20);
    });
    const from = await connections();
    expect(await outcome(send(from, source.port))).toBe("");
    await closed.promise;
    expect(await outcome(send(from, source.port))).toBe("");
    expect(source.connections).toBe(2);
  });

  it("with more than its answer serves nobody who waits for one", async () => {
    let count = 0;
    const source = await rawOrigin((socket) => {
      const own = `${OK}Content-Length: 1\r\n\r\n${++count}`;
      socket.write(`${own}${OK}Content-Length: 6\r\n\r\nforged`);
    });
    const from = await connections();
    const sent = [1, 2, 3].map(() => send(from, source.port, { place: { socketsMax: 1 } }));
    expect(await Promise.all(sent.map(outcome))).toEqual(["1", "2", "3"]);
    expect(source.connections).toBe(3);
  });

  it("of another server name, certificate policy, timeout or number is another one, over http of the name alone the same", async () => {
    const source = await rawOrigin(answering(EMPTY));
    const from = await connections();
    const places: readonly Partial<Place>[] = [{}, { connectTimeoutMs: 7 }, { socketsMax: 7 }, { serverName: "b" }];
    for (const place of places) await outcome(send(from, source.port, { place }));
    expect(source.connections).toBe(3);
    const secure = { origin: "https://127.0.0.1:1" };
    const pools = [
      from.pool({ ...secure, serverName: "a" }),
      from.pool({ ...secure, serverName: "b" }),
      from.pool({ ...secure, serverName: "a", certificate: "any" }),
    ];
    expect(new Set(pools).size).toBe(3);
    expect(from.pool({ ...secure, serverName: "a" })).toBe(pools[0]);
  });

  it("used last is used next, and an idle one is closed after its time", async () => {
    const clock = new FakeClock();
    const sockets: net.Socket[] = [];
    const source = await rawOrigin((socket) => {
      sockets.push(socket);
      answering(EMPTY)(socket);
    });
    const from = await connections({ clock });
    await Promise.all([outcome(send(from, source.port)), outcome(send(from, source.port))]);
    for (let round = 0; round < 3; round++) {
      await clock.advance(10_000);
      await outcome(send(from, source.port));
    }
    await expect.poll(() => sockets.filter(({ closed }) => closed).length).toBe(1);
    await clock.advance(20_000);
    await expect.poll(() => sockets.filter(({ closed }) => closed).length).toBe(2);
  });

  it("is waited for when all are at work, in order and not for ever", async () => {
    const clock = new FakeClock();
    const waiting: (() => void)[] = [];
    const source = await rawOrigin((socket) => {
      const answer = (): void => void waiting.push(() => socket.write(EMPTY));
      answer();
      socket.on("data", answer);
    });
    const from = await connections({ clock });
    const place = { socketsMax: 1, connectTimeoutMs: 500 };
    const [first, second, late] = [1, 2, 3].map(() =>
      outcome(send(from, source.port, { place, headTimeoutMs: 5_000 })),
    );
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()?.();
    expect(await first).toBe("");
    await expect.poll(() => waiting.length).toBe(1);
    await clock.advance(800);
    expect(await late).toBe("ORIGIN_OVERLOADED");
    waiting.shift()?.();
    expect(await second).toBe("");
    expect(source.connections).toBe(1);
  });
});

describe("close()", () => {
  it("ends what is idle, at work and waiting, and nothing is sent any more", async () => {
    const silent = await rawOrigin(() => {});
    const quick = await rawOrigin(answering(EMPTY));
    const from = await connections();
    await outcome(send(from, quick.port));
    const place = { socketsMax: 1 };
    const all = [send(from, silent.port, { place }), send(from, silent.port, { place })];
    await expect.poll(() => silent.received.length).toBe(1);
    await from.close();
    expect(await Promise.all(all.map(outcome))).toEqual(["ORIGIN_UNREACHABLE", "ORIGIN_UNREACHABLE"]);
    expect(await outcome(send(from, quick.port))).toBe("ORIGIN_UNREACHABLE");
    expect(quick.connections).toBe(1);
  });
});
