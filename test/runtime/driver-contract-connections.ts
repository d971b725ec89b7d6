/** The part of the driver contract that is about WebSockets which functions open. */
import { expect, it } from "vitest";
import type { InvocationHost, Outcome } from "../../runtime/driver.ts";
import type { SocketClose } from "../../runtime/socket.ts";
import { quietHost, textOf } from "./driver-fixtures.ts";
import { SocketPeer } from "./socket-peer.ts";

export type Invoke = (
  module: string,
  more?: { readonly host?: Partial<InvocationHost> },
) => Promise<{ readonly outcome: Outcome; readonly logs: readonly string[] }>;

/** A server that greets, echoes, and closes when it is closed. */
const echoing: InvocationHost["connect"] = (request, guest) => {
  guest.message(`${request.url} ${request.headers.replaceAll("\n", ";")}`, () => {});
  return Promise.resolve({
    kind: "socket",
    headers: "sec-websocket-protocol:chat\n",
    end: {
      message(message, taken) {
        taken();
        guest.message(message, () => {});
      },
      close: (close) => guest.close(close),
    },
  });
};

export function openedSockets(invoke: Invoke): void {
  it("new WebSocket connects, echoes and closes", async () => {
    const { outcome } = await invoke(
      `{ fetch() { return new Promise((resolve) => {
        const seen = [];
        const ws = new WebSocket("wss://other.example/x", ["chat", "b"]);
        ws.binaryType = "arraybuffer";
        seen.push(ws.readyState);
        ws.onopen = () => { seen.push("open", ws.readyState, ws.protocol); ws.send(new Uint8Array([7])); };
        ws.onmessage = ({ data, origin }) => { seen.push(origin, typeof data === "string" ? data : [...new Uint8Array(data)]); if (typeof data !== "string") ws.close(3000, "r"); };
        ws.onclose = ({ code, reason, wasClean }) => resolve(Response.json([...seen, code, reason, wasClean]));
      }); } }`,
      { host: { connect: echoing } },
    );
    const greeting = "https://other.example/x upgrade:websocket;sec-websocket-protocol:chat, b;";
    const origin = "wss://other.example";
    expect(JSON.parse(await textOf(outcome))).toEqual([
      0,
      "open",
      1,
      "chat",
      origin,
      greeting,
      origin,
      [7],
      3000,
      "r",
      true,
    ]);
  });

  it("fetch with upgrade gives a socket to accept, or to hand on to the client", async () => {
    const closes: SocketClose[] = [];
    const { outcome } = await invoke(
      `{ fetch(request) { return fetch("http://up.example/", { headers: { Upgrade: "websocket" } }); } }`,
      {
        host: {
          connect: async (request, guest, signal) => {
            const connection = await echoing(request, guest, signal);
            if (connection.kind === "response") return connection;
            return { ...connection, end: { ...connection.end, close: (close) => closes.push(close) } };
          },
        },
      },
    );
    if (outcome.kind !== "upgrade") throw new Error(JSON.stringify(outcome));
    expect(outcome.headers).toBe("sec-websocket-protocol:chat\n");
    const peer = new SocketPeer();
    outcome.socket.attach(peer);
    outcome.socket.message("through", () => {});
    expect(await peer.firstMessages(2)).toEqual(["http://up.example/ upgrade:websocket;", "through"]);
    outcome.socket.close({ code: 1006, reason: "", wasClean: false });
    await expect.poll(() => closes).toEqual([{ code: 1006, reason: "", wasClean: false }]);
  });

  it("an ordinary answer to fetch with upgrade is a response", async () => {
    const response = {
      status: 403,
      statusText: "No",
      headers: "",
      body: { kind: "empty" },
      url: "",
      redirected: false,
    } as const;
    const { outcome } = await invoke(
      `{ async fetch() { const r = await fetch("http://up.example/", { headers: { Upgrade: "websocket" } }); return Response.json([r.status, r.webSocket]); } }`,
      { host: { connect: () => Promise.resolve({ kind: "response", response }) } },
    );
    expect(JSON.parse(await textOf(outcome))).toEqual([403, null]);
  });
}

/** Handshakes that do not end in a socket. */
export function handshakes(invoke: Invoke): void {
  it.each([
    [
      "refused",
      (): InvocationHost["connect"] => (request, guest, signal) => quietHost([]).connect(request, guest, signal),
    ],
    [
      "answered otherwise",
      (): InvocationHost["connect"] => () =>
        Promise.resolve({
          kind: "response",
          response: { status: 200, statusText: "", headers: "", body: { kind: "empty" }, url: "", redirected: false },
        }),
    ],
  ])("a handshake that is %s is an error and an unclean close", async (_name, connect) => {
    const { outcome } = await invoke(
      `{ fetch() { return new Promise((resolve) => {
        const seen = [];
        const ws = new WebSocket("ws://127.0.0.1/");
        ws.onopen = () => seen.push("open");
        ws.onerror = () => seen.push("error");
        ws.onclose = ({ code, wasClean }) => resolve(Response.json([...seen, ws.readyState, code, wasClean]));
      }); } }`,
      { host: { connect: connect() } },
    );
    expect(JSON.parse(await textOf(outcome))).toEqual(["error", 3, 1006, false]);
  });

  it("close() while connecting stops the handshake", async () => {
    const { outcome } = await invoke(
      `{ fetch() { return new Promise((resolve) => {
        const ws = new WebSocket("ws://slow.example/");
        ws.onclose = ({ code }) => resolve(Response.json([code, ws.readyState]));
        setTimeout(() => ws.close(), 10);
      }); } }`,
      {
        host: {
          connect: (_request, _guest, signal) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener("abort", () => reject(new Error("aborted")));
            }),
        },
      },
    );
    expect(JSON.parse(await textOf(outcome))).toEqual([1006, 3]);
  });

  it("WebSockets count as subrequests", async () => {
    const version = `{ async fetch() {
      const codes = await Promise.all(Array.from({ length: 51 }, () => new Promise((resolve) => {
        const ws = new WebSocket("ws://many.example/");
        ws.onopen = () => resolve("open");
        ws.onclose = () => resolve("refused");
      })));
      return Response.json(codes.filter((code) => code === "refused").length);
    } }`;
    const { outcome } = await invoke(version, { host: { connect: echoing } });
    expect(JSON.parse(await textOf(outcome))).toBe(1);
  });
}
