/* oxlint-disable unicorn/prefer-add-event-listener -- the attributes are part of what is tested */
import { beforeEach, describe, expect, test } from "vitest";
import type { OutgoingRequest } from "../../../../../runtime/guest/host-port.ts";
import { CloseEvent, WebSocket } from "../../../../../runtime/guest/parts/websocket/main.ts";
import { Blob } from "../../../../../runtime/guest/web/body/blob.ts";
import type { Event } from "../../../../../runtime/guest/web/events/event.ts";
import { describeResponse } from "../../../../../runtime/guest/message.ts";
import { Response } from "../../../../../runtime/guest/web/fetch/response.ts";
import type { FakeHostPort } from "../../fake-host-port.ts";
import { openingHost, type FakeSocket } from "./fake-socket.ts";

let port: FakeHostPort;
let sent: OutgoingRequest[];
let host: FakeSocket;

beforeEach(() => {
  ({ port, sent, host } = openingHost());
});

/** A client that is open, and the names of its events. */
async function openClient(): Promise<{ readonly socket: InstanceType<typeof WebSocket>; readonly seen: Event[] }> {
  const socket = new WebSocket("ws://server.example/");
  const seen: Event[] = [];
  for (const type of ["open", "message", "error", "close"]) socket.addEventListener(type, (event) => seen.push(event));
  await Promise.resolve();
  await Promise.resolve();
  expect(socket.readyState).toBe(1);
  return { socket, seen };
}

/** Calls a method with arguments its types do not allow. */
function call(
  socket: InstanceType<typeof WebSocket>,
  method: "close" | "send",
  parameters: readonly unknown[],
): unknown {
  const own = socket as unknown as Readonly<Record<string, (...parameters: readonly unknown[]) => unknown>>;
  return own[method]?.(...parameters);
}

const tick = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("the WebSocket constructor", () => {
  test.each([
    ["ws://a.example", "ws://a.example/", "http://a.example/"],
    ["wss://a.example:443/p?q", "wss://a.example/p?q", "https://a.example/p?q"],
    ["http://a.example:81/", "ws://a.example:81/", "http://a.example:81/"],
    ["HTTPS://A.example/%20", "wss://a.example/%20", "https://a.example/%20"],
  ])("%s is %s, asked for at %s", (given, url, asked) => {
    const socket = new WebSocket(given);
    expect([
      socket.url,
      socket.readyState,
      socket.binaryType,
      socket.extensions,
      socket.protocol,
      socket.bufferedAmount,
    ]).toEqual([url, 0, "blob", "", "", 0]);
    expect(sent).toMatchObject([{ method: "GET", url: asked, headers: "upgrade:websocket\n", redirect: "manual" }]);
  });

  test.each([
    ["", undefined],
    ["/relative", undefined],
    ["ftp://a.example/", undefined],
    ["about:blank", undefined],
    ["ws://a b/", undefined],
    ["ws://a.example/#part", undefined],
    ["ws://a.example/#", undefined],
    ["ws://a.example/", ""],
    ["ws://a.example/", "a b"],
    ["ws://a.example/", "a,b"],
    ["ws://a.example/", "é"],
    ["ws://a.example/", ["a", "a"]],
    ["ws://a.example/", ["a", "A"]],
    ["ws://a.example/", ["a", ""]],
  ])("new WebSocket(%j, %j) is a SyntaxError", (url, protocols) => {
    expect(() => new WebSocket(url, protocols)).toThrow(expect.objectContaining({ name: "SyntaxError", code: 12 }));
    expect(sent).toEqual([]);
  });

  test("needs an argument, and converts its arguments before it judges them", () => {
    expect(() => Reflect.construct(WebSocket, [])).toThrow(TypeError);
    expect(() => Reflect.construct(WebSocket, ["ws://a.example/", Symbol("s")])).toThrow(TypeError);
    expect(() => Reflect.apply(WebSocket, undefined, ["ws://a.example/"])).toThrow(TypeError);
    void Reflect.construct(WebSocket, [{ toString: () => "ws://a.example/" }, new Set(["a", "b"])]);
    expect(sent[0]?.headers).toBe("upgrade:websocket\nsec-websocket-protocol:a, b\n");
  });

  test("has the states as constants, on class and prototype", () => {
    for (const target of [WebSocket, WebSocket.prototype] as unknown as Readonly<Record<string, number>>[]) {
      expect(["CONNECTING", "OPEN", "CLOSING", "CLOSED"].map((name) => target[name])).toEqual([0, 1, 2, 3]);
    }
    expect(Object.prototype.toString.call(new WebSocket("ws://a.example/"))).toBe("[object WebSocket]");
  });
});

describe("a client", () => {
  test("opens, hears and closes, and holds its invocation while it connects", async () => {
    const socket = new WebSocket("ws://server.example:8080/x");
    expect(port.held).toBe(1);
    const seen: unknown[] = [];
    socket.onopen = (event) => seen.push(event.type, socket.readyState, socket.protocol);
    socket.onmessage = (event) => {
      const { data, origin } = event as unknown as { data: unknown; origin: string };
      seen.push(data, origin);
    };
    socket.onclose = (event) => seen.push(event);
    await tick();
    expect(port.held).toBe(0);
    let handled = 0;
    host.events?.message("hi", () => (handled += 1));
    host.events?.closed(1000, "bye", true);
    expect(handled).toBe(1);
    expect(seen.slice(0, 5)).toEqual(["open", 1, "chat", "hi", "ws://server.example:8080"]);
    expect(seen[5]).toBeInstanceOf(CloseEvent);
    expect(seen[5]).toMatchObject({ code: 1000, reason: "bye", wasClean: true });
    expect(socket.readyState).toBe(3);
    expect(seen).toHaveLength(6);
  });

  test("bytes come as binaryType says; other values for it are ignored", async () => {
    const { socket, seen } = await openClient();
    const bytes = (): ArrayBuffer => new Uint8Array([1, 2]).buffer;
    host.events?.message(bytes(), () => {});
    socket.binaryType = "arraybuffer";
    Reflect.set(socket, "binaryType", "nonsense");
    expect(socket.binaryType).toBe("arraybuffer");
    host.events?.message(bytes(), () => {});
    const [blob, buffer] = seen.map((event) => (event as unknown as { data: unknown }).data).slice(1);
    expect(blob).toBeInstanceOf(Blob);
    expect(await (blob as Blob).bytes()).toEqual(new Uint8Array([1, 2]));
    expect(buffer).toEqual(bytes());
  });

  test("send() takes strings, buffers, views and blobs, and counts their bytes until they left", async () => {
    const { socket } = await openClient();
    const view = new Uint8Array([0, 1, 2, 3]).subarray(1, 3);
    socket.send("é\ud800");
    socket.send(view);
    socket.send(view.slice().buffer);
    socket.send(new Blob(["abc"]));
    socket.send(new DataView(new ArrayBuffer(1)));
    call(socket, "send", [null]);
    view.fill(9);
    expect(host.sent[0]).toBe("é\ufffd");
    expect(host.sent.slice(1, 4).map((data) => [...new Uint8Array(data as ArrayBuffer)])).toEqual([
      [1, 2],
      [1, 2],
      [97, 98, 99],
    ]);
    expect(host.sent[5]).toBe("null");
    expect(socket.bufferedAmount).toBe(5 + 2 + 2 + 3 + 1 + 4);
    host.events?.sent();
    expect(socket.bufferedAmount).toBe(12);
  });

  test("send() while connecting is an InvalidStateError, after close() it only counts", async () => {
    const early = new WebSocket("ws://server.example/");
    expect(() => early.send("x")).toThrow(expect.objectContaining({ name: "InvalidStateError", code: 11 }));
    expect(() => call(early, "send", [])).toThrow(TypeError);
    const { socket } = await openClient();
    socket.close();
    socket.send("abc");
    expect([socket.readyState, socket.bufferedAmount, host.sent]).toEqual([2, 3, []]);
  });

  test.each([
    [[], [1005, ""]],
    [[1000], [1000, ""]],
    [
      [undefined, "r"],
      [1000, "r"],
    ],
    [
      [3000, "é".repeat(61)],
      [3000, "é".repeat(61)],
    ],
    [[4999.4], [4999, ""]],
    [["1000"], [1000, ""]],
  ])("close(%j) sends %j, once", async (parameters, expected) => {
    const { socket } = await openClient();
    call(socket, "close", parameters);
    socket.close(4000);
    expect(host.closes).toEqual([expected]);
    expect(socket.readyState).toBe(2);
  });

  test.each([[0], [500], [999], [1001], [1005], [1006], [1011], [2999], [5000], [65_536 + 1000], [Number.NaN], [null]])(
    "close(%j) is an InvalidAccessError and changes nothing",
    async (code) => {
      const { socket } = await openClient();
      expect(() => call(socket, "close", [code])).toThrow(
        expect.objectContaining({ name: "InvalidAccessError", code: 15 }),
      );
      expect([socket.readyState, host.closes]).toEqual([1, []]);
    },
  );

  test("a reason beyond 123 bytes is a SyntaxError, in every state", async () => {
    const { socket } = await openClient();
    const tooLong = expect.objectContaining({ name: "SyntaxError" });
    expect(() => socket.close(1000, "é".repeat(62))).toThrow(tooLong);
    socket.close();
    expect(() => socket.close(1000, "x".repeat(124))).toThrow(tooLong);
    expect(() => socket.close(1, "x".repeat(124))).toThrow(expect.objectContaining({ name: "InvalidAccessError" }));
  });

  test("close() while connecting ends in an error and 1006, and an answer that still comes is let go", async () => {
    let answer: (() => void) | null = null;
    let aborted = false;
    port.onFetch = (request, signal) => {
      signal?.addEventListener("abort", () => (aborted = true));
      return new Promise((resolve) => {
        answer = () =>
          resolve({
            status: 101,
            statusText: "",
            headers: "",
            body: null,
            url: request.url,
            redirected: false,
            socket: host,
          });
      });
    };
    const socket = new WebSocket("ws://server.example/");
    const seen: string[] = [];
    for (const type of ["open", "error", "close"]) socket.addEventListener(type, () => seen.push(type));
    socket.close();
    expect([socket.readyState, aborted]).toEqual([2, true]);
    (answer as unknown as () => void)();
    await tick();
    expect([socket.readyState, seen, host.closes, port.held]).toEqual([3, ["error", "close"], [[1006, ""]], 0]);
  });

  test("a refused handshake is an error, then 1006; nothing is thrown", async () => {
    port.onFetch = () => Promise.reject(new TypeError("fetch failed: no"));
    const socket = new WebSocket("ws://server.example/");
    const seen: Event[] = [];
    socket.onerror = (event) => seen.push(event);
    socket.onclose = (event) => seen.push(event);
    expect(socket.readyState).toBe(0);
    await tick();
    expect(seen).toMatchObject([
      { type: "error", message: "fetch failed: no" },
      { type: "close", code: 1006, wasClean: false },
    ]);
    expect(port.held).toBe(0);
  });

  test("messages that come while it closes are handled without an event", async () => {
    const { socket, seen } = await openClient();
    socket.close();
    let handled = 0;
    host.events?.message("late", () => (handled += 1));
    host.events?.closed(1006, "", false);
    host.events?.closed(1000, "", true);
    expect(handled).toBe(1);
    expect(seen.map(({ type }) => type)).toEqual(["open", "error", "close"]);
  });

  test("a handler that throws counts as having handled the message", async () => {
    const { socket } = await openClient();
    let handled = 0;
    socket.onmessage = () => {
      throw new Error("mine");
    };
    host.events?.message("x", () => (handled += 1));
    expect(handled).toBe(1);
  });

  test("cannot be accepted, nor given to a response that is sent", async () => {
    const { socket } = await openClient();
    expect(() => socket.accept()).toThrow(TypeError);
    expect(() => describeResponse(new Response(null, { status: 101, webSocket: socket }))).toThrow(TypeError);
  });
});

describe("CloseEvent", () => {
  test("converts its members as Web IDL says", () => {
    expect(new CloseEvent("x")).toMatchObject({ type: "x", code: 0, reason: "", wasClean: false });
    const init = { code: 65_537, reason: "\ud800", wasClean: 1 };
    expect(Reflect.construct(CloseEvent, ["x", init])).toMatchObject({ code: 1, reason: "\ufffd", wasClean: true });
    expect(() => Reflect.construct(CloseEvent, [])).toThrow(TypeError);
  });
});
