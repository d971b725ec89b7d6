/** The whole way of a purge, from the URL that an operator gives to the judgement, against all that a client can ask for. */
import { describe, expect, it } from "vitest";
import { compileCacheRules } from "../../../edge-node/cache/cache-rule.ts";
import { purgePath, purgeQuery } from "../../../edge-node/cache/purge-spelling.ts";
import { PurgeTable } from "../../../edge-node/cache/purge-table.ts";
import { resolvePurge } from "../../../edge-node/cache/resolve-purge.ts";
import { keyedPlace } from "../../../edge-node/pipeline/cache-steps.ts";
import { wireUrl } from "../../../edge-node/pipeline/wire-url.ts";
import { buildRouting, type RoutedDomain } from "../../../edge-node/routing/routing.ts";
import type { CacheRule } from "../../../sdk/domain.ts";
import { parsePurge } from "../../../sdk/purge-parser.ts";
import { nextRandom } from "../support/described-entry.ts";
import { domainConfig } from "../support/edge.ts";

const domain = "site.test";

interface Target {
  readonly path: string;
  readonly query: string;
}

function routed(cacheRules: readonly CacheRule[]): RoutedDomain {
  const state = { config: domainConfig({ cache_rules: [...cacheRules] }), rules: [] };
  const routing = buildRouting({ format: 1, revision: 1, publicKey: "", functions: [], domains: [state] }, new Map());
  const found = routing.find(domain);
  if (found === undefined) throw new Error("no domain");
  return found;
}

/** Whether the answer to such a request is gone after a purge of the URL that was asked for; null: nobody can ask so. */
async function isGone(
  { path, query }: Target,
  options: { readonly type: "url" | "directory"; readonly given: string; readonly rules?: readonly CacheRule[] },
): Promise<boolean | null> {
  const { type, given, rules = [] } = options;
  const url = wireUrl({ scheme: "http", host: domain, hostname: domain, path, query });
  if (url === null) return null;
  const lookup = { findDomain: async () => domain, isDomain: async () => true };
  const parsed = await parsePurge({ type, urls: [given] }, lookup);
  if (!parsed.ok) throw new Error(`${given}: ${parsed.problems.map(({ message }) => message).join()}`);
  const table = new PurgeTable();
  for (const target of parsed.value.targets.flatMap((each) => resolvePurge(each, () => [compileCacheRules(rules)]))) {
    table.add({ sequence: 1, mode: "hard", target, at: 2 });
  }
  const place = keyedPlace({ domain: routed(rules) }, url);
  return table.judge({ ...place, tags: [], requestedAt: 1 }) === "gone";
}

/** Those that stay although the very URL, or directory, that was asked for is purged. */
async function kept(
  targets: Iterable<Target>,
  { rules = [] }: { readonly rules?: readonly CacheRule[] } = {},
): Promise<{ readonly kept: readonly string[]; readonly asked: number }> {
  const left: string[] = [];
  let asked = 0;
  for (const { path, query } of targets) {
    const href = `http://${domain}${path}`;
    const isUrlGone = await isGone({ path, query }, { type: "url", given: `${href}${query}`, rules });
    if (isUrlGone === null) continue;
    asked++;
    if (!isUrlGone) left.push(path + query);
    const below = { path: `${path}/below/x`, query };
    if (!(await isGone(below, { type: "directory", given: `${href}/`, rules }))) left.push(`${path}/`);
  }
  return { kept: left, asked };
}

const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const escapes = hex.flatMap((digits) => [`%${digits}`, `%${digits.toUpperCase()}`]);
const pieces = [...printable, ...escapes];

/** A path ends with `#` and `?`, which a URL does not have in it. */
const inPath = pieces.filter((piece) => piece !== "#" && piece !== "?");
const inQuery = pieces.filter((piece) => piece !== "#");

function* random(count: number): Generator<Target> {
  let state = 42;
  const pick = (from: readonly string[]): string => from[(state = nextRandom(state)) % from.length] ?? "";
  const text = (from: readonly string[]): string => Array.from({ length: 6 }, () => pick(from)).join("");
  for (let number = 0; number < count; number++) yield { path: `/${text(inPath)}`, query: `?${text(inQuery)}` };
}

const dropping: CacheRule = {
  match_type: "all",
  ttl: 60,
  ttl_unit: "s",
  priority: 1,
  follow_origin: "off",
  url_parameter_type: "del_params",
  url_parameter_value: "utm",
};

describe("a purge of the URL, or of the directory, that was asked for means its answer", () => {
  it("with each character and each escape in the path", async () => {
    const all = inPath.map((piece) => ({ path: `/a${piece}b`, query: "" }));
    const result = await kept(all);
    expect(result.kept).toEqual([]);
    expect(result.asked).toBeGreaterThan(500);
  });

  it.each<[string, readonly CacheRule[]]>([
    ["as it is", []],
    ["without some of it", [dropping]],
  ])("with each character and each escape in the query, that counts %s", async (_case, rules) => {
    const all = inQuery.map((piece) => ({ path: "/a", query: `?b${piece}c=${piece}&utm=${piece}` }));
    const result = await kept(all, { rules });
    expect(result.kept).toEqual([]);
    expect(result.asked).toBeGreaterThan(500);
  });

  it("with any of them one after the other", async () => {
    const result = await kept(random(1_500));
    expect(result.kept).toEqual([]);
    expect(result.asked).toBeGreaterThan(300);
  });

  it.each(["?", "?'", "?&", "?=", "??"])("with the query %s", async (query) => {
    expect(await isGone({ path: "/a", query }, { type: "url", given: `http://${domain}/a${query}` })).toBe(true);
  });
});

it("a purge of another URL does not", async () => {
  const given = `http://${domain}/a?b='`;
  for (const query of ["", "?", "?b=", "?b=%25", '?b="']) {
    expect(await isGone({ path: "/a", query }, { type: "url", given })).not.toBe(true);
  }
});

it("what needs no other spelling stays the very value", () => {
  expect([purgePath("/a'b"), purgeQuery("?^"), purgeQuery("")]).toEqual(["/a'b", "?^", ""]);
});
