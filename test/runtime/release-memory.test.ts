import { expect, it } from "vitest";
import { releaseMemory } from "../../runtime/release-memory.ts";

it.each<[string, Uint8Array, boolean]>([
  ["a large chunk with memory of its own", new Uint8Array(65_536), true],
  ["a small chunk", new Uint8Array(100), false],
  ["a part of a buffer", new Uint8Array(new ArrayBuffer(65_537), 1), false],
  ["shared memory", new Uint8Array(new SharedArrayBuffer(65_536)), false],
])("releaseMemory() of %s", (_name, chunk, isEmptied) => {
  const bytes = chunk.byteLength;
  releaseMemory(chunk);
  expect(chunk.byteLength).toBe(isEmptied ? 0 : bytes);
  releaseMemory(chunk);
});
