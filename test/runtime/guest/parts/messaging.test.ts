/** MessageChannel: order, transfer, ends, refusals; on a clock that the tests move. */
import { beforeEach, describe, expect, test } from "vitest";
import type { MessagePort as Port } from "../../../../runtime/guest/parts/messaging/message-port.ts";
import { structuredClone } from "../../../../runtime/guest/parts/structured-clone/main.ts";
import type { MessageEvent } from "../../../../runtime/guest/web/events/message-event.ts";
import { connectFakeHost, type FakeHostPort } from "../fake-host-port.ts";
import { provideParts } from "../provide-parts.ts";

provideParts();
// It asks for the part that clones while it is evaluated.
const { MessageChannel, MessagePort } = await import("../../../../runtime/guest/parts/messaging/main.ts");

let host: FakeHostPort;

beforeEach(() => {
  host = connectFakeHost();
});

/** Collects what arrives at a port from now on. */
function collect(port: Port): unknown[] {
  const data: unknown[] = [];
  port.addEventListener("message", (event) => data.push((event as MessageEvent).data));
  port.start();
  return data;
}

describe("MessagePort", () => {
  test("delivers clones in order, each as a task of its own", () => {
    const { port1, port2 } = new MessageChannel();
    const arrived = collect(port2);
    const message = { n: 1 };
    port1.postMessage(message);
    port1.postMessage("second");
    message.n = 2;
    expect(arrived).toEqual([]);
    host.advance(0);
    expect(arrived).toEqual([{ n: 1 }, "second"]);
  });

  test("keeps messages until start()", () => {
    const { port1, port2 } = new MessageChannel();
    const arrived: unknown[] = [];
    port2.addEventListener("message", (event) => arrived.push((event as MessageEvent).data));
    port1.postMessage("early");
    host.advance(0);
    expect(arrived).toEqual([]);
    port2.start();
    host.advance(0);
    expect(arrived).toEqual(["early"]);
  });

  test("onmessage starts the port by being set", () => {
    const { port1, port2 } = new MessageChannel();
    let arrived: unknown;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the attribute is what is tested
    port2.onmessage = (event) => {
      arrived = (event as MessageEvent).data;
    };
    port1.postMessage("x");
    host.advance(0);
    expect(arrived).toBe("x");
  });

  test("transfers an ArrayBuffer: the sender's is detached", () => {
    const { port1, port2 } = new MessageChannel();
    const arrived = collect(port2);
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    port1.postMessage({ buffer }, [buffer]);
    host.advance(0);
    expect(buffer.detached).toBe(true);
    expect(arrived).toEqual([{ buffer: new Uint8Array([1, 2, 3]).buffer }]);
  });

  test("transfers a port with the messages it holds; the old object is dead", () => {
    const outer = new MessageChannel();
    const inner = new MessageChannel();
    const events: MessageEvent[] = [];
    outer.port2.addEventListener("message", (event) => events.push(event as MessageEvent));
    outer.port2.start();
    inner.port2.postMessage("before");
    outer.port1.postMessage("here", { transfer: [inner.port1] });
    inner.port2.postMessage("after");
    host.advance(0);
    const [moved] = events[0]?.ports ?? [];
    expect(moved).toBeInstanceOf(MessagePort);
    expect(moved).not.toBe(inner.port1);
    const arrived = collect(moved as Port);
    host.advance(0);
    expect(arrived).toEqual(["before", "after"]);
    expect(() => structuredClone(0, { transfer: [inner.port1] })).toThrow("closed or was transferred");
  });

  test("close() ends both ends and tells the other", () => {
    const { port1, port2 } = new MessageChannel();
    const arrived = collect(port2);
    const closed: string[] = [];
    port2.addEventListener("close", (event) => closed.push(event.type));
    port1.postMessage("last");
    port1.close();
    port1.postMessage("lost");
    port2.postMessage("lost as well");
    host.advance(0);
    expect([arrived, closed]).toEqual([["last"], ["close"]]);
  });

  test.each([
    ["a function", () => undefined, []],
    ["a symbol", Symbol("s"), []],
    ["a port that is not transferred", new MessageChannel().port1, []],
    ["a list with an object that cannot move", 1, [{}]],
  ])("refuses %s with a DataCloneError and sends nothing", (_what, message, transfer) => {
    const { port1, port2 } = new MessageChannel();
    const arrived = collect(port2);
    expect(() => port1.postMessage(message, transfer)).toThrow(expect.objectContaining({ name: "DataCloneError" }));
    host.advance(0);
    expect(arrived).toEqual([]);
  });

  test("cannot transfer itself, and nothing is detached when the message cannot be cloned", () => {
    const { port1 } = new MessageChannel();
    expect(() => port1.postMessage(1, [port1])).toThrow(expect.objectContaining({ name: "DataCloneError" }));
    const buffer = new ArrayBuffer(8);
    expect(() => port1.postMessage(() => 1, [buffer])).toThrow("cannot be cloned");
    expect(buffer.detached).toBe(false);
  });

  test("is not constructible and needs a message", () => {
    expect(() => new MessagePort()).toThrow(TypeError);
    const { port1 } = new MessageChannel();
    expect(() => Reflect.apply(port1.postMessage.bind(port1), null, [])).toThrow("1 argument needed");
  });
});
