import { describe, expect, it } from "vitest";
import { HostPlacement } from "../../../edge-node/hosts/host-placement.ts";

const suspect = { kind: "suspect", untilMs: 0 } as const;
const quarantined = { kind: "quarantined", kills: 1, retryAtMs: 0, untilMs: 0 } as const;
const trusted = { kind: "trusted" } as const;

function placementOf(keys: readonly string[], options = { sharedCount: 2, suspectHomesMax: 2 }): HostPlacement {
  const placement = new HostPlacement(options);
  for (const key of keys) placement.add(key, "shared");
  return placement;
}

const homes = (placement: HostPlacement, keys: readonly string[]): (string | undefined)[] =>
  keys.map((key) => placement.homeOf(key)?.id);

describe("HostPlacement", () => {
  it("versions are spread over the shared homes", () => {
    const placement = placementOf(["a", "b", "c"]);
    expect(homes(placement, ["a", "b", "c"])).toEqual(["shared-0", "shared-1", "shared-0"]);
    placement.add("a", "shared");
    expect(placement.shared.map((home) => placement.count(home))).toEqual([2, 1]);
  });

  it("a dedicated version has a home of its own, and stays there whatever it did", () => {
    const placement = placementOf(["a"]);
    placement.add("d", "dedicated");
    for (const standing of [suspect, quarantined, trusted]) expect(placement.move("d", standing)).toBe(false);
    expect(placement.homeOf("d")).toEqual({ id: "dedicated:d", kind: "dedicated" });
  });

  it("suspects have homes of their own as long as there are any, then share some", () => {
    const placement = placementOf(["a", "b", "c", "d"]);
    for (const key of ["a", "b", "c"]) placement.move(key, suspect);
    expect(homes(placement, ["a", "b", "c", "d"])).toEqual(["suspect-0", "suspect-1", "suspect-0", "shared-1"]);
  });

  it("suspects of a home that died are put into different ones", () => {
    const placement = placementOf(["a", "b"], { sharedCount: 1, suspectHomesMax: 1 });
    placement.move("a", suspect);
    placement.move("b", suspect);
    expect(homes(placement, ["a", "b"])).toEqual(["suspect-0", "suspect-0"]);
    const wider = placementOf(["a", "b", "c"], { sharedCount: 1, suspectHomesMax: 2 });
    for (const key of ["a", "b", "c"]) wider.move(key, suspect);
    wider.move("b", trusted);
    wider.move("a", suspect);
    wider.move("c", suspect);
    expect(new Set(homes(wider, ["a", "c"])).size).toBe(2);
  });

  it("a quarantined version has a home of its own, and a trusted one goes back among the others", () => {
    const placement = placementOf(["a", "b"]);
    expect(placement.move("a", quarantined)).toBe(true);
    expect(placement.move("a", quarantined)).toBe(false);
    expect(placement.homeOf("a")).toEqual({ id: "quarantine:a", kind: "quarantine" });
    expect(placement.move("a", trusted)).toBe(true);
    expect(placement.homeOf("a")?.id).toBe("shared-0");
  });

  it("who is gone has no home", () => {
    const placement = placementOf(["a"]);
    placement.remove("a");
    placement.remove("a");
    expect(placement.homeOf("a")).toBeUndefined();
    expect(placement.move("a", suspect)).toBe(false);
    expect(placement.shared.map((home) => placement.count(home))).toEqual([0, 0]);
  });
});
