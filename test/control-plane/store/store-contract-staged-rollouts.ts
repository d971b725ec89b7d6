/** The part of the store's contract about rollouts in steps. */
import { beforeEach, describe, expect, it } from "vitest";
import type { StagedRolloutRow } from "../../../control-plane/staged/staged-rollout-row.ts";
import type { Store } from "../../../control-plane/store.ts";
import { stagedRolloutLimits } from "../../../sdk/limits.ts";

const createdAt = "2026-01-02T03:04:05.678Z";
const sides = {
  old: { invocations: 1, errors: 0, durations: [[3, 1]] },
  fresh: { invocations: 0, errors: 0, durations: [] },
} as const;

function row(change: Partial<StagedRolloutRow> = {}): StagedRolloutRow {
  return {
    id: "r1",
    function: "hello",
    alias: "prod",
    from: "v1",
    to: "v2",
    steps: [0.5, 100],
    everySeconds: 60,
    conditions: [{ kind: "error-rate", points: 1 }],
    sticky: { from: "cookie", name: "sid" },
    state: "running",
    reason: "",
    step: 0,
    startedAt: createdAt,
    stepStartedAt: createdAt,
    checkedAt: createdAt,
    endedAt: null,
    author: { tokenId: "t1" },
    counts: { step: sides, all: sides },
    ...change,
  };
}

export function describeStagedRollouts(store: () => Store): void {
  describe("rollouts in steps", () => {
    beforeEach(() =>
      store().change(({ functions }) => functions.insert({ name: "other", description: "", enabled: true, createdAt })),
    );

    it("come back as they were put, the last time", async () => {
      const ended = row({ state: "aborted", reason: "worse", endedAt: createdAt });
      await store().change(async ({ stagedRollouts }) => {
        await stagedRollouts.put(row());
        await stagedRollouts.put(ended);
      });
      const found = await store().read(async ({ stagedRollouts }) => [
        await stagedRollouts.get("r1"),
        await stagedRollouts.get("r2"),
      ]);
      expect(found).toEqual([ended, null]);
    });

    it("are listed newest first, by function, alias and state", async () => {
      await store().change(async ({ stagedRollouts }) => {
        await stagedRollouts.put(row());
        await stagedRollouts.put(row({ id: "r2", startedAt: "2026-01-03T00:00:00.000Z", state: "done" }));
        await stagedRollouts.put(
          row({ id: "r3", function: "other", alias: "live", startedAt: "2026-01-01T00:00:00.000Z" }),
        );
      });
      const ids = async (query: object): Promise<readonly string[]> =>
        (await store().read(({ stagedRollouts }) => stagedRollouts.list(query))).map(({ id }) => id);
      expect(await ids({})).toEqual(["r2", "r1", "r3"]);
      expect(await ids({ functionName: "hello" })).toEqual(["r2", "r1"]);
      expect(await ids({ state: "running" })).toEqual(["r1", "r3"]);
      expect(await ids({ alias: "live" })).toEqual(["r3"]);
    });

    it("need their function, and go with it", async () => {
      const put = store().change(({ stagedRollouts }) => stagedRollouts.put(row({ function: "none" })));
      await expect(put).rejects.toMatchObject({ reason: "reference" });
      await store().change(async ({ stagedRollouts, functions }) => {
        await stagedRollouts.put(row());
        await functions.delete("hello");
      });
      expect(await store().read(({ stagedRollouts }) => stagedRollouts.list({}))).toEqual([]);
    });

    it("are forgotten beyond the newest, those that run not", async () => {
      const { keptMax } = stagedRolloutLimits;
      await store().change(async ({ stagedRollouts }) => {
        for (let number = 0; number < keptMax + 2; number++) {
          const startedAt = new Date(Date.parse(createdAt) + number).toISOString();
          const state = number === 0 ? "running" : "done";
          await stagedRollouts.put(row({ id: `r${number}`, startedAt, state }));
        }
        await stagedRollouts.forgetOldest();
      });
      const left = await store().read(({ stagedRollouts }) => stagedRollouts.list({}));
      expect([left.length, left.at(-1)?.id, left.at(-2)?.id]).toEqual([keptMax + 1, "r0", "r2"]);
    });
  });
}
