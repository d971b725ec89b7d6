/* oxlint-disable unicorn/prefer-add-event-listener -- the attributes are part of what is tested */
import { beforeEach, describe, expect, test } from "vitest";
import type { OutgoingRequest } from "../../../../../runtime/guest/host-port.ts";
import { WebSocket, WebSocketPair } from "../../../../../runtime/guest/parts/websocket/main.ts";
import { describeResponse } from "../../../../../runtime/guest/message.ts";
import { fetch } from "../../../../../runtime/guest/web/fetch/fetch.ts";
import { Response } from "../../../../../runtime/guest/web/fetch/response.ts";
import { openingHost, type FakeSocket } from "./fake-socket.ts";

let sent: OutgoingRequest[];
let host: FakeSocket;

beforeEach(() => {
  ({ sent, host } = openingHost());
});

const tick = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function pair(): readonly [InstanceType<typeof WebSocket>, InstanceType<typeof WebSocket>] {
  const ends = new WebSocketPair();
  return [ends[0], ends[1]];
}

describe("a pair", () => {
  test("its ends are own properties, open, silent before accept()", () => {
    const ends = new WebSocketPair();
    expect(Object.keys(ends)).toEqual(["0", "1"]);
    const [one] = pair();
    expect([one.readyState, one.url, one.binaryType]).toEqual([1, "", "arraybuffer"]);
    expect(() => one.send("x")).toThrow(TypeError);
    expect(() => one.close()).toThrow(TypeError);
    one.accept();
    one.accept();
    one.send("x");
  });

  test("listeners added just after accept() hear what came before it", async () => {
    const [one, other] = pair();
    one.accept();
    one.send("early");
    other.accept();
    const seen: unknown[] = [];
    other.onmessage = (event) => seen.push((event as unknown as { data: unknown }).data);
    await tick();
    expect(seen).toEqual(["early"]);
    expect(one.bufferedAmount).toBe(0);
  });

  test.each([1001, 1003, 1007, 1008, 1011, 1012, 1013, 1014])("an end may close with %i", async (code) => {
    const [one, other] = pair();
    one.accept();
    other.accept();
    const seen: unknown[] = [];
    one.onclose = other.onclose = (event) => seen.push(event);
    one.close(code, "why");
    await tick();
    expect(seen).toMatchObject([
      { code, reason: "why", wasClean: true },
      { code, reason: "why", wasClean: true },
    ]);
  });

  test.each([1004, 1005, 1006, 1015, 2000])("an end may not close with %i", (code) => {
    const [one] = pair();
    one.accept();
    expect(() => one.close(code)).toThrow(expect.objectContaining({ name: "InvalidAccessError" }));
  });
});

describe("a Response with a WebSocket", () => {
  test("has status 101, no body, and cannot be cloned", () => {
    const [client] = pair();
    const response = new Response(null, { status: 101, webSocket: client });
    expect([response.status, response.ok, response.body, response.webSocket]).toEqual([101, false, null, client]);
    expect(() => response.clone()).toThrow(TypeError);
    expect(new Response(null, response).webSocket).toBe(client);
    expect(new Response("x").webSocket).toBeNull();
  });

  test.each([
    ["101 alone", null, { status: 101 }, RangeError],
    ["101 with null", null, { status: 101, webSocket: null }, RangeError],
    ["another status", null, { status: 200, webSocket: "pair" }, RangeError],
    ["no status", null, { webSocket: "pair" }, RangeError],
    ["a body", "text", { status: 101, webSocket: "pair" }, TypeError],
    ["something else", null, { status: 101, webSocket: {} }, TypeError],
    ["a look-alike", null, { status: 101, webSocket: Object.create(WebSocket.prototype) as object }, TypeError],
  ])("with %s is refused", (_name, body, init, error) => {
    const options = "webSocket" in init && init.webSocket === "pair" ? { ...init, webSocket: pair()[0] } : init;
    expect(() => Reflect.construct(Response, [body, options])).toThrow(error);
  });

  test("sent, it joins the other end with the host: what was said goes first, then both ways", () => {
    const [client, server] = pair();
    server.accept();
    const seen: unknown[] = [];
    server.onmessage = (event) => seen.push((event as unknown as { data: unknown }).data);
    server.send("one");
    const { joinSocket } = describeResponse(new Response(null, { status: 101, webSocket: client }));
    expect(() => client.accept()).toThrow(TypeError);
    expect(() => describeResponse(new Response(null, { status: 101, webSocket: client }))).toThrow(TypeError);
    joinSocket?.(host);
    server.send("two");
    host.events?.message("back", () => {});
    expect(host.sent).toEqual(["one", "two"]);
    expect(seen).toEqual(["back"]);
    expect(server.bufferedAmount).toBe(6);
    host.events?.sent();
    expect(server.bufferedAmount).toBe(3);
  });
});

describe("fetch with upgrade", () => {
  test("gives a 101 with an end that is silent before accept()", async () => {
    const response = await fetch("http://server.example/", { headers: { Upgrade: "WebSocket" } });
    expect(response.status).toBe(101);
    const { webSocket } = response;
    expect([webSocket?.protocol, webSocket?.readyState, host.events]).toEqual(["chat", 1, null]);
    webSocket?.accept();
    await tick();
    webSocket?.send("x");
    expect([host.events === null, host.sent]).toEqual([false, ["x"]]);
  });

  test.each([
    [{ method: "POST" }, TypeError],
    [{ method: "PUT", body: "x" }, TypeError],
  ])("%j is refused", async (init, error) => {
    await expect(fetch("http://server.example/", { ...init, headers: { upgrade: "websocket" } })).rejects.toThrow(
      error,
    );
    expect(sent).toEqual([]);
  });
});
