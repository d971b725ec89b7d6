import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { codings, type Coding } from "../../../edge-node/compression/accept-encoding.ts";
import { Compressor } from "../../../edge-node/compression/compressor.ts";
import { compressionStepLimits } from "../../../sdk/cdn-limits.ts";
import type { Body } from "../../../runtime/body.ts";

const decode: Readonly<Record<Coding, (bytes: Uint8Array) => Buffer>> = {
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
  gzip: zlib.gunzipSync,
};
const text = Buffer.from("selvage ".repeat(10_000));

function streamOf(chunks: AsyncIterable<Uint8Array>, lengthBytes?: number): Extract<Body, { kind: "stream" }> {
  return { kind: "stream", chunks, lengthBytes };
}

async function* pieces(...all: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const piece of all) {
    if (piece instanceof Error) throw piece;
    await Promise.resolve();
    yield piece;
  }
}

function chunksOf(body: Body | null): AsyncIterable<Uint8Array> {
  if (body?.kind !== "stream") throw new Error("expected a stream");
  return body.chunks;
}

async function allOf(body: Body | null): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(body)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.each(codings)("%s", (coding) => {
  it("gives what its decoder turns back, whole or in pieces", async () => {
    const compressor = new Compressor();
    const once = await compressor.once(text, coding);
    expect(decode[coding](once ?? text).equals(text)).toBe(true);
    expect(once?.byteLength).toBeLessThan(2_000);
    const half = text.byteLength / 2;
    const body = streamOf(pieces(text.subarray(0, half), text.subarray(half)), text.byteLength);
    expect(decode[coding](await allOf(compressor.stream(body, coding))).equals(text)).toBe(true);
  });

  it("lets every chunk out at once when nobody knows how many there are", async () => {
    const more = Promise.withResolvers<Uint8Array>();
    const chunks = (async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("first");
      yield await more.promise;
    })();
    const reader = chunksOf(new Compressor().stream(streamOf(chunks), coding))[Symbol.asyncIterator]();
    const { value } = await reader.next();
    const received = [value ?? Buffer.alloc(0)];
    more.resolve(Buffer.from(" second"));
    for (let item = await reader.next(); item.done !== true; item = await reader.next()) received.push(item.value);
    expect(received.length).toBeGreaterThan(1);
    expect(decode[coding](Buffer.concat(received)).toString()).toBe("first second");
  });

  it("throws to the reader when the source broke off", async () => {
    const body = streamOf(pieces(text, new Error("broke")), text.byteLength * 2);
    await expect(allOf(new Compressor().stream(body, coding))).rejects.toThrow("broke");
  });
});

describe("Compressor", () => {
  it("makes a stored body's form once and keeps it by the identity of its bytes", async () => {
    const compressor = new Compressor();
    expect(compressor.found(text, "gzip")).toBeUndefined();
    const [first, second] = await Promise.all([
      compressor.stored({ identity: text, bytes: text }, "gzip"),
      compressor.stored({ identity: text, bytes: text }, "gzip"),
    ]);
    expect(first).toBe(second);
    expect(compressor.found(text, "gzip")).toBe(first);
    expect(compressor.found(text, "br")).toBeUndefined();
    expect(compressor.found(Buffer.from(text), "gzip")).toBeUndefined();
    expect(compressor.keptBytes).toBeGreaterThan(first?.byteLength ?? 0);
  });

  it("forgets the form used longest ago when it keeps too much", async () => {
    const compressor = new Compressor({ keptBytesMax: 600 });
    const bodies = [1, 2, 3].map((seed) => Buffer.from(`${seed}`.repeat(5_000)));
    for (const body of bodies) await compressor.stored({ identity: body, bytes: body }, "gzip");
    expect(compressor.keptBytes).toBeLessThanOrEqual(600);
    const kept = bodies.map((body) => compressor.found(body, "gzip") !== undefined);
    expect([kept[0], kept[2]]).toEqual([false, true]);
  });

  it("has no room beyond its bounds, and has it again afterwards", async () => {
    const compressor = new Compressor();
    const { wholeMax, streamsMax } = compressionStepLimits;
    const running = Array.from({ length: wholeMax }, () => compressor.once(text, "gzip"));
    expect(await compressor.once(text, "gzip")).toBeNull();
    await Promise.all(running);
    expect(await compressor.once(text, "gzip")).not.toBeNull();
    const silent = (): Extract<Body, { kind: "stream" }> => streamOf(pieces(text));
    const streams = Array.from({ length: streamsMax }, () => compressor.stream(silent(), "gzip"));
    expect(compressor.stream(silent(), "gzip")).toBeNull();
    await Promise.all(streams.map((body) => allOf(body)));
    await expect.poll(() => compressor.stream(silent(), "gzip")).not.toBeNull();
  });

  it("gives a source up that is silent when the reader leaves", async () => {
    let gaveUp = false;
    const chunks = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<Uint8Array>>(() => {}),
        return: () => {
          gaveUp = true;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    };
    const reader = chunksOf(new Compressor().stream(streamOf(chunks), "br"))[Symbol.asyncIterator]();
    void reader.next();
    await reader.return?.();
    expect(gaveUp).toBe(true);
  });
});
