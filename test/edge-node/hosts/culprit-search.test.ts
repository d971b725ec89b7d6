import { describe, expect, it } from "vitest";
import type { Accusation } from "../../../edge-node/hosts/accused-versions.ts";
import { CulpritSearch, culpritTimes } from "../../../edge-node/hosts/culprit-search.ts";

const { backOffMsMin, backOffMsMax, killedMsMax, probationMsMin, quarantineMsMin } = culpritTimes;

const accused = (keys: readonly string[]): Accusation => ({ keys, isComplete: true });

describe("CulpritSearch", () => {
  it("a version that ran alone is the culprit, and may run at once in a process of its own", () => {
    const search = new CulpritSearch();
    expect(search.judge(accused(["bomb"]), 1_000)).toEqual({ culprit: "bomb", suspects: [], released: [] });
    expect(search.standing("bomb")).toEqual({
      kind: "quarantined",
      kills: 1,
      retryAtMs: 1_000,
      untilMs: 1_000 + quarantineMsMin,
    });
    expect(search.quarantined).toEqual(["bomb"]);
  });

  it("a version that was seen alone, where others may have run code unseen, is a suspect", () => {
    const search = new CulpritSearch();
    expect(search.judge({ keys: ["seen"], isComplete: false }, 0)).toEqual({
      culprit: null,
      suspects: ["seen"],
      released: [],
    });
    expect(search.judge(accused(["seen"]), 10)).toMatchObject({ culprit: "seen" });
  });

  it("nobody is accused when nobody ran", () => {
    const search = new CulpritSearch();
    expect(search.judge(accused([]), 0)).toEqual({ culprit: null, suspects: [], released: [] });
    expect(search.quarantined).toEqual([]);
  });

  it("of several all are suspects; the one that does it again alone is found with the second death, and the others are released", () => {
    const search = new CulpritSearch();
    expect(search.judge(accused(["a", "bomb", "b"]), 0)).toEqual({
      culprit: null,
      suspects: ["a", "bomb", "b"],
      released: [],
    });
    expect(search.standing("a")).toEqual({ kind: "suspect", untilMs: probationMsMin });
    expect(search.judge(accused(["bomb"]), 10)).toEqual({ culprit: "bomb", suspects: [], released: ["a", "b"] });
    expect(search.standing("a")).toEqual({ kind: "trusted" });
  });

  it("suspects that share a home are told apart by the next death: who did not run then is innocent", () => {
    const search = new CulpritSearch();
    search.judge(accused(["a", "b", "c", "bomb"]), 0);
    expect(search.judge(accused(["c", "bomb"]), 10)).toEqual({
      culprit: null,
      suspects: ["c", "bomb"],
      released: ["a", "b"],
    });
    expect(search.judge(accused(["bomb"]), 20)).toEqual({ culprit: "bomb", suspects: [], released: ["c"] });
  });

  it("a quarantined version that is there is to blame, whoever else is", () => {
    const search = new CulpritSearch();
    search.convict("bomb", 0);
    expect(search.judge(accused(["a", "bomb"]), 10).culprit).toBe("bomb");
    expect(search.standing("a")).toEqual({ kind: "trusted" });
  });

  it("each further kill doubles the wait, up to the longest", () => {
    const search = new CulpritSearch();
    const waits = Array.from({ length: 14 }, () => {
      search.convict("bomb", 0);
      const standing = search.standing("bomb");
      return standing.kind === "quarantined" ? standing.retryAtMs : null;
    });
    expect(waits.slice(0, 5)).toEqual([0, backOffMsMin, 2 * backOffMsMin, 4 * backOffMsMin, 8 * backOffMsMin]);
    expect(waits.at(-1)).toBe(backOffMsMax);
  });

  it("suspects that behave are trusted again after their time, and wait twice as long the next time", () => {
    const search = new CulpritSearch();
    search.judge(accused(["a", "b"]), 0);
    expect(search.release(probationMsMin - 1)).toEqual([]);
    expect(search.release(probationMsMin)).toEqual(["a", "b"]);
    search.judge(accused(["a", "b"]), 100_000);
    expect(search.standing("a")).toEqual({ kind: "suspect", untilMs: 100_000 + 2 * probationMsMin });
  });

  it("quarantine ends after long good conduct, and is twice as long the next time", () => {
    const search = new CulpritSearch();
    search.convict("bomb", 0);
    expect(search.release(quarantineMsMin - 1)).toEqual([]);
    expect(search.release(quarantineMsMin)).toEqual(["bomb"]);
    search.convict("bomb", 0);
    expect(search.standing("bomb")).toMatchObject({ kills: 1, untilMs: 2 * quarantineMsMin });
  });

  it("a host that somebody killed accuses nobody the first time", () => {
    const search = new CulpritSearch();
    expect(search.judgeKilled(accused(["a"]), 0)).toEqual({ culprit: null, suspects: [], released: [] });
    expect(search.judgeKilled(accused(["b", "a"]), killedMsMax)).toMatchObject({ culprit: "a" });
    expect(search.standing("b")).toEqual({ kind: "trusted" });
  });

  it("two kills that lie far apart accuse nobody", () => {
    const search = new CulpritSearch();
    search.judgeKilled(accused(["a"]), 0);
    expect(search.judgeKilled(accused(["a"]), killedMsMax + 1).culprit).toBeNull();
  });

  it("a version that was unloaded is forgotten", () => {
    const search = new CulpritSearch();
    search.convict("bomb", 0);
    search.judge(accused(["a", "b"]), 0);
    for (const key of ["bomb", "a", "b"]) search.forget(key);
    expect(["bomb", "a", "b"].map((key) => search.standing(key).kind)).toEqual(["trusted", "trusted", "trusted"]);
  });
});
