/** Bodies through real functions, from a client to an origin and back: whole, with back-pressure, and never silently short. */
import http from "node:http";
import net from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { ask, rawExchange } from "../support/client.ts";
import type { Edge } from "../support/edge.ts";
import { startIsolateDriver } from "../support/isolate-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin, rawOrigin } = opensThings();
const MiB = 1024 * 1024;
const drivers: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close();
});

/** A front whose only function is `module`, on the phase fetch; in it PORT is the origin's. */
async function edgeOf(module: string, port: number): Promise<Edge> {
  const driver = await startIsolateDriver({ f: module.replaceAll("PORT", String(port)) });
  drivers.push(driver);
  return await edge({
    functions: { f: () => Promise.reject(new Error("the isolate's place")) },
    rules: [{ phase: "fetch", function: "f" }],
    front: { driver },
  });
}

const toOrigin = "`http://127.0.0.1:PORT${new URL(request.url).pathname}`";
const ways = [
  ["handed on", `{ fetch(request) { return fetch(${toOrigin}, request); } }`, "a broken connection"],
  [
    "read and written by the function",
    `{ async fetch(request) { const r = await fetch(${toOrigin}, { method: request.method, body: request.body?.pipeThrough(new TransformStream()), duplex: "half", signal: request.signal }); return new Response(r.body.pipeThrough(new TransformStream()), r); } }`,
    "500 FUNCTION_BODY_FAILED",
  ],
] as const;

describe.each(ways)("a body %s", (_way, module, damaged) => {
  it("arrives whole, up and down at once", async () => {
    const source = await origin((request, response) => void request.pipe(response));
    const { port } = await edgeOf(module, source.port);
    const body = Buffer.alloc(8 * MiB, "selvage");
    const answer = await ask(port, "/", { method: "POST", body });
    expect([answer.status, answer.body.equals(body)]).toEqual([200, true]);
  });

  it("that breaks off at the origin breaks the client's transfer", async () => {
    const source = await rawOrigin((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
      setImmediate(() => socket.end());
    });
    const { port } = await edgeOf(module, source.port);
    const text = await rawExchange(port, "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    expect(text).not.toContain("\r\n0\r\n");
    await expect(ask(port, "/")).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });

  it("that is damaged under its coding from the beginning is never an answer, and the front serves on", async () => {
    const source = await origin((request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      const whole = gzipSync("the whole answer");
      response.end(request.url === "/damaged" ? Buffer.concat([whole.subarray(0, 20), Buffer.alloc(10)]) : whole);
    });
    const { port } = await edgeOf(module, source.port);
    const seen = await ask(port, "/damaged").then(
      ({ status, text }) => `${status} ${/FUNCTION_\w+/.exec(text)?.[0] ?? text}`,
      () => "a broken connection",
    );
    expect(seen).toBe(damaged);
    expect((await ask(port, "/whole")).text).toBe("the whole answer");
  });

  it("that the client does not read stops the origin", async () => {
    let written = 0;
    const chunk = Buffer.alloc(65_536);
    const source = await origin((_request, response) => {
      const write = (): void => {
        while (written < 256 * MiB) {
          written += chunk.byteLength;
          if (!response.write(chunk)) return void response.once("drain", write);
        }
      };
      write();
    });
    const { port } = await edgeOf(module, source.port);
    const socket = net.connect(port, "127.0.0.1");
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    await standsStill(port, () => written);
    expect(written).toBeLessThan(64 * MiB);
    socket.destroy();
  });

  it("that the origin does not read stops the client", async () => {
    const source = await origin((request) => void request.pause());
    const { port } = await edgeOf(module, source.port);
    const request = http.request({
      port,
      host: "127.0.0.1",
      method: "POST",
      headers: { host: "site.test", "content-length": 96 * MiB },
      agent: false,
    });
    request.on("error", () => {});
    let accepted = 0;
    const chunk = Buffer.alloc(65_536);
    const write = (): void => {
      while (accepted < 96 * MiB) {
        accepted += chunk.byteLength;
        if (!request.write(chunk)) return void request.once("drain", write);
      }
    };
    write();
    await standsStill(port, () => accepted);
    expect(accepted).toBeLessThan(64 * MiB);
    request.destroy();
  });

  it.each(["before the answer", "within it"])("is given up at the origin when the client goes, %s", async (when) => {
    const asked = Promise.withResolvers<void>();
    let isClosed = false;
    const source = await origin((_request, response) => {
      if (when === "within it") response.write("begun");
      asked.resolve();
      response.on("close", () => {
        isClosed = true;
      });
    });
    const { port } = await edgeOf(module, source.port);
    const socket = net.connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    await (when === "within it" ? new Promise((resolve) => socket.once("data", resolve)) : asked.promise);
    socket.destroy();
    await expect.poll(() => isClosed).toBe(true);
  });
});

it("request.signal aborts when the client goes while the answer streams", async () => {
  const seen: string[] = [];
  const source = await origin((request, response) => {
    seen.push(request.url ?? "");
    response.end();
  });
  const { port } = await edgeOf(
    `{ fetch(request, env, ctx) {
      const gone = new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      ctx.waitUntil(gone.then(() => fetch("http://127.0.0.1:PORT/gone")));
      return new Response(new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1)); return new Promise((resolve) => setTimeout(resolve, 5)); } }));
    } }`,
    source.port,
  );
  const socket = net.connect(port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  socket.destroy();
  await expect.poll(() => seen).toEqual(["/gone"]);
});

it("a fetch with keepalive goes on after the answer, one without it ends with the invocation", async () => {
  const closed: string[] = [];
  const hold: http.ServerResponse[] = [];
  const ready: http.ServerResponse[] = [];
  const source = await origin((request, response) => {
    if (request.url === "/ready") ready.push(response);
    else {
      hold.push(response);
      response.on("close", () => closed.push(`${request.url} ${response.writableFinished ? "answered" : "given up"}`));
    }
    // The function answers when its fetch has arrived here.
    if (hold.length > 0 && ready.length > 0) ready.pop()?.end();
  });
  const { port } = await edgeOf(
    `{ async fetch(request) {
      const { pathname } = new URL(request.url);
      fetch("http://127.0.0.1:PORT" + pathname, { keepalive: pathname === "/keepalive" }).catch(() => undefined);
      await fetch("http://127.0.0.1:PORT/ready");
      return new Response("answered");
    } }`,
    source.port,
  );
  expect((await ask(port, "/ends")).text).toBe("answered");
  await expect.poll(() => closed).toEqual(["/ends given up"]);
  hold.length = 0;
  expect((await ask(port, "/keepalive")).text).toBe("answered");
  hold[0]?.end();
  await expect.poll(() => closed).toEqual(["/ends given up", "/keepalive answered"]);
});

/** Waits until other requests of the front, one after the other, see the same count above zero many times. */
async function standsStill(port: number, count: () => number): Promise<void> {
  for (let before = -1, times = 0; times < 50; times = count() === before && before > 0 ? times + 1 : 0) {
    before = count();
    await ask(port, "/other", { host: "unknown.test" });
  }
}
