/** The part of the driver contract that is about chains of streams: what flows, how far ahead, and what stops when a reader goes away. */
import { deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import type { Body } from "../../runtime/body.ts";
import type { Outcome, SubrequestResponse } from "../../runtime/driver.ts";
import type { RunFunction } from "./driver-run.ts";
import { bytesOf, streamOf, textOf } from "./driver-fixtures.ts";

/** A body without end that counts what was taken of it. */
function endless(): { readonly body: Body; readonly taken: () => number; readonly isCancelled: () => boolean } {
  let taken = 0;
  let cancelled = false;
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => {
      taken += 1;
      return Promise.resolve({ done: false, value: new Uint8Array(65_536).fill(taken) });
    },
    return: () => {
      cancelled = true;
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  const chunks = { [Symbol.asyncIterator]: () => iterator };
  return { body: { kind: "stream", lengthBytes: undefined, chunks }, taken: () => taken, isCancelled: () => cancelled };
}

function readerOf(outcome: Outcome): AsyncIterator<Uint8Array> {
  if (outcome.kind !== "response" || outcome.body.kind !== "stream") throw new Error(JSON.stringify(outcome));
  return outcome.body.chunks[Symbol.asyncIterator]();
}

/** Waits until `count` says the same twice, with everybody's events handled in between. */
async function settled(count: () => number): Promise<number> {
  let before = -1;
  while (count() !== before) {
    before = count();
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  }
  return before;
}

function responseOf(body: Body): () => Promise<SubrequestResponse> {
  return () =>
    Promise.resolve({
      status: 200,
      statusText: "",
      headers: "",
      body,
      url: "http://other.example/",
      redirected: false,
    });
}

const identity = `new TransformStream({ transform(chunk, c) { c.enqueue(chunk); } })`;
const source = (chunk: string): string =>
  `new ReadableStream({ pull(c) { c.enqueue(${chunk}); }, cancel(reason) { console.log("cancelled: " + reason.message); } })`;

/** Chains of streams. */
export function streams(run: RunFunction): void {
  passing(run);
  beginning(run);
  goingAway(run);
  compression(run);
}

function passing(run: RunFunction): void {
  it("a large body passes a TransformStream unchanged and in order", async () => {
    const parts = Array.from({ length: 40 }, (_, index) => String.fromCharCode(65 + (index % 26)).repeat(70_000));
    const { outcome } = await run(
      `{ fetch(request) { return new Response(request.body.pipeThrough(${identity})); } }`,
      { invocation: { method: "POST", body: streamOf(parts) } },
    );
    expect((await textOf(outcome)) === parts.join("")).toBe(true);
  });

  it("a chunk that is reused after enqueue() arrives as it was", async () => {
    const { outcome } = await run(
      `{ fetch() { const chunk = new Uint8Array(40000); let n = 0; return new Response(new ReadableStream({ pull(c) { n += 1; if (n > 9) { c.close(); return; } chunk.fill(n); c.enqueue(chunk); } }, { highWaterMark: 0 })); } }`,
    );
    const bytes = await bytesOf(outcome);
    expect(Array.from({ length: 9 }, (_, index) => bytes[index * 40_000 + 39_999])).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it.each([
    ["a view of a larger buffer", "new Uint8Array(new ArrayBuffer(100000), 10, 40000).fill(5)"],
    ["a buffer that can be resized", "new Uint8Array(new ArrayBuffer(40000, { maxByteLength: 80000 })).fill(5)"],
  ])("%s crosses as what it shows", async (_name, chunk) => {
    const { outcome } = await run(
      `{ fetch() { return new Response(new ReadableStream({ start(c) { c.enqueue(${chunk}); c.close(); } })); } }`,
    );
    const bytes = await bytesOf(outcome);
    expect([bytes.byteLength, bytes.every((byte) => byte === 5)]).toEqual([40_000, true]);
  });

  it("bodies are byte streams: a BYOB reader fills the caller's buffer", async () => {
    const module = `{ async fetch(request) {
      const read = async (body) => { const { value } = await body.getReader({ mode: "byob" }).read(new Uint8Array(3)); return new TextDecoder().decode(value); };
      return new Response([await read(request.body), await read(new Response("xyz!").body), await read((await fetch("http://other.example/")).body)].join());
    } }`;
    const { outcome } = await run(module, {
      invocation: { method: "POST", body: streamOf(["abcdef"]) },
      fetch: responseOf(streamOf(["123456"])),
    });
    expect(await textOf(outcome)).toBe("abc,xyz,123");
  });

  it("a reader that stops stops a chain within its windows", async () => {
    const { body, taken } = endless();
    const { outcome } = await run(
      `{ async fetch() { return new Response((await fetch("http://other.example/")).body.pipeThrough(${identity})); } }`,
      { fetch: responseOf(body) },
    );
    const reader = readerOf(outcome);
    await reader.next();
    expect(await settled(taken)).toBeLessThan(64);
    await reader.return?.();
  });
}

function beginning(run: RunFunction): void {
  const limits = { fetchWallMs: 40, wallMs: 40 };

  it.each([
    ["never begins", `new ReadableStream({ pull: () => new Promise(() => {}) })`],
    ["has not even been started", `new ReadableStream({ start: () => new Promise(() => {}) })`],
    ["sends nothing but air", `new ReadableStream({ async pull(c) { await new Promise((r) => setTimeout(r, 5)); } })`],
  ])("an answer whose stream %s fails at the wall limit", async (_name, stream) => {
    const { outcome } = await run(`{ fetch() { return new Response(${stream}); } }`, { limits });
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_WALL_LIMIT" });
  });

  it("the source of a stream that was too late is cancelled", async () => {
    const late = `new ReadableStream({ pull: () => new Promise(() => {}), cancel(reason) { console.log("cancelled"); } })`;
    // The hook itself has to be in time.
    const { logs } = await run(`{ fetch() { return new Response(${late}); } }`, {
      limits: { fetchWallMs: 2_000, wallMs: 2_000 },
    });
    await expect.poll(() => logs).toEqual(["info cancelled"]);
  });

  it("a stream that began in time may go on beyond the wall limit", async () => {
    const slow = `new ReadableStream({ n: 0, async pull(c) { if (++this.n > 4) return c.close(); if (this.n > 1) await new Promise((r) => setTimeout(r, 800)); c.enqueue(new Uint8Array(1)); } }, { highWaterMark: 0 })`;
    const { outcome } = await run(`{ fetch() { return new Response(${slow}); } }`, {
      limits: { fetchWallMs: 2_000, wallMs: 2_000 },
    });
    expect(await bytesOf(outcome)).toHaveLength(4);
  });

  it("an empty stream that ends is an answer", async () => {
    const { outcome } = await run(
      `{ fetch() { return new Response(new ReadableStream({ start(c) { c.close(); } })); } }`,
    );
    expect([outcome.kind, await textOf(outcome)]).toEqual(["response", ""]);
  });

  it("a stream that breaks off before its first byte fails the invocation", async () => {
    const { outcome } = await run(
      `{ fetch() { return new Response(new ReadableStream({ pull() { throw new Error("no body"); } })); } }`,
    );
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_BODY_FAILED", message: "no body" });
  });

  it("HEAD does not wait for a body that nobody reads", async () => {
    const { outcome } = await run(
      `{ fetch() { return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }), { status: 203 }); } }`,
      { invocation: { method: "HEAD" } },
    );
    expect(outcome).toMatchObject({ kind: "response", status: 203 });
    await readerOf(outcome).return?.();
  });

  it("what the function's code does to its own instance before the first byte is told with a code", async () => {
    const { outcome } = await run(
      `{ fetch() { return new Response(new ReadableStream({ pull() { for (;;); } }, { highWaterMark: 0 })); } }`,
      { limits: { cpuMs: 50 } },
    );
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_BODY_FAILED" });
  });
}

function goingAway(run: RunFunction): void {
  it("a reader that goes away cancels the author's source through a chain", async () => {
    const chain = `${source("new Uint8Array(1000)")}.pipeThrough(${identity}).pipeThrough(new CompressionStream("gzip"))`;
    const { outcome, logs } = await run(`{ fetch() { return new Response(${chain}); } }`);
    const reader = readerOf(outcome);
    await reader.next();
    await reader.return?.();
    await expect.poll(() => logs).toEqual(["info cancelled: The reader of this stream went away"]);
  });

  it.each([
    ["a TransformStream", identity],
    ["a CompressionStream", `new CompressionStream("deflate")`],
    ["both", `new CompressionStream("gzip")).pipeThrough(new DecompressionStream("gzip")).pipeThrough(${identity}`],
  ])("a reader that goes away cancels the body of a fetch behind %s", async (_name, transform) => {
    const { body, isCancelled } = endless();
    const { outcome } = await run(
      `{ async fetch() { return new Response((await fetch("http://other.example/")).body.pipeThrough(${transform})); } }`,
      { fetch: responseOf(body) },
    );
    const reader = readerOf(outcome);
    await reader.next();
    expect(isCancelled()).toBe(false);
    await reader.return?.();
    await expect.poll(isCancelled).toBe(true);
  });

  it("the body of a fetch that is returned as it is outlives the function", async () => {
    const { body, isCancelled } = endless();
    const { outcome } = await run(`{ fetch() { return fetch("http://other.example/"); } }`, {
      fetch: responseOf(body),
    });
    const reader = readerOf(outcome);
    for (let turn = 0; turn < 200; turn += 1) {
      await reader.next();
      await new Promise(setImmediate);
    }
    expect(isCancelled()).toBe(false);
    await reader.return?.();
    expect(isCancelled()).toBe(true);
  });

  it("a source that breaks off behind a chain breaks the body off", async () => {
    const broken = `new ReadableStream({ pull(c) { if (this.began) return c.error(new Error("late")); this.began = true; c.enqueue(new Uint8Array(9)); } }).pipeThrough(${identity}).pipeThrough(new CompressionStream("gzip"))`;
    const { outcome } = await run(`{ fetch() { return new Response(${broken}); } }`);
    await expect(bytesOf(outcome)).rejects.toThrow("late");
  });
}

function compression(run: RunFunction): void {
  it("compresses and decompresses what passes", async () => {
    const compressed = await run(
      `{ fetch(request) { return new Response(request.body.pipeThrough(new CompressionStream("gzip"))); } }`,
      { invocation: { method: "POST", body: streamOf(["one ", "two ", "three"]) } },
    );
    expect(gunzipSync(await bytesOf(compressed.outcome)).toString()).toBe("one two three");
    const { body } = { body: streamOf([""]) };
    const text = gzipSync("snö").toString("base64");
    const decompressed = await run(
      `{ async fetch() { const bytes = Uint8Array.from(atob("${text}"), (c) => c.charCodeAt(0)); return new Response(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text()); } }`,
      { invocation: { method: "POST", body } },
    );
    expect(await textOf(decompressed.outcome)).toBe("snö");
  });

  it("a decompression bomb expands only as far as it is read", async () => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024));
    const counting = `new TransformStream({ transform(chunk, c) { console.log(String(chunk.byteLength)); c.enqueue(chunk); } })`;
    const { outcome, logs } = await run(
      `{ fetch(request) { return new Response(request.body.pipeThrough(new DecompressionStream("deflate-raw")).pipeThrough(${counting})); } }`,
      {
        invocation: { method: "POST", body: { kind: "bytes", bytes: bomb } },
        limits: { memoryMiB: 32 },
      },
    );
    const reader = readerOf(outcome);
    await reader.next();
    await settled(() => logs.length);
    const expanded = logs.reduce((sum, line) => sum + Number(line.replace("info ", "")), 0);
    expect(expanded).toBeLessThan(2 * 1024 * 1024);
    await reader.return?.();
  });

  it("streams that nobody holds any more make room for others", async () => {
    const module = `{ async fetch() {
      for (let n = 0; n < 500; n += 1) {
        const stream = new CompressionStream("deflate");
        const writer = stream.writable.getWriter();
        const reading = stream.readable.getReader().read();
        await writer.write(new Uint8Array(10));
        reading.catch(() => {});
        if (n % 50 === 49) { for (let i = 0; i < 40; i += 1) new Uint8Array(2000000).fill(1); await new Promise((resolve) => setTimeout(resolve, 5)); }
      }
      return new Response("all");
    } }`;
    const { outcome } = await run(module, { limits: { cpuMs: 10_000, memoryMiB: 64 } });
    expect(await textOf(outcome)).toBe("all");
  });
}
