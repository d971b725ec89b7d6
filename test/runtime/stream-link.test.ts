import { Duplex } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import { FrameError } from "../../runtime/bridge/frame.ts";
import { encodeHead } from "../../runtime/message-head.ts";
import { StreamLink } from "../../runtime/stream-link.ts";

/** Two duplex streams joined so that what one writes the other reads, cut into pieces of `pieceBytes`. */
function joined(pieceBytes: number): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(data: Buffer, _encoding, done) {
        for (let at = 0; at < data.byteLength; at += pieceBytes) {
          other().push(Buffer.copyBytesFrom(data, at, Math.min(pieceBytes, data.byteLength - at)));
        }
        done();
      },
      destroy(error, done) {
        other().push(null);
        done(error);
      },
    });
  const left: Duplex = make(() => right);
  const right: Duplex = make(() => left);
  return [left, right];
}

const now = { afterTick: (flush: () => void) => queueMicrotask(flush) };

async function transferred(
  batches: readonly (readonly [string, readonly Uint8Array[]])[],
  pieceBytes: number,
): Promise<{ text: string; buffers: number[][] }> {
  const [left, right] = joined(pieceBytes);
  const sender = new StreamLink(left, now);
  const receiver = new StreamLink(right, now);
  const got = { text: "", buffers: [] as number[][] };
  const expected = batches.reduce((sum, [text]) => sum + text.length, 0);
  await new Promise<void>((resolve) => {
    receiver.onBatch = (text, buffers) => {
      got.text += text;
      got.buffers.push(...buffers.map((bytes) => [...bytes]));
      if (got.text.length >= expected) resolve();
    };
    for (const [text, buffers] of batches) sender.send(text, buffers);
  });
  return got;
}

describe("StreamLink", () => {
  it.each([1, 3, 7, 64, 100_000])(
    "a batch arrives whole when the stream cuts it every %d bytes",
    async (pieceBytes) => {
      const got = await transferred(
        [
          ["first ", [new Uint8Array([1, 2, 3])]],
          ["secönd", [new Uint8Array(0), new Uint8Array([9])]],
        ],
        pieceBytes,
      );
      expect(got).toEqual({ text: "first secönd", buffers: [[1, 2, 3], [], [9]] });
    },
  );

  it("pieces arrive as one buffer with memory of its own, and only those that were given are emptied", async () => {
    const [left, right] = joined(50_000);
    const sender = new StreamLink(left, now);
    const receiver = new StreamLink(right, now);
    const kept = new Uint8Array(20_000).fill(1);
    const given = new Uint8Array(20_000).fill(2);
    const received = new Promise<readonly Uint8Array[]>((resolve) => {
      receiver.onBatch = (_text, buffers) => {
        resolve(buffers);
      };
    });
    sender.send("x", [
      { pieces: [kept, kept.subarray(0, 5)], byteLength: 20_005, areGiven: false },
      { pieces: [given], byteLength: 20_000, areGiven: true },
    ]);
    const [first, second] = await received;
    expect([first?.byteLength, first?.buffer.byteLength, second?.byteLength]).toEqual([20_005, 20_005, 20_000]);
    expect([first?.every((byte) => byte === 1), second?.every((byte) => byte === 2)]).toEqual([true, true]);
    expect([kept.byteLength, given.byteLength]).toEqual([20_000, 0]);
  });

  it.each([
    ["text beyond the payload", [4, 100, 0]],
    ["less text than payload", [12, 4, 0]],
    ["more buffers than the payload holds", [8, 0, 3]],
    ["buffers beyond the payload", [12, 0, 1, 0xffff_ffff]],
    ["a payload larger than allowed", [0xffff_ffff, 0, 0]],
  ])("a head that claims %s ends the link and says so, once", async (_name, fields) => {
    const [left, right] = joined(100);
    const receiver = new StreamLink(right, now);
    const closes: unknown[] = [];
    receiver.onClose = (failure) => closes.push(failure);
    receiver.onBatch = () => {
      throw new Error("delivered");
    };
    const head = Buffer.alloc(24);
    for (const [index, field] of fields.entries()) head.writeUInt32LE(field, 4 * index);
    left.write(head);
    await new Promise(setImmediate);
    expect([right.destroyed, closes]).toEqual([true, [expect.any(FrameError)]]);
  });

  it("a reader that fails at a batch ends the link with what it threw, and gets nothing more", async () => {
    const [left, right] = joined(1_000);
    const receiver = new StreamLink(right, now);
    const seen: unknown[] = [];
    receiver.onClose = (failure) => seen.push(failure?.message);
    receiver.onBatch = (text) => {
      seen.push(text);
      throw new Error("unreadable");
    };
    const sender = new StreamLink(left, now);
    sender.send("first", []);
    await Promise.resolve();
    sender.send("second", []);
    await new Promise(setImmediate);
    expect([right.destroyed, seen]).toEqual([true, ["first", "unreadable"]]);
  });

  it("a link that is closed on purpose tells nobody", async () => {
    const [, right] = joined(100);
    const link = new StreamLink(right, now);
    const closes: unknown[] = [];
    link.onClose = (failure) => closes.push(failure);
    link.close();
    await new Promise(setImmediate);
    expect([right.destroyed, closes]).toEqual([true, []]);
  });

  it("a text in many pieces costs work in proportion to its bytes, and each piece is a sign of life", async () => {
    const [, right] = joined(1);
    const receiver = new StreamLink(right, now);
    const texts: number[] = [];
    receiver.onBatch = (text) => texts.push(text.length);
    const message = encodeHead("x".repeat(8 << 20), []);
    const concat = vi.spyOn(Buffer, "concat");
    for (let at = 0; at < message.byteLength; at += 4_096) right.push(Buffer.copyBytesFrom(message, at, 4_096));
    await new Promise(setImmediate);
    const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).byteLength, 0);
    concat.mockRestore();
    expect([texts, copied, receiver.heard]).toEqual([
      [8 << 20],
      message.byteLength,
      Math.ceil(message.byteLength / 4_096),
    ]);
  });

  it("what is too much for one message becomes several, in order, and the rest of the tick goes with the last", async () => {
    const [left, right] = joined(1 << 20);
    const sender = new StreamLink(left, now);
    const receiver = new StreamLink(right, now);
    const got: [string, number][] = [];
    receiver.onBatch = (text, buffers) => got.push([text, buffers.length]);
    const bytes = new Uint8Array(9 << 20);
    for (const text of ["a", "b", "c"]) sender.send(text, [bytes]);
    sender.send("d", []);
    const many = Array.from({ length: 40_000 }, () => new Uint8Array(0));
    for (const text of ["e", "f"]) sender.send(text, many);
    await new Promise(setImmediate);
    sender.send("g", []);
    await new Promise(setImmediate);
    expect(got).toEqual([
      ["a", 1],
      ["b", 1],
      ["cde", 40_001],
      ["f", 40_000],
      ["g", 0],
    ]);
  });

  it("text beyond Latin-1 arrives as it was", async () => {
    expect((await transferred([["snow ☃ 🙂", []]], 5)).text).toBe("snow ☃ 🙂");
  });

  it("onClose is called once when the other side goes away", async () => {
    const [left, right] = joined(100);
    const link = new StreamLink(right, now);
    const closes: unknown[] = [];
    link.onClose = (failure) => closes.push(failure);
    right.resume();
    left.destroy();
    await new Promise(setImmediate);
    right.destroy();
    await new Promise(setImmediate);
    expect(closes).toEqual([null]);
  });
});
