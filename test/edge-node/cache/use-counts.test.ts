import { expect, it } from "vitest";
import { UseCounts } from "../../../edge-node/cache/use-counts.ts";

it("counts the uses of each key, up to 255", () => {
  const counts = new UseCounts();
  const [one, two] = [
    { b: 1, c: 1 },
    { b: 1, c: 2 },
  ];
  expect([counts.of(one), counts.note(one), counts.note(one), counts.note(two), counts.of(one)]).toEqual([
    0, 1, 2, 1, 2,
  ]);
  for (let use = 0; use < 300; use++) counts.note(two);
  expect(counts.of(two)).toBe(255);
});

it("forgets a key whose row another one takes", () => {
  const counts = new UseCounts();
  counts.note({ b: 1, c: 7 });
  expect(counts.note({ b: 2, c: 7 })).toBe(1);
  expect(counts.of({ b: 1, c: 7 })).toBe(0);
});
