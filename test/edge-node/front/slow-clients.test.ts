/**
 * Clients that are slow on purpose: heads, bodies and silence that never come to an end. The server libraries' own deadlines, about 30 seconds,
 * are what ends them; this holds them to these. It takes that long. (What has the node's own clock is in hostile-clients and
 * hostile-tls-clients.)
 */
import net from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import { connectTls, HOST } from "../support/tls-client.ts";

const { edge } = opensThings();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** Beyond this it would be no deadline. */
const DEADLINE_MS = 50_000;

/** Writes `first`, then `drop` every second; resolves with what came when the server ends the connection, rejects when it does not. */
function drip(socket: Duplex, first: string, drop: string): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.write(first);
  const dripping = setInterval(() => drop !== "" && socket.write(drop), 1_000);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const deadline = setTimeout(() => reject(new Error("The connection is still there")), DEADLINE_MS);
  socket.on("close", () => resolve(text));
  cleanups.push(() => {
    clearInterval(dripping);
    clearTimeout(deadline);
    socket.destroy();
  });
  return promise;
}

async function named(slow: Readonly<Record<string, Promise<string>>>): Promise<readonly (readonly [string, string])[]> {
  return await Promise.all(Object.entries(slow).map(async ([name, text]) => [name, await text] as const));
}

const lasting = { timeout: DEADLINE_MS + 30_000 };

it("the plain port ends connections that are slow or silent, and none of them is answered", lasting, async () => {
  const read = async (body: AsyncIterable<Uint8Array>): Promise<number> => {
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.byteLength;
    return bytes;
  };
  const site = await edge({
    functions: {
      upload: async ({ body }) => textOutcome(String(body.kind === "stream" ? await read(body.chunks) : 0)),
    },
    rules: [{ phase: "fetch", function: "upload" }],
  });
  const plain = (first: string, drop: string): Promise<string> =>
    drip(net.connect(site.port, "127.0.0.1"), first, drop);
  const post = "POST / HTTP/1.1\r\nHost: site.test\r\n";
  const kept = plain(`${post}Content-Length: 0\r\n\r\n`, "");
  const ended = await named({
    silence: plain("", ""),
    "a head by the byte": plain("GET / HTTP/1.1\r\nHost: site.test\r\nX: ", "x"),
    "a head by the line": plain("GET / HTTP/1.1\r\nHost: site.test\r\n", "X: x\r\n"),
    "a body that does not come": plain(`${post}Content-Length: 100\r\n\r\n`, ""),
    "a body by the byte": plain(`${post}Content-Length: 1000\r\n\r\n`, "x"),
    "chunks by the byte": plain(`${post}Transfer-Encoding: chunked\r\n\r\n`, "1\r\nx\r\n"),
  });
  expect(ended.filter(([, text]) => text !== "")).toEqual([]);
  expect(await kept).toContain("HTTP/1.1 200");
});

it("the TLS port ends connections whose heads are slow or do not come, and asks no function", lasting, async () => {
  const site = await edge({
    certificates: ["www"],
    domain: { domain: HOST },
    functions: { hello: () => textOutcome("hello") },
    rules: [{ phase: "fetch", function: "hello" }],
  });
  const secure = async (first: string, drop: string): Promise<string> =>
    drip(await connectTls(site.tlsPort, { ALPNProtocols: ["http/1.1"] }), first, drop);
  const head = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n`;
  const ended = await named({
    "no handshake": drip(net.connect(site.tlsPort, "127.0.0.1"), "", ""),
    "a handshake by the byte": drip(net.connect(site.tlsPort, "127.0.0.1"), "\x16\x03\x01\x02\x00\x01", "\x00"),
    silence: secure("", ""),
    "a head by the byte": secure(`${head}X: `, "x"),
    "a head by the line": secure(head, "X: x\r\n"),
  });
  expect(ended.filter(([, text]) => text.includes(" 200 "))).toEqual([]);
  expect(site.driver.invocations).toEqual([]);
});
