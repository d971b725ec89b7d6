import { describe, expect, it } from "vitest";
import { SieveMap } from "../../../edge-node/cache/sieve-map.ts";

function mapOf(sizeMax: number, onGone: (value: number, key: string) => void = () => undefined): SieveMap<number> {
  return new SieveMap({ sizeMax, sizeOf: (value) => value, onGone });
}

function held(map: SieveMap<number>, keys: string): string {
  return keys
    .split("")
    .filter((key) => map.peek(key) !== undefined)
    .join("");
}

function fill(map: SieveMap<number>, keys: string): void {
  for (const key of keys) map.set(key, 1);
}

describe("SieveMap", () => {
  it("gives back what was set last, and nothing for what was deleted or never there", () => {
    const map = mapOf(10);
    map.set("a", 1);
    map.set("a", 2);
    map.set("b", 3);
    map.delete("b");
    map.delete("never");
    expect([map.get("a"), map.get("b"), map.peek("never")]).toEqual([2, undefined, undefined]);
    expect([map.size, map.total]).toEqual([1, 2]);
  });

  it("drops the oldest that was not used, and gives those that were used another turn", () => {
    const map = mapOf(4);
    fill(map, "abcd");
    map.get("a");
    map.get("c");
    fill(map, "ef");
    expect(held(map, "abcdef")).toBe("acef");
    // The hand goes on where it stopped, at `e`; `a` and `c` had their turn.
    fill(map, "g");
    expect(held(map, "acefg")).toBe("acfg");
    fill(map, "h");
    expect(held(map, "acfgh")).toBe("acgh");
  });

  it("a peek is no use", () => {
    const map = mapOf(2);
    fill(map, "ab");
    map.peek("a");
    fill(map, "c");
    expect(held(map, "abc")).toBe("bc");
  });

  it("finds room when everything was used", () => {
    const map = mapOf(3);
    fill(map, "abc");
    for (const key of "abc") map.get(key);
    fill(map, "d");
    expect(held(map, "abcd")).toBe("bcd");
  });

  it("what is used again outlives a scan of any length", () => {
    const map = mapOf(100);
    const hot = Array.from({ length: 50 }, (_, index) => `hot${index}`);
    for (const key of hot) map.set(key, 1);
    for (let index = 0; index < 10_000; index++) {
      map.set(`scan${index}`, 1);
      if (index % 10 === 0) for (const key of hot) map.get(key);
    }
    expect(hot.filter((key) => map.peek(key) === undefined)).toEqual([]);
    expect(map.total).toBe(100);
  });

  it("never holds more than it may, whatever the sizes; what is larger than all takes its own key's place only", () => {
    const map = mapOf(10);
    map.set("a", 4);
    map.set("b", 4);
    map.set("c", 9);
    expect([held(map, "abc"), map.total]).toEqual(["c", 9]);
    map.set("d", 11);
    expect([held(map, "cd"), map.total]).toEqual(["c", 9]);
    map.set("c", 11);
    expect([map.size, map.total]).toEqual([0, 0]);
    map.set("e", 2);
    map.set("f", 2);
    map.set("e", 10);
    expect([held(map, "ef"), map.total]).toEqual(["e", 10]);
  });

  it("tells once of each value that is gone: replaced, dropped or deleted", () => {
    const gone: string[] = [];
    const map = mapOf(2, (value, key) => gone.push(`${key}${value}`));
    map.set("a", 1);
    map.set("a", 2);
    map.set("a", 2);
    map.set("b", 1);
    map.delete("b");
    map.clear();
    expect(gone).toEqual(["a1", "a2", "b1"]);
  });

  it("may be changed by whoever is told, also at the hand", () => {
    const map: SieveMap<number> = mapOf(4, (_value, key) => {
      if (key === "a") for (const other of "bc") map.delete(other);
    });
    fill(map, "abcde");
    expect([held(map, "abcde"), map.size, map.total]).toEqual(["de", 2, 2]);
    fill(map, "fgh");
    expect([held(map, "defgh"), map.total]).toEqual(["efgh", 4]);
  });

  it("works again after it was cleared", () => {
    const map = mapOf(2);
    fill(map, "abc");
    map.clear();
    expect([map.size, map.total, map.get("c")]).toEqual([0, 0, undefined]);
    fill(map, "xyz");
    expect(held(map, "xyz")).toBe("yz");
  });
});
