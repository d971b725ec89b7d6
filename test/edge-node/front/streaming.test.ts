import http from "node:http";
import net from "node:net";
import { describe, expect, it } from "vitest";
import type { Body } from "../../../runtime/body.ts";
import { ask, errorCode, rawExchange } from "../support/client.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin, rawOrigin } = opensThings();
const MiB = 1024 * 1024;

/** A stream of `count` chunks of 64 KiB that counts how many were taken. */
function countedStream(count: number): {
  readonly body: Body;
  readonly taken: () => number;
  readonly isCancelled: () => boolean;
} {
  const chunk = Buffer.alloc(65_536, 7);
  let taken = 0;
  let cancelled = false;
  const chunks = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        Promise.resolve(
          taken++ < count ? { done: false as const, value: chunk } : { done: true as const, value: undefined },
        ),
      return: () => {
        cancelled = true;
        return Promise.resolve({ done: true as const, value: undefined });
      },
    }),
  };
  return { body: { kind: "stream", chunks, lengthBytes: undefined }, taken: () => taken, isCancelled: () => cancelled };
}

/** Requests `path` and counts the bytes of the answer without keeping them. */
function countBytes(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get({ port, host: "127.0.0.1", path, agent: false, headers: { host: "site.test" } }, (response) => {
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.byteLength;
        });
        response.on("end", () => resolve(bytes));
        response.on("error", reject);
      })
      .on("error", reject);
  });
}

describe("large bodies pass without being held:", () => {
  it.each(["with a length", "chunked"])("512 MiB from an origin, %s", async (kind) => {
    const chunk = Buffer.alloc(MiB, 1);
    const source = await origin((_request, response) => {
      if (kind === "with a length") response.setHeader("content-length", 512 * MiB);
      let left = 512;
      const write = (): void => {
        while (left-- > 0) if (!response.write(chunk)) return void response.once("drain", write);
        response.end();
      };
      write();
    });
    const { port } = await edge({ origins: [source.port] });
    const before = process.memoryUsage().rss;
    expect(await countBytes(port, "/")).toBe(512 * MiB);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MiB);
  });

  it("256 MiB from a function's stream", async () => {
    const { body } = countedStream(4_096);
    const { port } = await edge({
      functions: { big: () => ({ kind: "response", status: 200, headers: "", body }) },
      rules: [{ phase: "fetch", function: "big" }],
    });
    expect(await countBytes(port, "/")).toBe(256 * MiB);
  });

  it("100 MiB from a client to an origin, and not one byte more than that", async () => {
    const source = await origin((request, response) => {
      let bytes = 0;
      request.on("data", (chunk: Buffer) => {
        bytes += chunk.byteLength;
      });
      request.on("end", () => response.end(String(bytes)));
    });
    const { port } = await edge({ origins: [source.port] });
    const upload = (bytes: number): Promise<string> =>
      new Promise((resolve, reject) => {
        const request = http.request(
          { port, host: "127.0.0.1", method: "PUT", agent: false, headers: { host: "site.test" } },
          (response) => {
            void response
              .toArray()
              .then((chunks) => resolve(`${response.statusCode} ${Buffer.concat(chunks as Buffer[]).toString()}`));
          },
        );
        request.on("error", reject);
        const chunk = Buffer.alloc(MiB);
        let left = bytes;
        const write = (): void => {
          while (left > 0) {
            const part = chunk.subarray(0, Math.min(left, MiB));
            left -= part.byteLength;
            if (!request.write(part)) return void request.once("drain", write);
          }
          request.end();
        };
        write();
      });
    expect(await upload(100 * MiB)).toBe(`200 ${100 * MiB}`);
    expect(await upload(100 * MiB + 1)).toMatch(/^413 .*REQUEST_BODY_TOO_LARGE/);
  });
});

describe("back-pressure:", () => {
  it("a client that does not read stops the function's stream", async () => {
    const stream = countedStream(16_384);
    const { port, front } = await edge({
      functions: { big: () => ({ kind: "response", status: 200, headers: "", body: stream.body }) },
      rules: [{ phase: "fetch", function: "big" }],
    });
    const socket = net.connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    await new Promise((resolve) => socket.once("readable", resolve));
    let before = -1;
    while (stream.taken() !== before) {
      before = stream.taken();
      await new Promise((resolve) => setImmediate(resolve));
      await ask(port, "/other", { host: "unknown.test" });
    }
    expect(stream.taken()).toBeLessThan(1_000);
    socket.destroy();
    await expect.poll(() => front.requestsInFlight).toBe(0);
    expect(stream.isCancelled()).toBe(true);
  });

  it("a function that does not read the body stops the client", async () => {
    let read: (() => Promise<void>) | null = null;
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { port } = await edge({
      functions: {
        slow: async ({ body }) => {
          let bytes = 0;
          await new Promise<void>((resolve) => {
            read = async () => {
              if (body.kind === "stream") for await (const chunk of body.chunks) bytes += chunk.byteLength;
              resolve();
            };
          });
          finish();
          return textOutcome(String(bytes));
        },
      },
      rules: [{ phase: "fetch", function: "slow" }],
    });
    const socket = net.connect(port, "127.0.0.1");
    socket.write(`POST / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\nContent-Length: ${64 * MiB}\r\n\r\n`);
    const body = Buffer.alloc(64 * MiB);
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    let isWritten = false;
    socket.write(body, () => {
      isWritten = true;
    });
    for (let round = 0; round < 50; round++) await ask(port, "/", { host: "unknown.test" });
    expect(isWritten).toBe(false);
    await expect.poll(() => read).not.toBeNull();
    await (read as unknown as () => Promise<void>)();
    await done;
    await new Promise((resolve) => socket.once("close", resolve));
    expect(text).toMatch(new RegExp(`\r\n\r\n${64 * MiB}$`));
  });
});

describe("bodies that end badly:", () => {
  it("a function's stream that throws after the head breaks the connection", async () => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("part");
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error("late");
    }
    const { port, front } = await edge({
      functions: {
        late: () => ({
          kind: "response",
          status: 200,
          headers: "",
          body: { kind: "stream", chunks: chunks(), lengthBytes: undefined },
        }),
      },
      rules: [{ phase: "fetch", function: "late" }],
    });
    await expect(ask(port, "/")).rejects.toThrow(/aborted|hang up/);
    const text = await rawExchange(port, "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    expect(text).toContain("part");
    expect(text).not.toContain("\r\n0\r\n");
    await expect.poll(() => front.requestsInFlight).toBe(0);
  });

  it.each([
    ["shorter", 10],
    ["longer", 2],
  ])("a stream that is %s than it said never looks complete", async (_case, lengthBytes) => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("four");
    }
    const { port } = await edge({
      functions: {
        lies: () => ({
          kind: "response",
          status: 200,
          headers: "",
          body: { kind: "stream", chunks: chunks(), lengthBytes },
        }),
      },
      rules: [{ phase: "fetch", function: "lies" }],
    });
    await expect(ask(port, "/")).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });
});

describe("a client that goes away", () => {
  it("cancels the running invocation", async () => {
    const { port, driver, front, logs } = await edge({
      functions: { waits: () => new Promise(() => {}) },
      rules: [{ phase: "fetch", function: "waits" }],
    });
    const socket = net.connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    await expect.poll(() => driver.invocations.length).toBe(1);
    socket.destroy();
    await expect.poll(() => driver.cancelled).toBe(1);
    await expect.poll(() => front.requestsInFlight).toBe(0);
    expect(logs).toHaveLength(0);
  });

  it("aborts the origin request, before its head and after it", async () => {
    const closed: string[] = [];
    const source = await origin((request, response) => {
      if (request.url === "/body") response.write("begun");
      response.on("close", () => closed.push(request.url ?? ""));
    });
    const { port } = await edge({ origins: [source.port] });
    for (const path of ["/head", "/body"]) {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("data", () => {});
      socket.write(`GET ${path} HTTP/1.1\r\nHost: site.test\r\n\r\n`);
      const seen = closed.length + 1;
      await expect.poll(() => source.requests.length).toBe(seen);
      socket.destroy();
      await expect.poll(() => closed.length).toBe(seen);
    }
    expect(closed).toEqual(["/head", "/body"]);
  });

  it("within its own body makes the origin see a broken request", async () => {
    let aborted = false;
    const source = await origin((request) => {
      request.on("error", () => {
        aborted = true;
      });
      request.resume();
    });
    const { port } = await edge({ origins: [source.port] });
    const socket = net.connect(port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: site.test\r\nContent-Length: 10\r\n\r\nabc");
    await expect.poll(() => source.requests.length).toBe(1);
    socket.destroy();
    await expect.poll(() => aborted).toBe(true);
  });
});

describe("answers without a body:", () => {
  it("HEAD gets the length GET would have, and the connection goes on", async () => {
    const { port } = await edge({
      functions: { hello: () => textOutcome("hello") },
      rules: [{ phase: "fetch", function: "hello" }],
    });
    const text = await rawExchange(
      port,
      "HEAD / HTTP/1.1\r\nHost: site.test\r\n\r\nHEAD / HTTP/1.1\r\nHost: unknown.test\r\nConnection: close\r\n\r\n",
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*?content-length: 5\r\n\r\nHTTP\/1\.1 404 /i);
  });

  it("HEAD to an origin keeps the length that the origin names", async () => {
    const source = await rawOrigin((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"));
    const { port } = await edge({ origins: [source.port] });
    const answer = await ask(port, "/", { method: "HEAD" });
    expect([answer.headers["content-length"], answer.headers["cache-status"]]).toEqual([
      "1234",
      "Selvage; fwd=uri-miss; fwd-status=200",
    ]);
  });

  it.each([204, 304])("%i has neither body nor length", async (status) => {
    const { port } = await edge({
      functions: { none: () => textOutcome("ignored", { status, headers: "content-length:7\n" }) },
      rules: [{ phase: "fetch", function: "none" }],
    });
    const answer = await ask(port, "/");
    expect([answer.status, answer.text]).toEqual([status, ""]);
    expect(answer.headers["content-length"]).toBeUndefined();
    expect(answer.headers["transfer-encoding"]).toBeUndefined();
  });
});

it("a function's own framing, date and connection fields do not reach the client", async () => {
  const { port } = await edge({
    functions: {
      frames: () =>
        textOutcome("abc", {
          headers:
            "content-length:99\ntransfer-encoding:chunked\nconnection:upgrade\ndate:never\nx-kept:\xe9\nset-cookie:a=1\nset-cookie:b=2\n",
        }),
    },
    rules: [{ phase: "fetch", function: "frames" }],
  });
  const answer = await ask(port, "/");
  expect(answer.text).toBe("abc");
  expect(answer.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())).toEqual([
    "x-kept",
    "set-cookie",
    "set-cookie",
    "x-request-id",
    "cache-status",
    "date",
    "content-length",
  ]);
  expect(answer.headers["x-kept"]).toBe("\xe9");
});

it("more requests than the front takes at once get 503 and a hint to come back", async () => {
  const { port } = await edge({
    functions: { waits: () => new Promise(() => {}) },
    rules: [{ phase: "fetch", function: "waits" }],
    front: { requestsMax: 1 },
  });
  const socket = net.connect(port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  await expect.poll(async () => (await ask(port, "/", { host: "unknown.test" })).status).toBe(503);
  const answer = await ask(port, "/");
  expect([errorCode(answer), answer.headers["retry-after"]]).toEqual(["NODE_OVERLOADED", "1"]);
  socket.destroy();
});
