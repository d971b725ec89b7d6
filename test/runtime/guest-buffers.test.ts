import { describe, expect, it } from "vitest";
import { FrameError } from "../../runtime/bridge/frame.ts";
import { readableBatch, takeBuffers } from "../../runtime/isolates/guest-buffers.ts";
import { batchLimits } from "../../sdk/limits.ts";

describe("readableBatch()", () => {
  it("puts the bytes of a text in its place, in a buffer that holds nothing else", () => {
    const buffers: unknown[] = [new ArrayBuffer(2), "h\u00e9\ud800"];
    expect(readableBatch("frames", buffers)).toBe("frames");
    const [, second] = takeBuffers(buffers, 0, 2);
    expect(Buffer.from(second ?? []).toString()).toBe("h\u00e9\ufffd");
    expect(second?.buffer.byteLength).toBe(6);
  });

  it.each<readonly [string, unknown, () => unknown[]]>([
    ["something that is no text", 7, () => []],
    ["more characters than allowed", "x".repeat(batchLimits.charsMax + 1), () => []],
    ["more buffers than allowed", "", () => Array.from({ length: batchLimits.buffersMax + 1 })],
    ["more bytes than allowed", "", () => Array.from({ length: 6 }, () => new ArrayBuffer(64 << 20))],
    ["a text of more bytes than allowed", "", () => ["x".repeat(batchLimits.bytesMax + 1)]],
    ["a text of more bytes than allowed once it is encoded", "", () => ["\u2603".repeat(112 << 20)]],
  ])("refuses %s", (_name, batch, buffers) => {
    expect(() => readableBatch(batch, buffers())).toThrow(FrameError);
  });

  it("takes what is as large as allowed", () => {
    const buffers = Array.from({ length: 5 }, () => new ArrayBuffer(batchLimits.bytesMax / 5));
    expect(readableBatch("x".repeat(batchLimits.charsMax), buffers)).toHaveLength(batchLimits.charsMax);
  });
});
