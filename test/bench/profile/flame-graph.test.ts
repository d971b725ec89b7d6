import { describe, expect, it } from "vitest";
import { framesOf, topFrames, type CpuProfile } from "../../../bench/profile/cpu-profile.ts";
import { flameGraph } from "../../../bench/profile/flame-graph.ts";

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 9 });

/** (root) → serve → parse, serve (a second node of the same function), (idle). */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 4, 5] },
    { id: 2, callFrame: frame("serve", "file:///a/b/serve.ts"), children: [3] },
    { id: 3, callFrame: frame("parse<T>", "file:///a/b/parse.ts") },
    { id: 4, callFrame: frame("serve", "file:///a/b/serve.ts") },
    { id: 5, callFrame: frame("(idle)") },
  ],
  samples: [2, 3, 4, 5, 1],
  timeDeltas: [100, 300, 100, 9_000, 50],
};

describe("framesOf()", () => {
  it("adds up times, merges the same function under one caller, and leaves idling out", () => {
    const parse = { name: "parse<T> parse.ts:10", selfUs: 300, totalUs: 300, children: [] };
    const serve = { name: "serve serve.ts:10", selfUs: 200, totalUs: 500, children: [parse] };
    expect(framesOf(profile)).toEqual({ name: "all", selfUs: 0, totalUs: 500, children: [serve] });
  });

  it("an empty profile is an empty tree", () => {
    expect(framesOf({ nodes: [] })).toEqual({ name: "all", selfUs: 0, totalUs: 0, children: [] });
  });
});

describe("topFrames()", () => {
  it("orders by self time, as shares of the whole", () => {
    expect(topFrames(framesOf(profile), 2)).toEqual([
      { name: "parse<T> parse.ts:10", share: 0.6 },
      { name: "serve serve.ts:10", share: 0.4 },
    ]);
  });
});

describe("flameGraph()", () => {
  it("draws each frame once, escapes names, and has no script", () => {
    const svg = flameGraph(framesOf(profile), { title: "hit & miss" });
    expect(svg.match(/<rect /g)).toHaveLength(3);
    expect(svg).toContain("<title>parse&lt;T&gt; parse.ts:10 60.0 %</title>");
    expect(svg).toContain("hit &amp; miss");
    expect(svg).not.toMatch(/<script|href/);
  });

  it("leaves frames out that are smaller than the least share", () => {
    const svg = flameGraph(framesOf(profile), { title: "t", shareMin: 0.7 });
    expect(svg.match(/<rect /g)).toHaveLength(2);
  });

  it("draws an empty profile as a title", () => {
    expect(flameGraph(framesOf({ nodes: [] }), { title: "nothing" })).not.toContain("<rect");
  });
});
