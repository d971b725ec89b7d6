import { deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import type { WireProgress, WireStep } from "../../../runtime/guest/compression-protocol.ts";
import { HostCompression } from "../../../runtime/host-operations/compression.ts";
import { HostOperationError } from "../../../runtime/host-operations/host-operation-error.ts";
import { ThreadPool } from "../../../runtime/host-operations/thread-pool.ts";
import { compressionLimits, threadPoolLimits } from "../../../sdk/limits.ts";

let compression: HostCompression;
beforeEach(() => {
  compression = new HostCompression(new ThreadPool(() => 0).user("version"));
  return () => {
    compression.dispose();
  };
});

interface Progress extends WireProgress {
  readonly output: Uint8Array;
}

async function step(options: Partial<WireStep>, input?: Uint8Array): Promise<Progress> {
  const wire: WireStep = { codec: 1, direction: "decompress", format: "gzip", isLast: false, ...options };
  const buffers = input === undefined ? [] : [new Uint8Array(input).buffer];
  const { json, buffers: outputs } = await compression.call("compression.step", JSON.stringify(wire), buffers);
  return { ...(JSON.parse(json) as WireProgress), output: new Uint8Array(outputs[0] ?? new ArrayBuffer(0)) };
}

describe("HostCompression", () => {
  test("compresses step by step and forgets the codec at the end", async () => {
    const chunks: Uint8Array[] = [];
    const first = await step({ direction: "compress" }, Buffer.from("hello "));
    chunks.push(first.output);
    for (let last = await step({ direction: "compress", isLast: true }); ;) {
      chunks.push(last.output);
      if (last.state === "ended") break;
      last = await step({ direction: "compress", isLast: true });
    }
    expect(gunzipSync(Buffer.concat(chunks)).toString()).toBe("hello ");
    expect(compression.codecCount).toBe(0);
  });

  test("expands a bomb only as far as it is asked to", async () => {
    const bomb = deflateRawSync(Buffer.alloc(60 * 1024 * 1024));
    expect(bomb.byteLength).toBeLessThan(compressionLimits.chunkBytesMax);
    const progress = await step({ format: "deflate-raw" }, bomb);
    expect(progress.state).toBe("more");
    expect(progress.output.byteLength).toBeLessThanOrEqual(2 * compressionLimits.chunkBytesMax);
    let total = progress.output.byteLength;
    for (let more: Progress = progress; more.state === "more";) {
      more = await step({ format: "deflate-raw" });
      expect(more.output.byteLength).toBeLessThanOrEqual(2 * compressionLimits.chunkBytesMax);
      total += more.output.byteLength;
    }
    expect(total).toBe(60 * 1024 * 1024);
  });

  test("gives what came before a fault, then the fault, then forgets the codec", async () => {
    const progress = await step({}, Buffer.concat([gzipSync("hello"), Buffer.from([0])]));
    expect([Buffer.from(progress.output).toString(), progress.state]).toEqual(["hello", "more"]);
    await expect(step({})).rejects.toMatchObject({ name: "TypeError", message: /bytes follow the end/ });
    expect(compression.codecCount).toBe(0);
  });

  test("a member after the first counts as trailing bytes", async () => {
    const progress = await step({}, Buffer.concat([gzipSync("one"), gzipSync("two")]));
    expect(Buffer.from(progress.output).toString()).toBe("one");
    await expect(step({})).rejects.toMatchObject({ name: "TypeError" });
  });

  test.each(["deflate", "deflate-raw", "gzip", "brotli"] as const)("%s input without bytes is cut", async (format) => {
    await expect(step({ format, isLast: true })).rejects.toMatchObject({
      name: "TypeError",
      message: /ends before its end/,
    });
  });

  test("refuses one codec too many and opens again when another was closed", async () => {
    for (let codec = 1; codec <= compressionLimits.codecsMax; codec += 1) {
      await step({ codec, direction: "compress" }, Buffer.from("x"));
    }
    const input = Buffer.from("x");
    await expect(step({ codec: 0, direction: "compress" }, input)).rejects.toMatchObject({
      name: "QuotaExceededError",
    });
    await compression.call("compression.close", '{"codec":1}', []);
    expect((await step({ codec: 0, direction: "compress" }, input)).state).toBe("hungry");
    expect(compression.codecCount).toBe(compressionLimits.codecsMax);
  });

  test("a codec closed while its step waits is not opened by it", async () => {
    const input = Buffer.alloc(compressionLimits.chunkBytesMax, "abc");
    const stepsMax = threadPoolLimits.lanes.compression.runningPerGroupMax;
    const busy = Array.from({ length: stepsMax }, (_, codec) => step({ codec, direction: "compress" }, input));
    const waiting = step({ codec: 77, direction: "compress" }, input);
    await compression.call("compression.close", '{"codec":77}', []);
    await expect(waiting).rejects.toMatchObject({ name: "TypeError" });
    await Promise.all(busy);
    expect(compression.codecCount).toBe(stepsMax);
  });

  test("dispose() ends steps under way and refuses others", async () => {
    const running = step({ direction: "compress" }, Buffer.alloc(compressionLimits.chunkBytesMax));
    compression.dispose();
    expect(compression.codecCount).toBe(0);
    await expect(running).rejects.toBeInstanceOf(HostOperationError);
    await expect(step({ codec: 2 })).rejects.toMatchObject({ name: "TypeError" });
  });

  const good = '"codec":1,"direction":"compress","format":"gzip"';
  const malformed: readonly [string, string, string, number][] = [
    ["another operation", "compression.open", `{${good}}`, 0],
    ["no JSON", "compression.step", "{", 0],
    ["null", "compression.step", "null", 0],
    ["a list", "compression.step", "[]", 0],
    ["an unknown format", "compression.step", '{"codec":1,"direction":"compress","format":"zstd"}', 0],
    ["a format of the prototype", "compression.step", '{"codec":1,"direction":"compress","format":"toString"}', 0],
    ["an unknown direction", "compression.step", '{"codec":1,"direction":"constructor","format":"gzip"}', 0],
    ["no number", "compression.step", '{"codec":"1","direction":"compress","format":"gzip"}', 0],
    ["a close without a number", "compression.close", "{}", 0],
    ["more bytes than may cross at once", "compression.step", `{${good}}`, compressionLimits.chunkBytesMax + 1],
  ];
  test.each(malformed)("refuses %s with a TypeError by name", async (_, operation, json, inputBytes) => {
    const failure = compression.call(operation, json, [new ArrayBuffer(inputBytes)]);
    await expect(failure).rejects.toBeInstanceOf(HostOperationError);
    await expect(failure).rejects.toMatchObject({ name: "TypeError" });
    expect(compression.codecCount).toBe(0);
  });

  test("refuses a second step of a codec while one is under way", async () => {
    const first = step({ direction: "compress" }, Buffer.from("x"));
    await expect(step({ direction: "compress" })).rejects.toMatchObject({ name: "TypeError" });
    expect((await first).state).toBe("hungry");
  });
});
