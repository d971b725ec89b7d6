/** The part of the store's contract about purges and who did them. */
import { describe, expect, it } from "vitest";
import type { NewPurge } from "../../../control-plane/purges/purge-row.ts";
import type { Store } from "../../../control-plane/store.ts";
import { purgeLimits } from "../../../sdk/cdn-limits.ts";

const createdAt = "2026-01-02T03:04:05.678Z";
const purge = (id: string): NewPurge => ({
  id,
  createdAt,
  mode: "soft",
  targets: [
    { kind: "url", domain: "www.example.com", url: "/a?b=1" },
    { kind: "tag", domain: null, tag: "red" },
  ],
});

async function addPurges(store: Store, count: number): Promise<void> {
  await store.change(async ({ purges }) => {
    for (let number = 1; number <= count; number++) await purges.add(purge(`p${number}`));
  });
}

async function registerNodes(store: Store, ...names: readonly string[]): Promise<void> {
  await store.change(async ({ nodes }) => {
    for (const name of names) {
      const said = { name, selvageVersion: "", nodeVersion: "", runtimeKey: "", driver: "process" } as const;
      await nodes.register(said, createdAt);
    }
  });
}

export function describePurges(store: () => Store): void {
  describe("purges", () => {
    it("are numbered from 1 without gaps and found by id, by number, and after a number", async () => {
      await addPurges(store(), 3);
      const found = await store().read(async ({ purges }) => ({
        byId: await purges.get("p2"),
        byNumber: (await purges.at(3))?.id,
        after: (await purges.after(1)).map(({ id }) => id),
        newest: (await purges.list(2)).map(({ id }) => id),
        latest: (await purges.latest())?.sequence,
        none: [await purges.get("p9"), await purges.at(9), await purges.after(3)],
      }));
      expect(found).toEqual({
        byId: { ...purge("p2"), sequence: 2 },
        byNumber: "p3",
        after: ["p2", "p3"],
        newest: ["p3", "p2"],
        latest: 3,
        none: [null, null, []],
      });
    });

    it("leave no gap when a change throws", async () => {
      const work = store().change(async ({ purges }) => {
        await purges.add(purge("lost"));
        throw new Error("stop");
      });
      await expect(work).rejects.toThrow("stop");
      expect((await store().change(({ purges }) => purges.add(purge("p1")))).sequence).toBe(1);
    });

    it("are kept in a bounded number, and their numbers never come again", async () => {
      await addPurges(store(), purgeLimits.keptMax + 2);
      const kept = await store().read(async ({ purges }) => (await purges.after(0)).map(({ sequence }) => sequence));
      expect([kept.length, kept[0], kept.at(-1)]).toEqual([purgeLimits.keptMax, 3, purgeLimits.keptMax + 2]);
    });
  });

  describe("acknowledgements of purges", () => {
    it("answer with each node's first acknowledgement at or after a number, and keep its first time", async () => {
      await registerNodes(store(), "n1", "n2", "n3");
      const ack = (node: string, sequence: number, ackedAt = createdAt) => ({ node, sequence, applyMs: 1.5, ackedAt });
      await store().change(async ({ purges }) => {
        for (const sequence of [1, 4, 6]) await purges.acknowledge(ack("n1", sequence));
        await purges.acknowledge(ack("n1", 4, "2027-01-01T00:00:00.000Z"));
        await purges.acknowledge(ack("n2", 1));
        await purges.acknowledge(ack("n3", 2));
      });
      expect(await store().read(({ purges }) => purges.acksSince(2))).toEqual([ack("n1", 4), ack("n3", 2)]);
    });

    it("are kept in a bounded number and go with their node", async () => {
      await registerNodes(store(), "n1");
      await store().change(async ({ purges }) => {
        for (let sequence = 1; sequence <= purgeLimits.acksPerNodeMax + 5; sequence++) {
          await purges.acknowledge({ node: "n1", sequence, applyMs: 1, ackedAt: createdAt });
        }
      });
      expect((await store().read(({ purges }) => purges.acksSince(0)))[0]?.sequence).toBe(6);
      await store().change(({ nodes }) => nodes.delete("n1"));
      expect(await store().read(({ purges }) => purges.acksSince(0))).toEqual([]);
    });
  });
}
