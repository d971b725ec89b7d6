import { describe, expect, it } from "vitest";

/** The machine may be busy. */
const PATIENT = { timeout: 180_000 };
import type { DomainConfig } from "../../../sdk/domain.ts";
import { freePort } from "../support/origin.ts";
import type { Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import {
  connectHttp2,
  connectPlain,
  connectSecure,
  startSocketOrigin,
  type SocketOrigin,
} from "../support/socket-origin.ts";
import { HOST } from "../support/tls-client.ts";

const opened = opensThings();
const socketOrigin = (): Promise<SocketOrigin> => opened.keep(startSocketOrigin());

async function site(origins: readonly number[], change: Partial<DomainConfig> = {}): Promise<Edge> {
  return await opened.edge({ certificates: ["www"], origins, domain: { domain: HOST, ...change } });
}

describe.each([
  ["plain", connectPlain, "http", 426],
  ["TLS", connectSecure, "https", 426],
  ["HTTP/2", connectHttp2, "https", 400],
] as const)("a WebSocket over %s that no function takes", (_name, connect, scheme, refusal) => {
  it("is the origin's: messages both ways, the protocol it chose, the client's fields", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    const { socket, messages } = await connect(edge, "/ws?a=1", ["one", "two"]);
    expect(socket.protocol).toBe("two");
    socket.send("hello");
    socket.send(Buffer.from([1, 2, 3]));
    await expect.poll(() => messages, PATIENT).toEqual(["hello", [1, 2, 3]]);
    expect(origin.requests[0]?.url).toBe("/ws?a=1");
    expect(origin.requests[0]?.headers).toMatchObject({
      host: HOST,
      "x-mine": "1",
      "x-forwarded-proto": scheme,
      "x-forwarded-for": "127.0.0.1",
      "cdn-loop": "selvage",
    });
    socket.close();
  });

  it("ends at one end as it was ended at the other", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    const first = await connect(edge, "/ws");
    first.socket.close(1_000, "done");
    await expect.poll(() => origin.ends, PATIENT).toEqual(["1000 done"]);
    const second = await connect(edge, "/ws");
    origin.sockets[1]?.close(4_000, "enough");
    expect(await second.end).toBe("4000 enough");
    const third = await connect(edge, "/ws");
    origin.sockets[2]?.terminate();
    expect(await third.end).toBe("1006 ");
    const fourth = await connect(edge, "/ws");
    fourth.socket.terminate();
    await expect.poll(() => origin.ends.at(-1), PATIENT).toBe("1006 ");
  });

  it("carries more than any buffer holds, both ways", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    const { socket, messages } = await connect(edge, "/ws");
    const message = "x".repeat(100_000);
    for (let round = 1; round <= 10; round++) {
      for (let count = 0; count < 10; count++) socket.send(message);
      await expect.poll(() => messages.length, PATIENT).toBe(10 * round);
    }
    expect(messages.every((received) => received === message)).toBe(true);
    socket.close();
  });

  it("gets the origin's refusal", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    await expect(connect(edge, "/other")).rejects.toThrow("Unexpected server response: 403");
  });

  it("goes to the next source when one cannot be reached, and fails when none can", async () => {
    const origin = await socketOrigin();
    const nobody = await freePort();
    const edge = await site([nobody, origin.port]);
    const { socket, messages } = await connect(edge, "/ws");
    socket.send("hello");
    await expect.poll(() => messages, PATIENT).toEqual(["hello"]);
    socket.close();
    await expect(connect(await site([nobody]), "/ws")).rejects.toThrow("Unexpected server response: 502");
  });

  it("is none when the domain passes none on: over HTTP/1.1 an ordinary request to the origin", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port], { websocket: { status: "off" } });
    await expect(connect(edge, "/ws")).rejects.toThrow(`Unexpected server response: ${refusal}`);
    expect(origin.requests).toEqual([]);
  });

  it("is told good-bye when the front drains", async () => {
    const origin = await socketOrigin();
    const edge = await site([origin.port]);
    const { end } = await connect(edge, "/ws");
    await edge.front.drain(1_000);
    expect(await end).toMatch(/^1001 /);
    await expect.poll(() => origin.ends, PATIENT).toEqual(["1001 The node is shutting down"]);
  });
});
