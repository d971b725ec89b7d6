import { describe, expect, it } from "vitest";
import { seededRandom } from "../../bench/harness/seeded-random.ts";
import { IdTable } from "../../runtime/id-table.ts";

interface Entry {
  readonly id: number;
}

const sorted = (table: IdTable<Entry>): readonly number[] => [...table].map(([id]) => id).sort((a, b) => a - b);

/** Ids as they are given out: upwards, with some that stay for long. */
function churn(
  rounds: number,
  kept: (id: number) => boolean,
): { readonly table: IdTable<Entry>; readonly ids: number[] } {
  const table = new IdTable<Entry>();
  const ids: number[] = [];
  for (let id = 1; id <= rounds; id++) {
    table.set(id, { id });
    if (kept(id)) ids.push(id);
    else table.delete(id);
  }
  return { table, ids };
}

describe("IdTable", () => {
  it("is a map", () => {
    const table = new IdTable<Entry>();
    const first = { id: 7 };
    table.set(7, first);
    expect([table.size, table.get(7), table.has(7), table.has(8), table.get(8)]).toEqual([
      1,
      first,
      true,
      false,
      undefined,
    ]);
    const second = { id: 7 };
    table.set(7, second);
    expect([table.size, table.get(7)]).toEqual([1, second]);
    expect([table.delete(7), table.delete(7), table.size, [...table]]).toEqual([true, false, 0, []]);
  });

  it.each([
    ["all go at once", (): boolean => false],
    ["one in a hundred stays", (id: number): boolean => id % 100 === 0],
    ["all stay", (): boolean => true],
    ["those stay that want one place", (id: number): boolean => id % 4_096 === 0],
  ])("holds what was not deleted: %s", (_name, kept) => {
    const { table, ids } = churn(20_000, kept);
    expect(table.size).toBe(ids.length);
    expect(sorted(table)).toEqual(ids);
    for (const id of ids) expect(table.get(id)).toEqual({ id });
    for (const id of ids) expect(table.delete(id)).toBe(true);
    expect([table.size, sorted(table)]).toEqual([0, []]);
  });

  it("says the same as a Map, whatever is done in which order", () => {
    const random = seededRandom(1);
    const [table, map] = [new IdTable<Entry>(), new Map<number, Entry>()];
    for (let step = 0; step < 50_000; step++) {
      const id = Math.floor(random() * (step % 3 === 0 ? 1_000_000 : 64)) * (step % 5 === 0 ? 16 : 1);
      const entry = { id };
      if (random() < 0.4) {
        table.set(id, entry);
        map.set(id, entry);
      }
      const said = random() < 0.3 ? [table.delete(id), map.delete(id)] : [table.has(id), map.has(id)];
      expect([said[0], table.size, table.get(id)]).toEqual([said[1], map.size, map.get(id)]);
    }
    expect(sorted(table)).toEqual([...map.keys()].sort((a, b) => a - b));
    expect(new Set(table.values())).toEqual(new Set(map.values()));
  });

  it("visits nothing that is deleted meanwhile, also when it grows meanwhile", () => {
    const table = new IdTable<Entry>();
    for (const id of [1, 2, 3]) table.set(id, { id });
    const visited: number[] = [];
    for (const [id] of table) {
      visited.push(id);
      if (id !== 1) continue;
      for (let more = 100; more < 200; more++) table.set(more, { id: more });
      for (const other of [2, 3]) table.delete(other);
    }
    expect(visited.filter((id) => id < 100)).toEqual([1]);
    expect(table.get(1)).toEqual({ id: 1 });
  });

  it("forgets all", () => {
    const { table } = churn(100, () => true);
    table.set(1_000_000, { id: 1_000_000 });
    table.clear();
    expect([table.size, [...table], table.get(5)]).toEqual([0, [], undefined]);
  });
});
