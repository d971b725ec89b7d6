import { describe, expect, it } from "vitest";
import { compileGrey, type Asking } from "../../../edge-node/routing/grey-picker.ts";
import type { AliasGrey, GreyByRules, GreySticky } from "../../../sdk/alias-grey.ts";

function asking(headers = ""): Asking {
  return { client: { headers }, draw: -1 };
}

function byWeight(weight: number, sticky: GreySticky | null = null): AliasGrey {
  return { by: "weight", version: "v2", weight, sticky };
}

/** Mulberry32: the same numbers in [0, 1) in each run. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const noRandom = (): number => {
  throw new Error("nothing is to be drawn");
};

describe("by weight", () => {
  it.each([0, 1, 5, 25, 50, 99.5, 100])("%d percent of 100,000 requests, within half a percentage point", (weight) => {
    const picks = compileGrey(byWeight(weight), "hello:prod");
    const random = randoms(7);
    let grey = 0;
    for (let request = 0; request < 100_000; request++) if (picks(asking(), random)) grey++;
    expect(Math.abs(grey / 1_000 - weight)).toBeLessThanOrEqual(weight % 100 === 0 ? 0 : 0.5);
  });

  it("one request is drawn once, however often it is asked", () => {
    const picks = compileGrey(byWeight(50), "hello:prod");
    const random = randoms(3);
    for (let request = 0; request < 1_000; request++) {
      const one = asking();
      expect(picks(one, random)).toBe(picks(one, noRandom));
    }
  });

  it("aliases are drawn independently: few requests get the grey version of two that have five percent each", () => {
    const [first, second] = [compileGrey(byWeight(5), "a:prod"), compileGrey(byWeight(5), "b:prod")];
    const random = randoms(11);
    let both = 0;
    for (let request = 0; request < 10_000; request++) {
      const one = asking();
      if (first(one, random) && second(one, random)) both++;
    }
    expect(both).toBeLessThan(250);
  });
});

describe("sticky", () => {
  const cookie: GreySticky = { from: "cookie", name: "sid" };

  it("a client keeps its version, and keys are spread by weight", () => {
    const picks = compileGrey(byWeight(20, cookie), "hello:prod");
    let grey = 0;
    for (let user = 0; user < 20_000; user++) {
      const headers = `cookie:a=b; sid=user-${user}; c=d\n`;
      const first = picks(asking(headers), noRandom);
      expect(picks(asking(headers), noRandom)).toBe(first);
      if (first) grey++;
    }
    expect(Math.abs(grey / 200 - 20)).toBeLessThan(1);
  });

  it("who has the grey version keeps it while the weight grows", () => {
    const steps = [1, 5, 25, 100].map((weight) => compileGrey(byWeight(weight, cookie), "hello:prod"));
    for (let user = 0; user < 2_000; user++) {
      const got = steps.map((picks) => picks(asking(`cookie:sid=${user}\n`), noRandom));
      expect(got.toSorted((left, right) => Number(left) - Number(right))).toEqual(got);
    }
  });

  it("by a header field, or drawn when the client does not send it", () => {
    const picks = compileGrey(byWeight(50, { from: "header", name: "x-user" }), "hello:prod");
    expect(picks(asking("x-user:7\n"), noRandom)).toBe(picks(asking("accept:a\nx-user:7\n"), noRandom));
    expect(picks(asking("cookie:x-user=7\n"), () => 0)).not.toBe(picks(asking(""), () => 0.5));
  });
});

describe("by rules", () => {
  const beta = { from: "header", name: "x-beta", op: "=", value: "1" } as const;
  const plan = { from: "cookie", name: "plan", op: "in", value: "gold, silver" } as const;
  const grey = (combine: GreyByRules["combine"]): AliasGrey => ({
    by: "rules",
    version: "v2",
    combine,
    rules: [beta, plan],
  });

  it.each<[string, boolean, boolean]>([
    ["x-beta:1\ncookie:plan=gold\n", true, true],
    ["x-beta:1\ncookie:a=b; plan=silver\n", true, true],
    ["x-beta:1\n", false, true],
    ["cookie:plan=gold\n", false, true],
    ["x-beta:11\ncookie:plan=goldsilver\n", false, false],
    ["cookie:myplan=gold\n", false, false],
    ["x-beta-too:1\n", false, false],
    ["", false, false],
  ])("%j: all %s, any %s", (headers, all, any) => {
    expect(compileGrey(grey("all"), "f:a")(asking(headers), noRandom)).toBe(all);
    expect(compileGrey(grey("any"), "f:a")(asking(headers), noRandom)).toBe(any);
  });
});
