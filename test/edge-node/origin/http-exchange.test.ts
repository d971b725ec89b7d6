import net from "node:net";
import { describe, expect, it } from "vitest";
import { emptyBody, type Body } from "../../../runtime/body.ts";
import type { Connections, ConnectionsOptions } from "../../../edge-node/origin/connections.ts";
import type { AwaitedExchange } from "../../../edge-node/origin/http-exchange.ts";
import { answering, EMPTY, OK, openConnections, outcome, send, text } from "../support/exchanges.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { opensThings } from "../support/opened.ts";
import { freePort } from "../support/origin.ts";

const { rawOrigin, keep } = opensThings();
const connections = (options: Partial<ConnectionsOptions> = {}): Promise<Connections> => keep(openConnections(options));

const streamed = (chunks: AsyncIterable<Uint8Array>, lengthBytes?: number): Body => ({
  kind: "stream",
  chunks,
  lengthBytes,
});

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of texts) yield await Promise.resolve(Buffer.from(piece));
}

describe("an answer's body", () => {
  it.each([
    ["that comes with the head is bytes", `${OK}Content-Length: 5\r\n\r\nhello`, "bytes", "hello"],
    ["in chunks, too", `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, "bytes", "hello"],
    ["may be empty", `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "empty", ""],
  ])("%s", async (_case, answer, kind, expected) => {
    const source = await rawOrigin(answering(answer));
    const result = await send(await connections(), source.port).result;
    if (result.kind !== "response") throw new Error(result.code);
    expect([result.body.kind, await text(result.body)]).toEqual([kind, expected]);
  });

  it("that came with the head stays as it is whatever is read next", async () => {
    const answers = ["first", "other", "third"].map((body) => `${OK}Content-Length: 5\r\n\r\n${body}`);
    const source = await rawOrigin(answering(...answers));
    const open = await connections();
    const results = [];
    for (let index = 0; index < 3; index++) results.push(await send(open, source.port).result);
    const bodies: string[] = [];
    for (const result of results) bodies.push(result.kind === "response" ? await text(result.body) : result.code);
    expect(bodies).toEqual(["first", "other", "third"]);
  });

  it("that comes later is a stream", async () => {
    const source = await rawOrigin((socket) => {
      socket.write(`${OK}Content-Length: 5\r\n\r\nhe`);
      setImmediate(() => setImmediate(() => socket.write("llo")));
    });
    expect(await outcome(send(await connections(), source.port))).toBe("hello");
  });

  it.each([
    ["is whole when the connection ends by itself", (socket: net.Socket) => socket.end(), "hello"],
    ["is broken when it is reset", (socket: net.Socket) => socket.resetAndDestroy(), "ORIGIN_TRUNCATED"],
  ])("without framing %s", async (_case, end, expected) => {
    const source = await rawOrigin((socket) => {
      socket.write(`${OK}\r\nhello`);
      setTimeout(() => end(socket), 20);
    });
    const result = outcome(send(await connections(), source.port));
    expect(await result.catch((error: { code: string }) => error.code)).toBe(expected);
  });

  it("is not read further than its reader reads", async () => {
    const source = await rawOrigin((socket) => {
      socket.write(`${OK}Content-Length: ${64 * 1024 * 1024}\r\n\r\n`);
      const piece = Buffer.alloc(1024 * 1024);
      for (let count = 0; count < 64; count++) socket.write(piece);
    });
    const counted = { bytes: 0 };
    const from = await connections();
    const onBytes = (bytes: number): void => void (counted.bytes += bytes);
    const result = await send(from, source.port, { onBytes }).result;
    if (result.kind !== "response" || result.body.kind !== "stream") throw new Error("expected a stream");
    let before = -1;
    while (counted.bytes === 0 || counted.bytes !== before) {
      before = counted.bytes;
      await settle();
    }
    expect(counted.bytes).toBeLessThan(512 * 1024);
    let bytes = 0;
    for await (const chunk of result.body.chunks) bytes += chunk.byteLength;
    expect(bytes).toBe(64 * 1024 * 1024);
  });
});

describe("a request's body", () => {
  it.each<[string, Body, string]>([
    ["text", { kind: "text", text: "h\u00e9" }, "content-length: 3\r\n\r\nh\xc3\xa9"],
    ["bytes", { kind: "bytes", bytes: Buffer.from("abc") }, "content-length: 3\r\n\r\nabc"],
    ["a stream of known length", streamed(pieces("a", "", "bc"), 3), "content-length: 3\r\n\r\nabc"],
    [
      "one of unknown length",
      streamed(pieces("a", "", "bc")),
      "transfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
    ],
    ["an empty one", streamed(pieces()), "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["none", emptyBody, "content-length: 0\r\n\r\n"],
  ])("is framed anew: %s", async (_case, body, expected) => {
    const source = await rawOrigin((socket) => {
      const answer = (): void => {
        if (source.received[0]?.endsWith(expected) === true) socket.write(EMPTY);
      };
      answer();
      socket.on("data", answer);
    });
    expect(await outcome(send(await connections(), source.port, { method: "POST", body }))).toBe("");
    expect(source.received[0]).toMatch(/^POST \/ HTTP\/1\.1\r\nhost: site\.test\r\n/);
  });

  it.each([
    ["longer", ["abc", "d"]],
    ["shorter", ["a"]],
  ])("that is %s than it said ends the connection", async (_case, texts) => {
    const source = await rawOrigin(() => {});
    const body = streamed(pieces(...texts), 3);
    expect(await outcome(send(await connections(), source.port, { method: "PUT", body }))).toBe("REQUEST_MALFORMED");
    expect(source.received[0] ?? "").not.toContain("abcd");
  });

  it("is given up when the answer came before its end, and the connection with it", async () => {
    let gaveUp = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          await settle();
          yield Buffer.from("x");
        }
      } finally {
        gaveUp = true;
      }
    }
    const source = await rawOrigin(answering(`${OK}Content-Length: 2\r\n\r\nno`));
    const from = await connections();
    expect(await outcome(send(from, source.port, { method: "POST", body: streamed(endless()) }))).toBe("no");
    await expect.poll(() => gaveUp).toBe(true);
    await outcome(send(from, source.port));
    expect(source.connections).toBe(2);
  });

  it("is not read faster than its server takes it", async () => {
    const reading = Promise.withResolvers<net.Socket>();
    const server = net.createServer({ pauseOnConnect: true }, (socket) => reading.resolve(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    let taken = 0;
    async function* big(): AsyncGenerator<Uint8Array> {
      for (; taken < 64; taken++) yield await Promise.resolve(Buffer.alloc(1024 * 1024));
    }
    const from = await connections();
    const running = send(from, port, { method: "PUT", body: streamed(big()), headTimeoutMs: 60_000 });
    const socket = await reading.promise;
    let before = -1;
    while (taken !== before) {
      before = taken;
      await settle();
    }
    expect(taken).toBeLessThan(32);
    let received = 0;
    socket.on("data", (chunk) => {
      received += chunk.byteLength;
      if (received > 64 * 1024 * 1024 && !socket.writableEnded) socket.end(EMPTY);
    });
    socket.resume();
    expect(await outcome(running)).toBe("");
    server.close();
  });

  it("that waits for its own source is no fault of the server, one that the server does not answer is", async () => {
    const clock = new FakeClock();
    const source = await rawOrigin(() => {});
    const going = Promise.withResolvers<void>();
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("a");
      await going.promise;
    }
    const body = streamed(slow());
    const running = send(await connections({ clock }), source.port, { method: "POST", body });
    let isOver = false;
    void running.result.then(() => (isOver = true));
    await expect.poll(() => source.received[0]?.endsWith("a\r\n")).toBe(true);
    await clock.advance(10_000);
    expect(isOver).toBe(false);
    going.resolve();
    await expect.poll(() => source.received[0]?.endsWith("0\r\n\r\n")).toBe(true);
    await clock.advance(2_000);
    expect(await outcome(running)).toBe("ORIGIN_TIMEOUT");
  });
});

describe("an exchange", () => {
  const failure = async (running: AwaitedExchange): Promise<unknown> => {
    const result = await running.result;
    return result.kind === "failed" ? [result.code, result.unsent, result.dropped] : result.status;
  };

  it("that cannot be written is not sent", async () => {
    const source = await rawOrigin(answering(EMPTY));
    const from = await connections();
    expect(await failure(send(from, source.port, { target: "/ HTTP/1.1" }))).toEqual(["NODE_INTERNAL", true, false]);
    expect(source.connections).toBe(0);
  });

  it("says whether its server can have seen it", async () => {
    const from = await connections();
    expect(await failure(send(from, await freePort()))).toEqual(["ORIGIN_UNREACHABLE", true, false]);
    const hangsUp = await rawOrigin((socket) => socket.destroy());
    expect(await failure(send(from, hangsUp.port))).toEqual(["ORIGIN_TRUNCATED", false, true]);
    const place = { origin: "http://10.0.0.1:1" };
    expect(await failure(send(from, 1, { place }))).toEqual(["EGRESS_DENIED", true, false]);
  });

  it("ends when it is aborted: while it connects, before the head, within the body, and not after the end", async () => {
    const silent = await rawOrigin(() => {});
    const from = await connections();
    const connecting = send(from, silent.port);
    connecting.abort();
    expect(await failure(connecting)).toEqual(["REQUEST_ABORTED", true, false]);
    const waiting = send(from, silent.port);
    await expect.poll(() => silent.received.length).toBeGreaterThan(0);
    waiting.abort("ORIGIN_TIMEOUT");
    expect(await failure(waiting)).toEqual(["ORIGIN_TIMEOUT", false, false]);
    const slow = await rawOrigin((socket) => socket.write(`${OK}Content-Length: 9\r\n\r\nx`));
    const reading = send(from, slow.port);
    await reading.result;
    reading.abort();
    await expect(outcome(reading)).rejects.toMatchObject({ code: "REQUEST_ABORTED" });
    const quick = await rawOrigin(answering(`${OK}Content-Length: 1\r\n\r\nx`));
    const over = send(from, quick.port);
    await over.result;
    over.abort();
    expect(await outcome(over)).toBe("x");
    expect(await outcome(send(from, quick.port))).toBe("x");
    expect(quick.connections).toBe(1);
  });

  it("that waits in the queue can be aborted there", async () => {
    const silent = await rawOrigin(() => {});
    const from = await connections();
    const place = { socketsMax: 1 };
    send(from, silent.port, { place });
    const queued = send(from, silent.port, { place });
    queued.abort();
    expect(await failure(queued)).toEqual(["REQUEST_ABORTED", true, false]);
  });

  it("is over exactly once, before its outcome is told", async () => {
    const source = await rawOrigin(answering(`${OK}Content-Length: 1\r\n\r\nx`));
    const from = await connections();
    for (const port of [source.port, await freePort()]) {
      let over = 0;
      const running = send(from, port, { onOver: () => over++ });
      const result = await running.result;
      expect(over).toBe(1);
      running.abort();
      if (result.kind === "response") await text(result.body);
      expect(over).toBe(1);
    }
  });

  it("has its time for a connection, a head and between two pieces", async () => {
    const clock = new FakeClock();
    const from = await connections({ clock, resolver: () => {} });
    const unresolved = send(from, 1, { place: { origin: "http://silent.test", connectTimeoutMs: 500 } });
    await clock.advance(800);
    expect(await failure(unresolved)).toEqual(["ORIGIN_TIMEOUT", true, false]);
    const silent = await rawOrigin(() => {});
    const waiting = send(from, silent.port);
    await expect.poll(() => silent.received.length).toBe(1);
    await clock.advance(1_300);
    expect(await failure(waiting)).toEqual(["ORIGIN_TIMEOUT", false, false]);
    const slow = await rawOrigin((socket) => socket.write(`${OK}Content-Length: 9\r\n\r\nx`));
    const reading = send(from, slow.port);
    await reading.result;
    await clock.advance(1_300);
    await expect(outcome(reading)).rejects.toMatchObject({ code: "ORIGIN_TIMEOUT" });
  });
});
