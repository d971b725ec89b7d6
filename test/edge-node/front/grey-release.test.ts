/** An alias with two versions, on a whole front: who gets which, and what stays together. */
import { expect, it } from "vitest";
import { buildRouting } from "../../../edge-node/routing/routing.ts";
import type { AliasGrey } from "../../../sdk/alias-grey.ts";
import type { Rule } from "../../../sdk/rule.ts";
import { ask } from "../support/client.ts";
import { domainConfig, functionState, type Edge } from "../support/edge.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge } = opensThings();

const rule: Rule = {
  phase: "fetch",
  matchType: "all",
  function: "hello",
  alias: "prod",
  priority: 1,
  enabled: true,
  stop: false,
  onError: "fail",
};

async function serving(
  grey: AliasGrey,
  { random = Math.random, ready = ["hello@v1", "hello@v2"] }: { random?: () => number; ready?: readonly string[] } = {},
): Promise<Edge> {
  const started = await edge({ front: { random } });
  started.driver.functions.set("hello@v1", () => textOutcome("one"));
  started.driver.functions.set("hello@v2", () => textOutcome("two"));
  const versions = functionState("hello").versions.flatMap((version) => [version, { ...version, version: "v2" }]);
  const state = {
    format: 1,
    revision: 2,
    publicKey: "",
    functions: [functionState("hello", { versions, aliases: [{ name: "prod", version: "v1", grey }] })],
    domains: [{ config: domainConfig(), rules: [rule] }],
  } as const;
  started.front.setRouting(buildRouting(state, new Map(ready.map((key) => [key, { key, egress: null }]))));
  return started;
}

const text = async ({ port }: Edge, headers: Readonly<Record<string, string>> = {}): Promise<string> =>
  (await ask(port, `/${Math.random()}`, { headers })).text;

it("so many requests get the grey version as the draw says", async () => {
  const draws = [0.1, 0.4, 0.6, 0.9];
  const started = await serving(
    { by: "weight", version: "v2", weight: 50, sticky: null },
    { random: () => draws.shift() ?? 0.5 },
  );
  const got: string[] = [];
  for (let request = 0; request < 4; request++) got.push(await text(started));
  expect(got.toSorted()).toEqual(["one", "one", "two", "two"]);
});

it("requests that fit its rules get it, others do not", async () => {
  const rules = [{ from: "header", name: "x-beta", op: "=", value: "1" }] as const;
  const started = await serving({ by: "rules", version: "v2", combine: "all", rules });
  expect(await text(started, { "x-beta": "1" })).toBe("two");
  expect(await text(started, { "x-beta": "0" })).toBe("one");
  expect(await text(started)).toBe("one");
});

it("a client with a sticky cookie gets one version", async () => {
  const sticky = { from: "cookie", name: "sid" } as const;
  const started = await serving({ by: "weight", version: "v2", weight: 50, sticky });
  const got = new Set<string>();
  for (let request = 0; request < 20; request++) got.add(await text(started, { cookie: "sid=ada" }));
  expect(got.size).toBe(1);
});

it("nobody gets a version that this node could not load", async () => {
  const grey = { by: "weight", version: "v2", weight: 100, sticky: null } as const;
  expect(await text(await serving(grey, { ready: ["hello@v1"] }))).toBe("one");
});
