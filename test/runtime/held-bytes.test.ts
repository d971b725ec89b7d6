import { expect, it } from "vitest";
import { HeldBytes } from "../../runtime/held-bytes.ts";

const piece = (text: string): Buffer => Buffer.from(text);

it("says nothing until enough bytes have come, then all of them, in order", () => {
  const held = new HeldBytes(piece("ab"), 5);
  expect([held.add(piece("c")), held.add(piece("d"))]).toEqual([null, null]);
  expect(held.add(piece("efg"))?.toString()).toBe("abcdefg");
});

it("gives the memory of large pieces back when they are joined", () => {
  const pieces = [1, 2].map((value) => Buffer.allocUnsafeSlow(20_000).fill(value));
  const [first, second] = pieces as [Buffer, Buffer];
  const all = new HeldBytes(first, 40_000).add(second);
  expect([all?.byteLength, all?.[0], all?.[39_999]]).toEqual([40_000, 1, 2]);
  expect([first.byteLength, second.byteLength]).toEqual([0, 0]);
});
