import { describe, expect, it } from "vitest";
import type { DesiredState } from "../../../sdk/desired-state.ts";
import type { Rule } from "../../../sdk/rule.ts";
import { buildRouting, ruleFor } from "../../../edge-node/routing/routing.ts";
import { domainConfig, functionState } from "../support/edge.ts";

function rule(change: Partial<Rule>): Rule {
  return {
    phase: "clientRequest",
    matchType: "all",
    function: "f",
    version: "v1",
    priority: 1,
    enabled: true,
    stop: false,
    onError: "fail",
    ...change,
  };
}

function withoutVersion({ version: _version, ...rest }: Rule): Rule {
  return rest;
}

function state(change: Partial<DesiredState>): DesiredState {
  return { format: 1, revision: 7, publicKey: "", functions: [], domains: [], certificates: [], ...change };
}

const found = (routing: ReturnType<typeof buildRouting>, host: string) => routing.find(host)?.config.domain;

describe("find()", () => {
  const domains = ["a.test", "*.a.test", "*.b.a.test", "c.test"].map((domain) => ({
    config: domainConfig({ domain }),
    rules: [],
  }));
  const routing = buildRouting(state({ domains }), new Map());

  it.each([
    ["a.test", "a.test"],
    ["x.a.test", "*.a.test"],
    ["y.x.a.test", "*.a.test"],
    ["b.a.test", "*.a.test"],
    ["x.b.a.test", "*.b.a.test"],
    ["c.test", "c.test"],
    ["x.c.test", undefined],
    ["nota.test", undefined],
    ["test", undefined],
    ["", undefined],
    [".a.test", undefined],
    ["constructor", undefined],
  ])("%s is served by %s", (host, domain) => {
    expect(found(routing, host)).toBe(domain);
  });
});

describe("rules", () => {
  const routed = (
    rules: readonly Rule[],
    change: Parameters<typeof functionState>[1] = {},
    ready = new Map([["f@v1", { key: "k1", egress: null }]]),
  ) =>
    buildRouting(
      state({ functions: [functionState("f", change)], domains: [{ config: domainConfig(), rules }] }),
      ready,
    ).find("site.test")?.rules;

  it("stand by phase, larger priority first, without disabled ones", () => {
    const rules = routed([
      rule({ priority: 2 }),
      rule({ priority: 9 }),
      rule({ priority: 5, enabled: false }),
      rule({ priority: 1, phase: "fetch" }),
    ]);
    expect(rules?.clientRequest.map(({ priority }) => priority)).toEqual([9, 2]);
    expect(rules?.fetch).toHaveLength(1);
    expect(rules?.originPull).toEqual([]);
  });

  it.each<[string, Rule, Parameters<typeof functionState>[1], string, string | null]>([
    ["a version", rule({}), {}, "v1", "k1"],
    ["latest", rule({ version: "latest" }), {}, "v1", "k1"],
    ["an alias", withoutVersion(rule({ alias: "prod" })), { aliases: [{ name: "prod", version: "v1" }] }, "v1", "k1"],
    ["an unknown alias", withoutVersion(rule({ alias: "prod" })), {}, "", null],
    ["a version's name as alias", withoutVersion(rule({ alias: "v1" })), {}, "", null],
    ["an alias' name as version", rule({ version: "prod" }), { aliases: [{ name: "prod", version: "v1" }] }, "", null],
    ["an unknown version", rule({ version: "v9" }), {}, "", null],
    ["latest of a function without versions", rule({ version: "latest" }), { latest: null }, "", null],
    ["an unknown function", rule({ function: "g" }), {}, "", null],
    ["a disabled function", rule({}), { enabled: false }, "v1", null],
  ])("%s resolves, or keeps its place without a key", (_case, given, change, version, key) => {
    expect(routed([given], change)?.clientRequest[0]).toMatchObject({ version, key });
  });

  const prod = (weight: number): Parameters<typeof functionState>[1] => ({
    versions: functionState("f").versions.flatMap((version) => [version, { ...version, version: "v2" }]),
    aliases: [{ name: "prod", version: "v1", grey: { by: "weight", version: "v2", weight, sticky: null } }],
  });
  const both = new Map([
    ["f@v1", { key: "k1", egress: null }],
    ["f@v2", { key: "k2", egress: null }],
  ]);
  const asking = { client: { headers: "" }, draw: -1 };

  it.each([
    [0, "k1"],
    [100, "k2"],
  ])("an alias's grey version at %d percent: %s", (weight, key) => {
    const named = routed([withoutVersion(rule({ alias: "prod" }))], prod(weight), both)?.clientRequest[0];
    expect(named === undefined ? undefined : ruleFor(named, asking, () => 0.5).key).toBe(key);
  });

  it("a grey version that is not loaded here is given to nobody", () => {
    const named = routed([withoutVersion(rule({ alias: "prod" }))], prod(100))?.clientRequest[0];
    expect([named?.key, named?.grey]).toEqual(["k1", null]);
  });

  it("a version that is not loaded has no key", () => {
    expect(routed([rule({})], {}, new Map())?.clientRequest[0]?.key).toBeNull();
  });
});

it("resolve() knows versions, aliases and latest, an alias before a version of the same name", () => {
  const versions = ["v1", "v2"].map((version) => ({
    version,
    digest: "",
    signature: "",
    variables: {},
    sealedSecrets: null,
  }));
  const functions = [functionState("f", { versions, latest: "v2", aliases: [{ name: "v1", version: "v2" }] })];
  const routing = buildRouting(state({ functions }), new Map([["f@v2", { key: "k2", egress: null }]]));
  expect(routing.resolve("f", "v1")).toEqual({ version: "v2", key: "k2", egress: null, grey: null });
  expect(routing.resolve("f", "latest")).toEqual({ version: "v2", key: "k2", egress: null, grey: null });
  expect(routing.resolve("f", "nothing")).toBeUndefined();
  expect(routing.resolve("g", "v1")).toBeUndefined();
  expect(routing.revision).toBe(7);
});
