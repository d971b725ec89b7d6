import { brotliDecompressSync, deflateRawSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { CompressionStream, DecompressionStream } from "../../../runtime/guest/parts/compression/main.ts";
import { ReadableStream } from "../../../runtime/guest/parts/streams/main.ts";
import { connectFakeHost, type FakeHostPort } from "./fake-host-port.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

let host: FakeHostPort;
beforeEach(() => {
  host = connectFakeHost();
  return () => {
    host.compression.dispose();
  };
});

async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function streamOf(...chunks: readonly Uint8Array[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(chunks.map((chunk) => new Uint8Array(chunk)));
}

const inverse = {
  brotli: brotliDecompressSync,
  deflate: inflateSync,
  "deflate-raw": inflateRawSync,
  gzip: gunzipSync,
} as const;

describe("CompressionStream", () => {
  test.each(["deflate", "deflate-raw", "gzip", "brotli"] as const)(
    "%s: a large body comes back whole",
    async (format) => {
      const body = Buffer.alloc(1_000_003, "The quick brown fox. ");
      const compressed = await collect(streamOf(body).pipeThrough(new CompressionStream(format)));
      expect(inverse[format](compressed).equals(body)).toBe(true);
      const back = await collect(streamOf(compressed).pipeThrough(new DecompressionStream(format)));
      expect(back.equals(body)).toBe(true);
      expect(host.compression.codecCount).toBe(0);
    },
  );

  test("touches the host with its first bytes, not before", async () => {
    const stream = new CompressionStream("gzip");
    const reading = stream.readable.getReader().read();
    await Promise.resolve();
    expect(host.calls).toEqual([]);
    const writer = stream.writable.getWriter();
    void writer.write(new Uint8Array([1]));
    void writer.close();
    expect((await reading).done).toBe(false);
    expect(host.calls).toContain("compression.step");
  });

  test("what is written may be changed at once", async () => {
    const bytes = new Uint8Array(300_000).fill(1);
    const stream = new CompressionStream("gzip");
    const writer = stream.writable.getWriter();
    const output = collect(stream.readable);
    const written = writer.write(bytes);
    await writer.ready.catch(() => undefined);
    await Promise.resolve();
    bytes.fill(2);
    await written;
    await writer.close();
    expect(gunzipSync(await output).every((byte) => byte === 1)).toBe(true);
  });

  test.each(["zstd", "GZIP", "", undefined, null, {}])("refuses the format %o", (format) => {
    expect(() => new CompressionStream(format as "gzip")).toThrow(TypeError);
    expect(() => new DecompressionStream(format as "gzip")).toThrow(TypeError);
  });

  test.each([["text"], [null], [undefined], [{}], [[1]], [new Uint8Array(new SharedArrayBuffer(1))]])(
    "a chunk %o errors both sides",
    async (chunk) => {
      const stream = new CompressionStream("gzip");
      const writer = stream.writable.getWriter();
      const reading = stream.readable.getReader().read();
      await expect(writer.write(chunk as unknown as ArrayBuffer)).rejects.toThrow(TypeError);
      await expect(reading).rejects.toThrow(TypeError);
      await expect(writer.closed).rejects.toThrow(TypeError);
    },
  );
});

describe("DecompressionStream", () => {
  test("inflates only as far as it is read, and a write waits for that", async () => {
    const stream = new DecompressionStream("deflate-raw");
    const writer = stream.writable.getWriter();
    let written = false;
    const writing = writer.write(new Uint8Array(deflateRawSync(Buffer.alloc(4 * 1024 * 1024)))).then(() => {
      written = true;
    });
    const reader = stream.readable.getReader();
    expect((await reader.read()).value?.byteLength).toBeLessThanOrEqual(131_072);
    await Promise.resolve();
    const steps = host.calls.length;
    expect(steps).toBe(1);
    expect(written).toBe(false);
    const closing = writing.then(() => writer.close());
    let bytes = 0;
    for (let result = await reader.read(); !result.done; result = await reader.read()) bytes += result.value.byteLength;
    await closing;
    expect(bytes).toBeGreaterThan(3_900_000);
  });

  test("cancel() of the reader errors the writer and closes the codec", async () => {
    const stream = new DecompressionStream("deflate-raw");
    const writer = stream.writable.getWriter();
    const writing = writer.write(new Uint8Array(deflateRawSync(Buffer.alloc(4 * 1024 * 1024))));
    const reader = stream.readable.getReader();
    await reader.read();
    expect(host.compression.codecCount).toBe(1);
    const reason = new Error("enough");
    await reader.cancel(reason);
    await expect(writing).rejects.toBe(reason);
    await expect(writer.closed).rejects.toBe(reason);
    expect(host.compression.codecCount).toBe(0);
  });

  test("abort() of the writer errors the reader and closes the codec", async () => {
    const stream = new DecompressionStream("gzip");
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    const reading = reader.read();
    await writer.write(new Uint8Array(gzipSync("hello").subarray(0, 10)));
    const reason = new Error("gone");
    await writer.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(host.compression.codecCount).toBe(0);
  });

  test("a source that breaks off breaks the reader off", async () => {
    const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        controller.error(new TypeError("broken"));
      },
    });
    await expect(collect(broken.pipeThrough(new DecompressionStream("gzip")))).rejects.toThrow("broken");
  });

  test.each([
    ["cut", (data: Buffer) => data.subarray(0, -1)],
    ["followed by a byte", (data: Buffer) => Buffer.concat([data, Buffer.from([0])])],
    ["another format", () => deflateRawSync("hello")],
  ])("data that is %s ends in a TypeError on both sides", async (_, change) => {
    const stream = new DecompressionStream("gzip");
    const writer = stream.writable.getWriter();
    const output = collect(stream.readable);
    writer.write(new Uint8Array(change(gzipSync("hello")))).catch(() => undefined);
    writer.close().catch(() => undefined);
    await expect(output).rejects.toThrow(TypeError);
    await expect(writer.closed).rejects.toThrow(TypeError);
    expect(host.compression.codecCount).toBe(0);
  });
});
