import { expect, it } from "vitest";
import { RecentKeys } from "../../../edge-node/hosts/recent-keys.ts";

it("forgets a key after one to two generations without it", () => {
  const recent = new RecentKeys();
  recent.add("a");
  recent.age();
  recent.add("b");
  expect(recent.keys).toEqual(["b", "a"]);
  recent.age();
  expect(recent.keys).toEqual(["b"]);
  recent.age();
  expect(recent.keys).toEqual([]);
});

it("keeps what is noted again, once, and forgets what it is told to", () => {
  const recent = new RecentKeys();
  for (let round = 0; round < 3; round++) {
    recent.add("a");
    recent.add("b");
    recent.age();
  }
  recent.add("a");
  expect(recent.keys).toEqual(["a", "b"]);
  recent.delete("a");
  expect(recent.keys).toEqual(["b"]);
});
