import { describe, expect, it } from "vitest";
import { planPublish, wantsSnapshot } from "../../../control-plane/publish/publish-plan.ts";
import { publishLimits } from "../../../sdk/limits.ts";

const min = publishLimits.snapshotBundleBytesMin;

describe("wantsSnapshot()", () => {
  it.each<[string, boolean | undefined, string, boolean]>([
    ["a bundle of the size from which it pays gets one by default", undefined, "x".repeat(min), true],
    ["a smaller bundle gets none by default", undefined, "x".repeat(min - 1), false],
    ["bytes count, not characters", undefined, "é".repeat(min / 2), true],
    ["a small bundle gets one when asked for", true, "x", true],
    ["a large bundle gets none when refused", false, "x".repeat(min), false],
  ])("%s", (_name, snapshot, code, wanted) => {
    const plan = planPublish("f", {
      source: { kind: "inline", code: "", language: "js" },
      ...(snapshot === undefined ? {} : { snapshot }),
    });
    expect(wantsSnapshot(plan, { code, wasm: [] })).toBe(wanted);
  });

  it("gives none to a bundle that imports WebAssembly, asked for or not", () => {
    const plan = planPublish("f", { source: { kind: "inline", code: "", language: "js" }, snapshot: true });
    expect(wantsSnapshot(plan, { code: "x".repeat(min), wasm: [{}] })).toBe(false);
  });
});
