/**
 * Clients that are slow on purpose, on the plain port: heads, bodies and silence that never come to an end. The server library's own deadlines,
 * about 30 seconds, are what ends them; this holds it to them. It takes that long.
 */
import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge } = opensThings();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** Beyond this it would be no deadline. */
const DEADLINE_MS = 50_000;

/** Writes `first`, then `drop` every second; resolves with what came when the server ends the connection, rejects when it does not. */
function drip(port: number, first: string, drop: string): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
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

describe("the plain port", () => {
  it(
    "ends connections that are slow or silent, and none of them is answered",
    { timeout: 2 * DEADLINE_MS + 10_000 },
    async () => {
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
      const post = "POST / HTTP/1.1\r\nHost: site.test\r\n";
      const slow = {
        silence: drip(site.port, "", ""),
        "a head by the byte": drip(site.port, "GET / HTTP/1.1\r\nHost: site.test\r\nX: ", "x"),
        "a head by the line": drip(site.port, "GET / HTTP/1.1\r\nHost: site.test\r\n", "X: x\r\n"),
        "a body that does not come": drip(site.port, `${post}Content-Length: 100\r\n\r\n`, ""),
        "a body by the byte": drip(site.port, `${post}Content-Length: 1000\r\n\r\n`, "x"),
        "chunks by the byte": drip(site.port, `${post}Transfer-Encoding: chunked\r\n\r\n`, "1\r\nx\r\n"),
      };
      const ended = await Promise.all(Object.entries(slow).map(async ([name, text]) => [name, await text]));
      expect(ended.filter(([, text]) => text !== "")).toEqual([]);
      const kept = await drip(site.port, `${post}Content-Length: 0\r\n\r\n`, "");
      expect(kept).toContain("HTTP/1.1 200");
    },
  );
});
