/** The part of the store's contract about API tokens. */
import { describe, expect, it } from "vitest";
import type { Store } from "../../../control-plane/store.ts";
import { duplicate } from "./store-refusals.ts";

const createdAt = "2026-01-02T03:04:05.678Z";
const digest = (character: string): string => character.repeat(64);

export function describeTokens(store: () => Store): void {
  describe("tokens", () => {
    it("are found by id and hash until deleted", async () => {
      const token = { id: "t1", name: "ci", role: "publisher", hash: digest("f"), createdAt } as const;
      await store().change(({ tokens }) => tokens.insert(token));
      const read = () =>
        store().read(async ({ tokens }) => [
          await tokens.list(),
          await tokens.get("t1"),
          await tokens.findByHash(digest("f")),
          await tokens.existing(["t0", "t1"]),
          await tokens.existing([]),
        ]);
      expect(await read()).toEqual([[token], token, token, new Set(["t1"]), new Set()]);
      await expect(store().change(({ tokens }) => tokens.insert({ ...token, id: "t2" }))).rejects.toMatchObject(
        duplicate,
      );
      await store().change(({ tokens }) => tokens.delete("t1"));
      expect(await read()).toEqual([[], null, null, new Set(), new Set()]);
    });
  });
}
