import { expect, it } from "vitest";
import { compileCacheRules } from "../../../edge-node/cache/cache-rule.ts";
import { resolvePurge } from "../../../edge-node/cache/resolve-purge.ts";
import type { CacheRule } from "../../../sdk/domain.ts";
import type { PurgeTarget } from "../../../sdk/purge.ts";

const domain = "www.example.com";
const rule = (change: Partial<CacheRule>): CacheRule => ({
  match_type: "all",
  ttl: 60,
  ttl_unit: "s",
  priority: 1,
  follow_origin: "off",
  url_parameter_type: "full_url",
  ...change,
});

/** The URLs or paths that `target` comes to; each list of rules is one state that a node may serve. */
function resolved(target: PurgeTarget, ...states: (readonly CacheRule[])[]): readonly string[] {
  return resolvePurge(target, (asked) => {
    expect(asked).toBe(domain);
    return states.map(compileCacheRules);
  }).map((each) => (each.kind === "url" ? each.url : each.kind === "directory" ? each.path : each.kind));
}

const ignoring = rule({ url_parameter_type: "ignore_url_params" });
const without = rule({ url_parameter_type: "del_params", url_parameter_value: "utm" });
const onlyCss = rule({ match_type: "file_extension", match_value: ".css", url_parameter_type: "ignore_url_params" });

it.each<[string, string, (readonly CacheRule[])[], readonly string[]]>([
  ["as it is without rules", "/a?b=1", [], ["/a?b=1"]],
  ["as it is under rules that keep the query", "/a?b=1", [[rule({})]], ["/a?b=1"]],
  ["also without its query where that is ignored", "/a?b=1", [[ignoring]], ["/a?b=1", "/a"]],
  ["also without the parameters that are dropped", "/a?utm=1&b=2", [[without]], ["/a?utm=1&b=2", "/a?b=2"]],
  ["by the rule that its path matches", "/a.js?b=1", [[onlyCss]], ["/a.js?b=1"]],
  ["by the rules of every state", "/a?utm=1&b=2", [[without], [ignoring]], ["/a?utm=1&b=2", "/a?b=2", "/a"]],
  ["by its path alone when it has no query", "/a", [[without]], ["/a"]],
  ["in the canonical spelling of its path", "/x/../%61//b%2fc?d=%2f", [], ["/a/b%2Fc?d=%2f"]],
])("a URL is purged %s", (_claim, url, states, expected) => {
  expect(resolved({ kind: "url", domain, url }, ...states)).toEqual(expected);
});

it.each([
  ["/img/", ["/img/"]],
  ["/", ["/"]],
  ["/a/../%69mg//", ["/img/"]],
  ["/a/%2e%2e/", ["/"]],
  ["/%00/", []],
])("the directory %s comes to %j", (path, expected) => {
  expect(resolved({ kind: "directory", domain, path })).toEqual(expected);
});

it("tags and whole domains stay as they are; a path that no entry can have comes to nothing", () => {
  expect(resolved({ kind: "tag", domain: null, tag: "a" })).toEqual(["tag"]);
  expect(resolved({ kind: "all", domain })).toEqual(["all"]);
  expect(resolved({ kind: "url", domain, url: "/%00" })).toEqual([]);
});
