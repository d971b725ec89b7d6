/** Claims about WebSockets between clients and functions, on real sockets and in real isolates. */
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket as BareWebSocket } from "ws";
import { socketLimits } from "../../../sdk/limits.ts";
import { ask, errorCode } from "../support/client.ts";
import { opensThings } from "../support/opened.ts";
import { Client, frameOf, startSocketEdge, upgradeByHand, type SocketEdge } from "../support/socket-edge.ts";

const open = opensThings();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(...parameters: Parameters<typeof startSocketEdge>): Promise<SocketEdge> {
  const edge = await startSocketEdge(...parameters);
  closing.push(() => edge.close());
  return edge;
}

/** A function that upgrades, accepts its end and runs `body`, which sees `server` and `request`. */
function serving(body: string, init = ""): string {
  return `{ async fetch(request, env, ctx) {
    if (request.headers.get("Upgrade") !== "websocket") return new Response("websocket only", { status: 426, headers: { upgrade: "websocket" } });
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    ${body}
    return new Response(null, { status: 101, webSocket: client, ${init} });
  } }`;
}

const ECHO = serving(`server.addEventListener("message", (event) => server.send(event.data));
  server.addEventListener("close", ({ code, reason, wasClean }) => console.log("closed", code, reason, wasClean));`);

describe("messages", () => {
  test("text and bytes are echoed as they were", async () => {
    const { port } = await start({ echo: ECHO });
    const client = new Client(port, "/echo/");
    await client.sees(1);
    client.socket.send("snö 🙂");
    client.socket.send(new Uint8Array([0, 255, 128]));
    client.socket.send("");
    await client.sees(4);
    client.socket.close(1000, "bye");
    expect(await client.sees(5)).toEqual(["open ", "snö 🙂", [0, 255, 128], "", "close 1000 bye true"]);
  });

  test("fragments are one message for the function", async () => {
    const { port } = await start({ echo: ECHO });
    const { socket, head } = await upgradeByHand(port, "/echo/");
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(head.toLowerCase()).toContain("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=");
    const answered = new Promise<Buffer>((resolve) => socket.once("data", resolve));
    socket.write(frameOf("one ", { opcode: 1, isLast: false }));
    socket.write(frameOf("two ", { opcode: 0, isLast: false }));
    socket.write(frameOf("three", { opcode: 0, isLast: true }));
    expect((await answered).subarray(2).toString()).toBe("one two three");
    socket.destroy();
  });

  test("the largest message passes both ways, one byte more closes with 1009", async () => {
    const { port, lines } = await start({ echo: ECHO });
    const client = new Client(port, "/echo/");
    await client.sees(1);
    client.socket.send("x".repeat(socketLimits.messageBytesMax));
    await client.sees(2);
    expect(client.seen[1]).toHaveLength(socketLimits.messageBytesMax);
    client.socket.send(new Uint8Array(socketLimits.messageBytesMax + 1));
    expect(await client.closed()).toMatch(/^close 1009 A message has 1048577 bytes, allowed 1048576 true/);
    await expect.poll(() => lines().join()).toMatch(/^closed 1009 .* false/);
  });

  test("a message far beyond the limit breaks the connection", async () => {
    const { port, lines } = await start({ echo: ECHO });
    const client = new Client(port, "/echo/");
    await client.sees(1);
    client.socket.send(new Uint8Array(3 * socketLimits.messageBytesMax));
    expect(await client.closed()).toMatch(/^close 1006/);
    await expect.poll(() => lines().join()).toMatch(/^closed 1006 .* false/);
  });

  test("a client that does not read makes bufferedAmount grow and is dropped at the bound", async () => {
    const send = `const chunk = new Uint8Array(1 << 20);
      server.onmessage = async () => { while (server.readyState === 1) { server.send(chunk); await scheduler(); if (server.bufferedAmount > 0) console.log("waits"); } };
      const scheduler = () => new Promise((resolve) => setTimeout(resolve, 1));
      server.onclose = ({ code }) => console.log("closed", code);`;
    const { port, lines } = await start({ flood: serving(send) });
    const client = new BareWebSocket(`ws://127.0.0.1:${port}/flood/`, { headers: { host: "site.test" } });
    client.on("error", () => {});
    await new Promise((resolve) => client.once("open", resolve));
    client.send("go");
    client.pause();
    await expect.poll(() => lines(), { timeout: 180_000 }).toContain("closed 1006");
    expect(lines()).toContain("waits");
    client.terminate();
  });

  test("a client that sends faster than the function takes is closed with 1013", async () => {
    const slow = serving(`server.onmessage = () => { const until = Date.now() + 100; while (Date.now() < until); };
      server.onclose = ({ code, wasClean }) => console.log("closed", code, wasClean);`);
    const { port, lines } = await start({ slow }, { limits: { cpuMs: 5_000 } });
    const client = new Client(port, "/slow/");
    await client.sees(1);
    for (let sent = 0; sent <= socketLimits.receiveBufferBytesMax; sent += 1 << 20) {
      client.socket.send(new Uint8Array(1 << 20));
    }
    expect(await client.closed()).toMatch(/^close 1013 /);
    await expect.poll(() => lines()).toEqual(["closed 1013 false"]);
  });
});

describe("ends", () => {
  test.each([
    [`server.close(3001, "enough")`, "close 3001 enough true"],
    [`server.close()`, "close 1005  true"],
    [`server.close(1011, "broken")`, "close 1011 broken true"],
  ])("the function's %s reaches the client", async (close, expected) => {
    const { port, lines } = await start({
      bye: serving(
        `server.onmessage = () => ${close}; server.onclose = ({ code, wasClean }) => console.log(code, wasClean);`,
      ),
    });
    const client = new Client(port, "/bye/");
    await client.sees(1);
    client.socket.send("x");
    expect(await client.closed()).toBe(expected);
    await expect.poll(() => lines()).toEqual([expected.replace(/^close (\d+) .*(true)$/, "$1 $2")]);
  });

  test.each([
    ["a code", (client: Client): void => client.socket.close(4000, "own"), "closed 4000 own true"],
    ["no code", (client: Client): void => client.socket.close(), "closed 1005  true"],
    [
      "a code that uWebSockets does not know",
      (client: Client): void => client.socket.close(3000),
      "closed 1006  false",
    ],
  ])("the client's close with %s is an event", async (_name, close, expected) => {
    const { port, lines } = await start({ echo: ECHO });
    const client = new Client(port, "/echo/");
    await client.sees(1);
    close(client);
    await client.closed();
    await expect.poll(() => lines()).toEqual([expected]);
  });

  test("a client that vanishes is an unclean 1006, and its invocation ends", async () => {
    const { port, lines, front } = await start({ echo: ECHO });
    const { socket } = await upgradeByHand(port, "/echo/");
    socket.destroy();
    await expect.poll(() => lines()).toEqual(["closed 1006  false"]);
    const gauge = (await front.metrics()).find(({ name }) => name === "selvage_client_sockets");
    expect(gauge?.values[0]?.value).toBe(0);
  });

  test("an instance stopped at its CPU limit closes its clients with 1011", async () => {
    const { port } = await start({ loop: serving(`server.onmessage = () => { for (;;); };`) });
    const clients = [new Client(port, "/loop/"), new Client(port, "/loop/")];
    for (const client of clients) await client.sees(1);
    clients[0]?.socket.send("x");
    for (const client of clients) expect(await client.closed()).toMatch(/^close 1011 .*stopped true$/);
  });

  test("draining says good-bye with 1001", async () => {
    const { port, front, lines } = await start({ echo: ECHO });
    const client = new Client(port, "/echo/");
    await client.sees(1);
    await front.drain(1_000);
    expect(await client.closed()).toBe("close 1001 The node is shutting down true");
    await expect.poll(() => lines()).toEqual(["closed 1001 The node is shutting down true"]);
  });
});

describe("the opening handshake", () => {
  test("the function chooses one of the offered protocols by a field of its response", async () => {
    const chat = serving("", `headers: { "Sec-WebSocket-Protocol": "v2", "x-own": "1" }`);
    const { port } = await start({ chat });
    const client = new Client(port, "/chat/", ["v1", "v2"]);
    expect(await client.sees(1)).toEqual(["open v2"]);
    client.socket.close();
    const { socket, head } = await upgradeByHand(port, "/chat/", [
      "Sec-WebSocket-Protocol: v1",
      "Sec-WebSocket-Protocol: v2",
    ]);
    expect(head.toLowerCase()).toContain("\r\nx-own: 1\r\n");
    expect(head.toLowerCase()).toMatch(/\r\nx-request-id: test-/);
    expect(head.match(/sec-websocket-protocol/gi)).toHaveLength(1);
    socket.destroy();
  });

  test("a protocol that was not offered is no answer", async () => {
    const chat = serving(
      `server.onclose = ({ code }) => console.log("closed", code);`,
      `headers: { "Sec-WebSocket-Protocol": "v3" }`,
    );
    const { port, lines } = await start({ chat });
    const { socket, head } = await upgradeByHand(port, "/chat/", ["Sec-WebSocket-Protocol: v1"]);
    expect(head).toMatch(/^HTTP\/1\.1 500 [^]*FUNCTION_RESULT_INVALID/);
    await expect.poll(() => lines()).toEqual(["closed 1006"]);
    socket.destroy();
  });

  test("another answer than 101 is sent as it is, and the connection goes on", async () => {
    const { port } = await start({ no: `{ fetch: () => new Response("not you", { status: 403 }) }` });
    const { socket, head } = await upgradeByHand(port, "/no/");
    expect(head).toMatch(/^HTTP\/1\.1 403 [^]*not you$/);
    const again = new Promise<Buffer>((resolve) => socket.once("data", resolve));
    socket.write("GET /no/ HTTP/1.1\r\nHost: site.test\r\n\r\n");
    expect((await again).toString()).toMatch(/^HTTP\/1\.1 403 /);
    socket.destroy();
    const client = new Client(port, "/no/");
    expect(await client.closed()).toMatch(/^close 1006/);
  });

  test("a request that asks for nothing gets the function's 426, and a 101 for it is no answer", async () => {
    const { port } = await start({ echo: ECHO, always: ECHO.replace(/if \(request[^;]*;/, "") });
    const answer = await ask(port, "/echo/");
    expect([answer.status, answer.text]).toEqual([426, "websocket only"]);
    const refused = await ask(port, "/always/");
    expect([refused.status, errorCode(refused)]).toEqual([500, "FUNCTION_RESULT_INVALID"]);
  });

  test.each([
    ["another version", ["Sec-WebSocket-Version: 8"]],
    ["an upgrade to something else", ["Upgrade: h2c", "Sec-WebSocket-Version: 13"]],
  ])("%s is no upgrade", async (_name, fields) => {
    const { port } = await start({ echo: ECHO });
    const { socket, head } = await upgradeByHand(port, "/echo/", fields);
    // A second Upgrade line is a list: websocket is still in it.
    expect(head).toMatch(fields[0] === "Upgrade: h2c" ? /^HTTP\/1\.1 (?:101|426) / : /^HTTP\/1\.1 426 /);
    socket.destroy();
  });

  test("beyond its number of sockets a front answers 503", async () => {
    const { port } = await start({ echo: ECHO }, { front: { socketsMax: 1 } });
    const client = new Client(port, "/echo/");
    await client.sees(1);
    const { socket, head } = await upgradeByHand(port, "/echo/");
    expect(head).toMatch(/^HTTP\/1\.1 503 [^]*NODE_OVERLOADED/);
    socket.destroy();
    expect((await ask(port, "/echo/")).status).toBe(426);
  });
});

describe("the pipeline", () => {
  test("clientRequest rules see the upgrade, response rules are not run on a 101, the domain's fields are set", async () => {
    const gate = `{ clientRequest(request) { if (request.headers.get("upgrade") !== "websocket") return; if (request.url.endsWith("?no")) return new Response("no", { status: 403 }); request.headers.set("x-user", "7"); } }`;
    const mark = `{ clientResponse(response) { response.headers.set("x-marked", String(response.status)); } }`;
    const user = serving(`console.log(request.headers.get("x-user"), request.headers.get("upgrade"));`);
    const { port, lines } = await start(
      { gate, mark, user },
      {
        rules: [
          { phase: "clientRequest", function: "gate" },
          { phase: "fetch", function: "user" },
          { phase: "clientResponse", function: "mark" },
        ],
        domain: { http_response_header: [{ action: "set", name: "x-domain", value: "here" }] },
      },
    );
    const { socket, head } = await upgradeByHand(port, "/");
    expect(head).toMatch(/^HTTP\/1\.1 101 [^]*\r\nx-domain: here\r\n/i);
    expect(head).toMatch(/cache-status: Selvage; fwd=bypass; detail=UPGRADE/i);
    expect(head).not.toMatch(/x-marked/i);
    expect(lines()).toEqual(["7 websocket"]);
    socket.destroy();
    const refused = await upgradeByHand(port, "/?no");
    expect(refused.head).toMatch(/^HTTP\/1\.1 403 [^]*\r\nx-marked: 403\r\n/i);
    refused.socket.destroy();
  });

  test("a clientRequest function may answer with a socket", async () => {
    const { port } = await start(
      { front: ECHO.replace("async fetch", "async clientRequest") },
      { rules: [{ phase: "clientRequest", function: "front" }] },
    );
    const client = new Client(port, "/");
    await client.sees(1);
    client.socket.send("hi");
    expect(await client.sees(2)).toEqual(["open ", "hi"]);
    client.socket.close();
  });

  test("an upgrade is neither answered from the cache nor stored in it", async () => {
    const both = `{ fetch(request) {
      if (request.headers.get("upgrade") === null) return new Response("page", { headers: { "cache-control": "max-age=60" } });
      const [client, server] = Object.values(new WebSocketPair());
      server.accept(); server.send("live");
      return new Response(null, { status: 101, webSocket: client });
    } }`;
    const { port } = await start({ both });
    expect((await ask(port, "/both/")).text).toBe("page");
    const client = new Client(port, "/both/");
    expect(await client.sees(2)).toEqual(["open ", "live"]);
    expect((await ask(port, "/both/")).headers["cache-status"]).toMatch(/hit/);
    client.socket.close();
  });

  test("an upgrade that no function answers goes on as an ordinary request where the domain passes none to origins", async () => {
    const origin = await open.origin((request, response) => {
      response.end(`${request.headers.upgrade} ${request.headers.connection}`);
    });
    const domain = { websocket: { status: "off" } } as const;
    const { port } = await start({}, { origins: [origin.port], rules: [], domain });
    const { socket, head } = await upgradeByHand(port, "/");
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(head).toMatch(/undefined keep-alive/);
    socket.destroy();
  });
});
