/** Streamed answers after which the node itself ends a plain connection: whole by any reading, and nothing behind them is taken for a request. */
import http from "node:http";
import net from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Outcome } from "../../../runtime/driver.ts";
import { connectionLimits } from "../../../sdk/limits.ts";
import { rawExchange, type Answer as WholeAnswer } from "../support/client.ts";
import { ManualClock, type Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";

const opened = opensThings();
type Answer = Pick<WholeAnswer, "text" | "headers">;

const sockets: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const H = "Host: site.test\r\n";
const PIECES = ["a".repeat(300_000), "b".repeat(300_000)];
const WHOLE = PIECES.join("");
const bodies = { "of a known length": "sized", "of an unknown one": "unsized", "without a byte": "empty" } as const;
type Kind = (typeof bodies)[keyof typeof bodies];
const kinds = Object.entries(bodies);

interface Site extends Edge {
  readonly clock: ManualClock;
  /** Lets the function answer. */
  readonly open: () => void;
  /** Paths that the function was asked for. */
  readonly asked: () => readonly string[];
}

async function start(kind: Kind, gate: "open" | "shut" = "open"): Promise<Site> {
  async function* stream(): AsyncGenerator<Uint8Array, void> {
    await turn();
    for (const piece of kind === "empty" ? [] : PIECES) {
      yield Buffer.from(piece);
      await turn();
    }
  }
  const { promise: opening, resolve: open } = Promise.withResolvers<void>();
  const streams = async (): Promise<Outcome> => {
    await opening;
    const lengthBytes = kind === "sized" ? WHOLE.length : undefined;
    return { kind: "response", status: 200, headers: "", body: { kind: "stream", chunks: stream(), lengthBytes } };
  };
  const clock = new ManualClock();
  const functions = { streams };
  const site = await opened.edge({ functions, rules: [{ phase: "fetch", function: "streams" }], front: { clock } });
  if (gate === "open") open();
  return { ...site, clock, open, asked: () => site.driver.invocations.map(({ url }) => new URL(url).pathname) };
}

/** A raw connection, all that came on it, and whether it ended. */
function connect(port: number): {
  readonly socket: net.Socket;
  readonly seen: () => string;
  readonly isOpen: () => boolean;
} {
  const socket = net.connect(port, "127.0.0.1");
  sockets.push(socket);
  let text = "";
  let isOpen = true;
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).on("error", () => {});
  socket.on("close", () => (isOpen = false));
  return { socket, seen: () => text, isOpen: () => isOpen };
}

const upload = `POST /outer HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
const behind = `GET /behind HTTP/1.1\r\n${H}\r\n`;
/** The machine may be busy. */
const PATIENT = { timeout: 20_000 };
const END = "\r\n0\r\nx-end: 1\r\n\r\n";

/** With Node.js' own client, which takes no byte too many. `bytes`: of the body that it names; undefined: chunked, and whole. */
function uploadTo(port: number, bytes?: number): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  // Without one it would ask for the connection's end itself.
  const agent = new http.Agent({ keepAlive: true });
  const request = http.request({ port, host: "127.0.0.1", path: "/outer", method: "POST", agent });
  sockets.push(request, agent);
  request.setHeader("host", "site.test");
  if (bytes !== undefined) request.setHeader("content-length", bytes);
  request.on("error", reject).on("response", (response) => {
    let text = "";
    response.on("data", (chunk: Buffer) => (text += chunk.toString())).on("error", reject);
    response.on("end", () => resolve({ text, headers: response.headers }));
  });
  request.write("abc");
  if (bytes === undefined) request.end();
  return promise;
}

describe.each(kinds)("the answer to a chunked upload, %s,", (_name, kind) => {
  it("is whole and asks the client to leave", async () => {
    const { port } = await start(kind);
    const { text, headers } = await uploadTo(port);
    expect(text === (kind === "empty" ? "" : WHOLE)).toBe(true);
    expect([headers.connection, headers["transfer-encoding"], headers["content-length"]]).toEqual([
      "close",
      "chunked",
      undefined,
    ]);
  });

  it("is the last on its connection: what comes later ends it", async () => {
    const { port, asked } = await start(kind);
    const { socket, seen, isOpen } = connect(port);
    socket.write(upload);
    await expect.poll(() => seen().endsWith(END), PATIENT).toBe(true);
    socket.write(behind);
    await expect.poll(isOpen).toBe(false);
    expect(seen().endsWith(END)).toBe(true);
    expect(asked()).toEqual(["/outer"]);
  });

  it("ends the connection of a client that stays, after its time", async () => {
    const { port, clock } = await start(kind);
    const { socket, seen, isOpen } = connect(port);
    socket.write(upload);
    await expect.poll(() => seen().endsWith(END), PATIENT).toBe(true);
    clock.advance(connectionLimits.leaveMs - 1);
    expect(isOpen()).toBe(true);
    clock.advance(1);
    await expect.poll(isOpen).toBe(false);
  });
});

describe.each(kinds)("an answer of a front that drains, %s,", (_name, kind) => {
  it("is whole, and the last on its connection", async () => {
    const { port, asked, front, clock, open } = await start(kind, "shut");
    const { socket, seen, isOpen } = connect(port);
    socket.write(`GET /outer HTTP/1.1\r\n${H}\r\n`);
    await expect.poll(asked).toHaveLength(1);
    const drained = front.drain(60_000);
    open();
    await expect.poll(() => seen().endsWith(END), PATIENT).toBe(true);
    await drained;
    socket.write(behind);
    await expect.poll(isOpen).toBe(false);
    expect(seen().slice(0, 500)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*?\r\nconnection: close\r\n/);
    expect(asked()).toEqual(["/outer"]);
    expect(clock.timers).toBe(0);
  });
});

describe("a client that asks for the connection's end", () => {
  const asking = (value: string): string => `GET /outer HTTP/1.1\r\n${H}Connection: ${value}\r\n\r\n`;

  it("gets the length as always, and the end with the last byte", async () => {
    const { port } = await start("sized");
    const answer = await rawExchange(port, asking("close"));
    expect(answer.slice(0, 500)).toContain(`\r\nContent-Length: ${WHOLE.length}\r\n`);
    expect(answer.endsWith(`\r\n\r\n${WHOLE}`)).toBe(true);
  });

  it.each(["close, x", "x, close", "Close"])("in other words (%s) is not served any further, either", async (value) => {
    const { port, asked } = await start("sized");
    const { socket, seen, isOpen } = connect(port);
    socket.write(asking(value));
    await expect.poll(() => seen().endsWith(END), PATIENT).toBe(true);
    socket.write(behind);
    await expect.poll(isOpen).toBe(false);
    expect(asked()).toEqual(["/outer"]);
  });
});

it.each(kinds)("an answer %s that ends before the request's body is whole all the same", async (_name, kind) => {
  const { port } = await start(kind);
  expect((await uploadTo(port, 100_000)).text === (kind === "empty" ? "" : WHOLE)).toBe(true);
});
