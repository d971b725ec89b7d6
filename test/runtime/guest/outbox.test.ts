/** What is said in one entry crosses together, but no more than a batch may hold. */
import { expect, test } from "vitest";
import { FrameReader } from "../../../runtime/bridge/frame.ts";
import { Outbox } from "../../../runtime/guest/bridge/outbox.ts";
import { Sockets } from "../../../runtime/guest/bridge/sockets.ts";
import { batchLimits, socketLimits } from "../../../sdk/limits.ts";

/** What crossed: kinds of frames and number of buffers of each batch. */
function crossing(): {
  readonly outbox: Outbox;
  readonly batches: (readonly [string, number])[];
  readonly texts: string[];
} {
  const batches: (readonly [string, number])[] = [];
  const texts: string[] = [];
  const outbox = new Outbox((batch, ...buffers) => {
    const reader = new FrameReader(batch);
    let kinds = "";
    while (reader.next()) {
      kinds += reader.kind;
      texts.push(reader.rest());
    }
    batches.push([kinds, buffers.length]);
  });
  return { outbox, batches, texts };
}

test("an entry's words cross together at its end", () => {
  const { outbox, batches } = crossing();
  outbox.beginEntry();
  outbox.write("a", "1");
  outbox.writeWithBuffers("b", "2", [new ArrayBuffer(1)]);
  outbox.write("c", "3");
  expect(batches).toEqual([]);
  outbox.endEntry();
  expect(batches).toEqual([["abc", 1]]);
});

test("many words cross as soon as they are a lot, in order", () => {
  const { outbox, batches } = crossing();
  outbox.beginEntry();
  const part = "x".repeat(batchLimits.flushCharsMin / 4);
  for (const kind of "abcdef") outbox.write(kind, part);
  outbox.endEntry();
  expect(batches).toEqual([
    ["abcd", 0],
    ["ef", 0],
  ]);
});

test("large buffers and long texts cross as soon as they are a lot", () => {
  const { outbox, batches } = crossing();
  outbox.beginEntry();
  const half = batchLimits.flushBytesMin / 2;
  for (const kind of "abc") outbox.writeWithBuffers(kind, "", [new ArrayBuffer(half)]);
  outbox.writeWithBuffers("d", "", ["x".repeat(half)]);
  outbox.write("e", "");
  outbox.endEntry();
  expect(batches).toEqual([
    ["ab", 2],
    ["cd", 2],
    ["e", 0],
  ]);
});

test("what is no buffer is refused before anything of its frame is kept", () => {
  const { outbox, batches } = crossing();
  outbox.beginEntry();
  expect(() => outbox.writeWithBuffers("a", "", [new ArrayBuffer(1), new SharedArrayBuffer(1) as never])).toThrow(
    TypeError,
  );
  outbox.write("b", "");
  outbox.endEntry();
  expect(batches).toEqual([["b", 0]]);
});

test.each(["x".repeat(5 << 20), new ArrayBuffer(5 << 20)])(
  "of a WebSocket's message that is too long (%#) no more crosses than makes the front refuse it",
  (data) => {
    const { outbox, texts } = crossing();
    const sockets = new Sockets({ outbox, hold: () => () => {}, runAs: (_id, act) => act() });
    sockets.open(1, 2).send(data);
    outbox.flush();
    expect(texts.join("").length).toBeLessThan(socketLimits.messageBytesMax + 20);
  },
);
