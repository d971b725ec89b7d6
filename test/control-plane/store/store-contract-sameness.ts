/** What databases do differently when one does not take care: the order of texts, who wins a race, what an error is. */
import { describe, expect, it } from "vitest";
import type { Store } from "../../../control-plane/store.ts";

const row = { description: "", enabled: true, createdAt: "2026-01-02T03:04:05.678Z" };

export function describeSameness(store: () => Store): void {
  describe("whatever the database", () => {
    it("names are ordered by their bytes", async () => {
      const names = ["b", "B", "a_b", "a-b", "A", "ab", "é", "z"];
      await store().change(async ({ functions }) => {
        await functions.delete("hello");
        for (const name of names) await functions.insert({ ...row, name });
      });
      const list = await store().read(({ functions }) => functions.list());
      expect(list.map(({ name }) => name)).toEqual(["A", "B", "a-b", "a_b", "ab", "b", "z", "é"]);
    });

    it("texts come back as they were", async () => {
      const description = "ü 漢 👩‍👩‍👧 '\"\\ %_ \u0001\r\n\t ";
      await store().change(({ functions }) => functions.insert({ ...row, name: "text", description }));
      expect(await store().read(({ functions }) => functions.get("text"))).toMatchObject({ description });
    });

    it("one of two changes that make the same name at once wins, and the other is a duplicate", async () => {
      const make = (): Promise<void> =>
        store().change(async ({ functions, revisions }) => {
          await revisions.next(row.createdAt);
          await functions.insert({ ...row, name: "same" });
        });
      const outcomes = await Promise.allSettled([make(), make()]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { reason: "duplicate" } });
      expect((await store().read(({ revisions }) => revisions.current())).revision).toBe(1);
    });

    it("one of two changes that look first and then make the same name sees the other's", async () => {
      const make = (): Promise<boolean> =>
        store().change(async ({ functions }) => {
          if ((await functions.get("seen")) !== null) return false;
          await functions.insert({ ...row, name: "seen" });
          return true;
        });
      const made = await Promise.all([make(), make(), make()]);
      expect(made.filter(Boolean)).toHaveLength(1);
    });

    it("an error of the work's own is thrown as it is", async () => {
      const own = new Error("constraint of mine");
      await expect(store().change(() => Promise.reject(own))).rejects.toBe(own);
      await expect(store().read(() => Promise.reject(own))).rejects.toBe(own);
    });

    it("a failed change leaves the store usable", async () => {
      await store()
        .change(({ functions }) => functions.insert({ ...row, name: "hello" }))
        .catch(() => {});
      await store().change(({ functions }) => functions.insert({ ...row, name: "next" }));
      expect(await store().read(({ functions }) => functions.get("next"))).not.toBeNull();
    });
  });
}
