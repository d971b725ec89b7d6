/** The part of the driver contract that is about WebSockets. */
import { describe, expect, it } from "vitest";
import type { Driver, InvocationHost, Outcome } from "../../runtime/driver.ts";
import type { GuestSocket } from "../../runtime/socket.ts";
import { socketLimits, type FunctionLimits } from "../../sdk/limits.ts";
import { invocationOf, quietHost, versionOf } from "./driver-fixtures.ts";
import { handshakes, openedSockets } from "./driver-contract-connections.ts";
import { deliver, SocketPeer } from "./socket-peer.ts";

interface Opened {
  readonly key: string;
  readonly peer: SocketPeer;
  readonly guest: GuestSocket;
  readonly logs: readonly string[];
}

/** Accepts one end and runs `body` (which sees `server` and `log`) before it answers with the other. */
function serving(body: string, init = ""): string {
  return `{ async fetch(request, env, ctx) {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    ${body}
    return new Response(null, { status: 101, webSocket: client, ${init} });
  } }`;
}

const ECHO = serving(`server.addEventListener("message", (event) => server.send(event.data));`);

export function sockets(driver: () => Driver): void {
  const invoke = async (
    module: string,
    more: { readonly limits?: Partial<FunctionLimits>; readonly host?: Partial<InvocationHost> } = {},
  ): Promise<{ readonly key: string; readonly outcome: Outcome; readonly logs: readonly string[] }> => {
    const version = versionOf(module, more.limits ?? {});
    await driver().load(version);
    const logs: string[] = [];
    const outcome = await driver().invoke(invocationOf(version.key, {}), { ...quietHost(logs), ...more.host }).outcome;
    return { key: version.key, outcome, logs };
  };
  const open = async (module: string, limits: Partial<FunctionLimits> = {}): Promise<Opened> => {
    const { key, outcome, logs } = await invoke(module, { limits });
    if (outcome.kind !== "upgrade") throw new Error(`Cannot open: ${JSON.stringify(outcome)}`);
    const peer = new SocketPeer();
    outcome.socket.attach(peer);
    return { key, peer, guest: outcome.socket, logs };
  };
  const statsOf = async (key: string): Promise<{ readonly active: number } | undefined> =>
    (await driver().stats()).find((stats) => stats.key === key);

  describe("WebSockets of clients", () => {
    messagesAndCloses(open);
  });
  describe("WebSockets and their invocations", () => {
    invocations(driver, open, statsOf);
  });
  describe("bounds of WebSockets", () => {
    bounds(open);
  });
  describe("WebSockets that functions open", () => {
    openedSockets(invoke);
    handshakes(invoke);
  });
  it.each([
    ["used already", `server.addEventListener("x", () => {}); client.accept();`],
    ["given twice", `new Response(null, { status: 101, webSocket: client }); server.accept(); return [client][0];`],
  ])("an end that is %s is no answer", async (_name, body) => {
    const { outcome } = await invoke(serving(body));
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_RESULT_INVALID" });
  });
  it("a hook about a response cannot answer with a WebSocket", async () => {
    const version = versionOf(ECHO.replace("async fetch", "async clientResponse"), {});
    await driver().load(version);
    const response = { status: 200, headers: "", body: { kind: "empty" } } as const;
    const { outcome } = driver().invoke(
      invocationOf(version.key, { phase: "clientResponse", response }),
      quietHost([]),
    );
    expect(await outcome).toMatchObject({ kind: "failed", code: "FUNCTION_RESULT_INVALID" });
  });
}

type Open = (module: string, limits?: Partial<FunctionLimits>) => Promise<Opened>;

function messagesAndCloses(open: Open): void {
  it("text and bytes are echoed as they were, in order", async () => {
    const { guest, peer } = await open(ECHO);
    await deliver(guest, "snö 🙂");
    await deliver(guest, new Uint8Array([0, 255, 128]));
    await deliver(guest, "");
    expect(await peer.firstMessages(3)).toEqual(["snö 🙂", new Uint8Array([0, 255, 128]), ""]);
  });

  it("what the function said before the answer comes first", async () => {
    const { peer } = await open(
      serving(`server.send("one"); server.send(new Uint8Array([2])); server.close(3001, "done");`),
    );
    expect(await peer.firstMessages(2)).toEqual(["one", new Uint8Array([2])]);
    expect(await peer.firstClose()).toEqual({ code: 3001, reason: "done", wasClean: true });
  });

  it("what comes before accept() waits for it", async () => {
    const { guest, peer } = await open(`{ fetch() {
      const [client, server] = Object.values(new WebSocketPair());
      setTimeout(() => { server.accept(); server.addEventListener("message", (event) => server.send("late " + event.data)); }, 20);
      return new Response(null, { status: 101, webSocket: client });
    } }`);
    await deliver(guest, "hello");
    expect(await peer.firstMessages(1)).toEqual(["late hello"]);
  });

  it.each([
    [{ code: 1000, reason: "bye", wasClean: true }, "close 1000 bye true"],
    [{ code: 1005, reason: "", wasClean: true }, "close 1005  true"],
    [{ code: 1006, reason: "", wasClean: false }, "error,close 1006  false"],
  ])("the peer's close %j is an event", async (close, expected) => {
    const { guest, logs, key } = await open(
      serving(`const seen = [];
        server.onerror = () => seen.push("error");
        server.onclose = (e) => { seen.push(["close", e.code, e.reason, e.wasClean].join(" ")); ctx.logger.info(seen.join()); };`),
    );
    guest.close(close);
    await expect.poll(() => logs).toEqual([`info ${expected}`]);
    expect(key).not.toBe("");
  });

  it("the function's close goes to the peer once, and its answer is an event", async () => {
    const { guest, peer, logs } = await open(
      serving(`server.onmessage = () => { server.close(1011, "broken"); server.close(1000); server.send("never"); console.log(server.readyState); };
        server.onclose = (e) => console.log(server.readyState, e.code, e.wasClean);`),
    );
    guest.message("x", () => {});
    expect(await peer.firstClose()).toEqual({ code: 1011, reason: "broken", wasClean: true });
    guest.close({ code: 1011, reason: "broken", wasClean: true });
    await expect.poll(() => logs).toEqual(["info 2", "info 3 1011 true"]);
    expect(peer.messages).toEqual([]);
    expect(peer.closes).toHaveLength(1);
  });

  it("a pair works without a client", async () => {
    const { peer } = await open(`{ async fetch() {
      const [a, b] = Object.values(new WebSocketPair());
      a.accept(); b.accept();
      b.onmessage = ({ data }) => b.send(data + "!");
      const answer = new Promise((resolve) => { a.onmessage = ({ data }) => resolve(data); });
      a.send("within");
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.send(await answer);
      return new Response(null, { status: 101, webSocket: client });
    } }`);
    expect(await peer.firstMessages(1)).toEqual(["within!"]);
  });
}

function invocations(
  driver: () => Driver,
  open: Open,
  statsOf: (key: string) => Promise<{ readonly active: number } | undefined>,
): void {
  it("an open socket keeps its invocation, and closing it ends both", async () => {
    const { guest, key } = await open(ECHO);
    expect(await statsOf(key)).toMatchObject({ active: 1 });
    guest.close({ code: 1000, reason: "", wasClean: true });
    await expect.poll(async () => (await statsOf(key))?.active).toBe(0);
  });

  it("each message has the CPU time of an invocation", async () => {
    // Together they take more than the limit; each may take several times as long on a busy machine.
    const spin = `const until = Date.now() + 150; while (Date.now() < until);`;
    const { guest, peer } = await open(serving(`server.onmessage = () => { ${spin} server.send("done"); };`), {
      cpuMs: 600,
    });
    for (let count = 0; count < 6; count += 1) await deliver(guest, "go");
    expect(await peer.firstMessages(6)).toHaveLength(6);
  });

  it("a message that loops is stopped, also while more messages come, and the peer is told", async () => {
    const { guest, peer, key } = await open(serving(`server.onmessage = () => { for (;;); };`), { cpuMs: 50 });
    const more = setInterval(() => guest.message("more", () => {}), 5);
    guest.message("loop", () => {});
    expect(await peer.firstClose()).toMatchObject({ code: 1011, wasClean: false });
    clearInterval(more);
    expect(await statsOf(key)).toMatchObject({ active: 0 });
  });

  it("unloading a version closes its sockets with 1012, for clients to come back to the next one", async () => {
    const { peer, key } = await open(ECHO);
    driver().unload(key);
    expect(await peer.firstClose()).toMatchObject({ code: 1012 });
  });

  it("a socket attached after its function is gone is closed at once", async () => {
    const version = versionOf(serving(`setTimeout(() => { for (;;); }, 1);`), { cpuMs: 500 });
    await driver().load(version);
    const outcome = await driver().invoke(invocationOf(version.key, {}), quietHost([])).outcome;
    if (outcome.kind !== "upgrade") throw new Error(outcome.kind);
    await expect.poll(() => statsOf(version.key)).toMatchObject({ active: 0 });
    const peer = new SocketPeer();
    outcome.socket.attach(peer);
    expect(await peer.firstClose()).toMatchObject({ code: 1011 });
  });
}

function bounds(open: Open): void {
  it("a message of the largest size passes, one byte more closes with 1009", async () => {
    const { guest, peer, logs } = await open(
      serving(
        `server.onmessage = ({ data }) => server.send("x".repeat(Number(data))); server.onclose = ({ code }) => console.log(code);`,
      ),
    );
    await deliver(guest, String(socketLimits.messageBytesMax));
    const [first] = await peer.firstMessages(1);
    expect(first).toHaveLength(socketLimits.messageBytesMax);
    guest.message(String(socketLimits.messageBytesMax + 1), () => {});
    expect(await peer.firstClose()).toMatchObject({ code: 1009, wasClean: false });
    await expect.poll(() => logs).toEqual(["info 1009"]);
  });

  it("bufferedAmount counts until the peer took the messages; beyond the buffer the socket fails", async () => {
    const { guest, peer, logs } = await open(
      serving(`server.onmessage = ({ data }) => { if (data === "?") console.log(server.bufferedAmount); else server.send("x".repeat(Number(data))); };
        server.onclose = ({ code }) => console.log("closed", code);`),
    );
    peer.takes = false;
    await deliver(guest, "1000");
    await deliver(guest, "?");
    await peer.firstMessages(1);
    for (const taken of peer.untaken.splice(0)) taken();
    await deliver(guest, "?");
    for (let sent = 0; sent <= socketLimits.sendBufferBytesMax; sent += 1_000_000) guest.message("1000000", () => {});
    expect(await peer.firstClose()).toMatchObject({ code: 1006 });
    await expect.poll(() => logs).toEqual(["info 1000", "info 0", "info closed 1006"]);
  });
}
