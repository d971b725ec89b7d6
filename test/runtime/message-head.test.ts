import { describe, expect, it } from "vitest";
import { FrameError } from "../../runtime/bridge/frame.ts";
import { buffersOfHead, encodeHead, lengthOfHead, textOfHead } from "../../runtime/message-head.ts";

/** Payload, text field, lengths of buffers; then room for a text. */
function head(payload: number, textField: number, lengths: readonly number[], count = lengths.length): Buffer {
  const data = Buffer.alloc(12 + 4 * lengths.length + 64);
  for (const [index, field] of [payload, textField, count, ...lengths].entries()) data.writeUInt32LE(field, 4 * index);
  return data;
}

function read(data: Buffer): unknown {
  const length = lengthOfHead(data);
  return { length, text: textOfHead(data, length), lengths: buffersOfHead(data, length).map((one) => one.byteLength) };
}

describe("the head of a message", () => {
  it.each([
    ["", []],
    ["text", []],
    ["wide ☃", [3]],
    ["", [0, 70_000, 1]],
  ])("comes back: %j %j", (text, lengths) => {
    const data = encodeHead(
      text,
      lengths.map((length) => new Uint8Array(length)),
    );
    expect(read(data)).toEqual({ length: data.byteLength, text, lengths });
  });

  it("says nothing of itself before its first twelve bytes are there", () => {
    expect(lengthOfHead(encodeHead("text", []).subarray(0, 11))).toBe(0);
  });

  it.each([
    ["text beyond the payload", head(4, 100, [])],
    ["less text than payload, and no buffer", head(100, 4, [])],
    ["wide text beyond the payload", head(5, 0x8000_0003, [])],
    ["more buffers than the payload holds", head(8, 0, [], 3)],
    ["a payload beyond the bound", head(0xffff_ffff, 0, [])],
    ["text that no string can hold", head(0x1fff_0000, 0x1fff_0000, [])],
    ["a million buffers", head(4_000_000, 0, [], 1_000_000)],
    ["buffers of less than the payload", head(100, 4, [8])],
    [
      "buffers of 4 GiB in 60 bytes",
      head(
        100,
        60,
        Array.from({ length: 10 }, () => 0xffff_ffff),
      ),
    ],
    ["buffers whose sum is the payload modulo 2^32", head(8, 0, [0xffff_ffff, 1])],
  ])("that claims %s is refused before anything is allocated for it", (_name, data) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(() => read(data)).toThrow(FrameError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});
