import { expect, it } from "vitest";
import { ownBytes } from "../../../edge-node/cache/own-bytes.ts";

it("a part of other memory is copied", () => {
  const part = Buffer.from("abcdef").subarray(1, 4);
  const own = ownBytes(part);
  expect([Buffer.from(own).toString(), own.buffer.byteLength]).toEqual(["bcd", 3]);
});

it("bytes that have their memory for themselves stay where they are", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  expect(ownBytes(bytes)).toBe(bytes);
});
