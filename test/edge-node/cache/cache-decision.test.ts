import { describe, expect, it } from "vitest";
import type { CacheRule } from "../../../sdk/domain.ts";
import { decideCaching, tagsOf, type CacheQuestion } from "../../../edge-node/cache/cache-decision.ts";
import { compileCacheRules, findCacheRule } from "../../../edge-node/cache/cache-rule.ts";

const now = Date.UTC(2026, 10, 22, 8, 0, 0);
const date = "date:Sun, 22 Nov 2026 08:00:00 GMT\n";

const question: CacheQuestion = {
  method: "GET",
  requestHeaders: "",
  status: 200,
  responseHeaders: "",
  rule: undefined,
  now,
};

function decide(responseHeaders: string, change: Partial<CacheQuestion> = {}): string {
  const decision = decideCaching({ ...question, responseHeaders, ...change });
  if (decision.store && decision.freshMs === 0) return "always validated";
  return decision.store ? `fresh ${decision.freshMs / 1_000} age ${decision.ageMs / 1_000}` : decision.reason;
}

function rule(change: Partial<CacheRule>): CacheRule {
  return {
    match_type: "all",
    ttl: 60,
    ttl_unit: "s",
    priority: 1,
    follow_origin: "off",
    url_parameter_type: "full_url",
    ...change,
  };
}

const compiled = (change: Partial<CacheRule>) => findCacheRule(compileCacheRules([rule(change)]), "/");

describe("without a rule the origin's headers decide:", () => {
  it.each([
    ["cache-control:max-age=10\n", "fresh 10 age 0"],
    ["cache-control:Max-Age = 10\n", "fresh 10 age 0"],
    ['cache-control:max-age="10"\n', "fresh 10 age 0"],
    ["cache-control:max-age=10, s-maxage=20\n", "fresh 20 age 0"],
    ["cache-control:max-age=10\ncache-control:max-age=5\n", "fresh 5 age 0"],
    ["cache-control:max-age=10, max-age=nonsense\n", "STALE_ON_ARRIVAL"],
    ["cache-control:max-age=-1\n", "STALE_ON_ARRIVAL"],
    ["cache-control:max-age=0\n", "STALE_ON_ARRIVAL"],
    ["cache-control:max-age=99999999999999999999\n", "fresh 2147483648 age 0"],
    ["cache-control:max-age=10\nage:4\n", "fresh 6 age 4"],
    ["cache-control:max-age=10\nage:10\n", "STALE_ON_ARRIVAL"],
    ["cache-control:max-age=10\ndate:Sun, 22 Nov 2026 07:59:57 GMT\n", "fresh 7 age 3"],
    [`${date}expires:Sun, 22 Nov 2026 08:00:30 GMT\n`, "fresh 30 age 0"],
    [`${date}expires:0\n`, "STALE_ON_ARRIVAL"],
    ["expires:Sun, 22 Nov 2026 08:00:30 GMT\n", "fresh 30 age 0"],
    [`${date}expires:Sun, 22 Nov 2026 08:00:30 GMT\nexpires:Sun, 22 Nov 2026 09:00:30 GMT\n`, "STALE_ON_ARRIVAL"],
    [`${date}expires:Sun, 22 Nov 2026 08:00:30 GMT\ncache-control:max-age=5\n`, "fresh 5 age 0"],
    ["", "NO_FRESHNESS"],
    ["cache-control:public\n", "NO_FRESHNESS"],
    ["cache-control:no-store, max-age=10\n", "NO_STORE"],
    ["cache-control:max-age=10, NO-STORE\n", "NO_STORE"],
    ["cache-control:private, max-age=10\n", "PRIVATE"],
    ['cache-control:private="x-a, x-b", max-age=10\n', "fresh 10 age 0"],
    ['cache-control:private="", max-age=10\n', "PRIVATE"],
    ['cache-control:private="x a", max-age=10\n', "PRIVATE"],
    ['cache-control:private="x-a", private, max-age=10\n', "PRIVATE"],
    ["cache-control:public private, max-age=10\n", "PRIVATE"],
    ["cache-control:max-age=10 no-store\n", "NO_STORE"],
    ['cache-control:no-cache="x-a", max-age=10\n', "fresh 10 age 0"],
    ['cache-control:no-cache="set-cookie", max-age=10\nset-cookie:a=b\n', "fresh 10 age 0"],
    ['cache-control:no-cache="x", max-age=10\nset-cookie:a=b\n', "SET_COOKIE"],
    ['cache-control:no-cache="x, Vary", max-age=10\nvary:a\n', "NO_CACHE"],
    ['cache-control:private="vary", max-age=10\nvary:a\n', "PRIVATE"],
    ["cache-control:no-cache, max-age=10\n", "NO_CACHE"],
    ['cache-control:extension="no-store", max-age=10\n', "fresh 10 age 0"],
    ["cache-control:x-no-store, max-age=10\n", "fresh 10 age 0"],
    ["cache-control:max-age=10\nset-cookie:a=b\n", "SET_COOKIE"],
    ["cache-control:max-age=10\nvary:*\n", "VARY_ANY"],
    ["cache-control:max-age=10\nvary:accept, *\n", "VARY_ANY"],
    // RFC 9110 §14.4: without meaning in a 200.
    ["cache-control:max-age=10\ncontent-range:bytes 0-1/2\n", "fresh 10 age 0"],
    ["cache-control:max-age=10\nvary:a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n", "VARY_TOO_LONG"],
    ["cache-control:max-age=10\nage:7200, 0\n", "STALE_ON_ARRIVAL"],
    ["cache-control:max-age=10\nage:0, 7200\n", "fresh 10 age 0"],
    ["cache-control:max-age=10\nage:4\nage:900\n", "fresh 6 age 4"],
    ["cache-control:max-age=10\nage:-4\n", "fresh 10 age 0"],
    ["cache-control:max-age=10\nage:4.0\n", "fresh 10 age 0"],
    ["cache-control:max-age=10\nage:99999999999\n", "STALE_ON_ARRIVAL"],
  ])("%j is %s", (headers, expected) => {
    expect(decide(headers)).toBe(expected);
  });

  it.each([
    [206, "PARTIAL"],
    [304, "STATUS"],
    [404, "fresh 10 age 0"],
    [500, "fresh 10 age 0"],
  ])("status %i is %s", (status, expected) => {
    expect(decide("cache-control:max-age=10\n", { status })).toBe(expected);
  });

  it.each([
    ["cache-control:max-age=10\n", "AUTHORIZATION"],
    ["cache-control:max-age=10, public\n", "fresh 10 age 0"],
    ["cache-control:s-maxage=10\n", "fresh 10 age 0"],
    ["cache-control:max-age=10, must-revalidate\n", "fresh 10 age 0"],
    ["cache-control:max-age=10, proxy-revalidate\n", "AUTHORIZATION"],
    ["cdn-cache-control:max-age=10, proxy-revalidate\n", "AUTHORIZATION"],
  ])("to a request with credentials %j is %s", (headers, expected) => {
    expect(decide(headers, { requestHeaders: "authorization:Basic x\n" })).toBe(expected);
  });

  it.each(["HEAD", "POST"])("an answer to %s is not stored", (method) => {
    expect(decide("cache-control:max-age=10\n", { method })).toBe("METHOD");
  });
});

describe("a tenth of the time since the last modification (RFC 9111 §4.2.2):", () => {
  const modified = "last-modified:Sun, 22 Nov 2026 07:00:00 GMT\n";
  it.each([
    [modified, 200, "fresh 360 age 0"],
    [`${date}${modified}`, 404, "fresh 360 age 0"],
    ["last-modified:Sun, 22 Nov 2020 07:00:00 GMT\n", 200, "fresh 86400 age 0"],
    ["last-modified:Sun, 22 Nov 2026 09:00:00 GMT\n", 200, "always validated"],
    ["last-modified:yesterday\n", 200, "NO_FRESHNESS"],
    [modified, 403, "NO_FRESHNESS"],
    [modified, 503, "NO_FRESHNESS"],
    [`${modified}cache-control:public\n`, 403, "fresh 360 age 0"],
    [`${modified}pragma:no-cache\n`, 200, "NO_FRESHNESS"],
    [`${modified}pragma:no-cache\ncache-control:x\n`, 200, "fresh 360 age 0"],
    [`${modified}cache-control:max-age=0\n`, 200, "always validated"],
  ])("%j with status %i is %s", (headers, status, expected) => {
    expect(decide(headers, { status })).toBe(expected);
  });
});

describe("a field for caches like this one counts alone (RFC 9213):", () => {
  it.each([
    ["cdn-cache-control:max-age=20\ncache-control:max-age=10\n", "fresh 20 age 0"],
    ["cdn-cache-control:max-age=20\ncache-control:no-store, private\n", "fresh 20 age 0"],
    ["cdn-cache-control:max-age=20\nexpires:0\n", "fresh 20 age 0"],
    ["cdn-cache-control:no-store\ncache-control:max-age=10\n", "NO_STORE"],
    ["cdn-cache-control:private\ncache-control:max-age=10\n", "PRIVATE"],
    ["cdn-cache-control:max-age=0\ncache-control:max-age=10\n", "STALE_ON_ARRIVAL"],
    ["cdn-cache-control:foo\ncache-control:max-age=10\n", "NO_FRESHNESS"],
    ["cdn-cache-control:max-age=20, max-age=30\n", "fresh 30 age 0"],
    ["cdn-cache-control:max-age=20\ncdn-cache-control:s-maxage=30\n", "fresh 30 age 0"],
    ["cdn-cache-control:max-age=20;x=1\n", "fresh 20 age 0"],
    ["cdn-cache-control:no-store=?0, max-age=20\n", "fresh 20 age 0"],
    ['cdn-cache-control:max-age="20"\n', "STALE_ON_ARRIVAL"],
    ["cdn-cache-control:max-age=20.5\n", "STALE_ON_ARRIVAL"],
    ["cdn-cache-control:no-store=1\n", "NO_STORE"],
    ["cdn-cache-control:max-age=-1\n", "STALE_ON_ARRIVAL"],
  ])("%j is %s", (headers, expected) => {
    expect(decide(headers)).toBe(expected);
  });

  it.each(["", "max-age=20, &&&&", "max-age =20", "MAX-AGE=20", "max-age=20,", "=1", 'a="x'])(
    "%j is as if it were not there",
    (value) => {
      expect(decide(`cdn-cache-control:${value}\ncache-control:max-age=10\n`)).toBe("fresh 10 age 0");
    },
  );
});

describe("what may only be used after the origin confirmed it is kept when it can be asked:", () => {
  it.each([
    ['cache-control:no-cache\netag:"a"\n', "always validated"],
    ['cache-control:no-cache, max-age=10\netag:"a"\n', "always validated"],
    ["cache-control:no-cache\nlast-modified:Sun, 22 Nov 2026 07:00:00 GMT\n", "always validated"],
    ['cache-control:max-age=0\netag:"a"\n', "always validated"],
    ['cache-control:max-age=10\nage:11\netag:"a"\n', "always validated"],
    ["cache-control:no-cache\n", "NO_CACHE"],
    ['cache-control:no-cache, no-store\netag:"a"\n', "NO_STORE"],
    ['cache-control:no-cache, private\netag:"a"\n', "PRIVATE"],
  ])("%j is %s", (headers, expected) => {
    expect(decide(headers)).toBe(expected);
  });
});

describe("how long an answer may be used when it is not fresh any more (RFC 5861, RFC 9111 §4.2.4), in seconds:", () => {
  it.each([
    ["max-age=9", "revalidate 0, error 0, failure 3600"],
    ["max-age=9, stale-while-revalidate=5", "revalidate 5, error 0, failure 3600"],
    ["max-age=9, stale-if-error=7", "revalidate 0, error 7, failure 7"],
    ["max-age=9, stale-if-error=0", "revalidate 0, error 0, failure 0"],
    ["max-age=9, stale-while-revalidate=x", "revalidate 0, error 0, failure 3600"],
    ["s-maxage=9", "revalidate 0, error 0, failure 0"],
    ["s-maxage=9, stale-while-revalidate=5, stale-if-error=7", "revalidate 5, error 7, failure 7"],
    ["max-age=9, must-revalidate, stale-while-revalidate=5, stale-if-error=7", "revalidate 0, error 0, failure 0"],
    ["max-age=9, proxy-revalidate, stale-if-error=7", "revalidate 0, error 0, failure 0"],
  ])("%s: %s", (control, expected) => {
    const decision = decideCaching({ ...question, responseHeaders: `cache-control:${control}\n` });
    if (!decision.store) throw new Error(decision.reason);
    const seconds = [decision.staleWhileRevalidateMs, decision.staleIfErrorMs, decision.staleOnFailureMs].map(
      (ms) => ms / 1_000,
    );
    expect(`revalidate ${seconds[0]}, error ${seconds[1]}, failure ${seconds[2]}`).toBe(expected);
  });
});

describe("must-understand (RFC 9111 §5.2.2.3) and errors:", () => {
  it.each<[string, number, number | undefined, string]>([
    ["max-age=9, no-store, must-understand", 200, undefined, "fresh 9 age 0"],
    ["max-age=9, no-store, must-understand", 599, undefined, "STATUS"],
    ["max-age=9, must-understand", 599, undefined, "STATUS"],
    ["max-age=9", 599, undefined, "fresh 9 age 0"],
    ["no-store", 404, 30_000, "fresh 30 age 0"],
    ["max-age=9", 404, 30_000, "fresh 30 age 0"],
    ["max-age=9", 503, 0, "TTL_ZERO"],
    ["max-age=9", 206, undefined, "PARTIAL"],
  ])("%s with status %i, by configuration %s: %s", (control, status, errorTtlMs, expected) => {
    expect(decide(`cache-control:${control}\n`, { status, errorTtlMs })).toBe(expected);
  });

  it("what the client does not want kept is not kept", () => {
    expect(decide("cache-control:max-age=9\n", { requestNoStore: true })).toBe("REQUEST_NO_STORE");
  });

  it("the time that the answer took counts as its age", () => {
    const late = { requestedAt: now - 5_000 };
    expect(decide("cache-control:max-age=10\n", late)).toBe("fresh 5 age 5");
    expect(decide("cache-control:max-age=10\nage:3\n", late)).toBe("fresh 2 age 8");
  });
});

it.each([
  ["cache-tag:a,b, c\ncache-tag:b\n", ["a", "b", "c"]],
  ["cache-tag:,\n", []],
  [`cache-tag:${"x".repeat(257)},y\n`, ["y"]],
  [
    `cache-tag:${Array.from({ length: 100 }, (_, index) => index).join(",")}\n`,
    Array.from({ length: 64 }, (_, index) => `${index}`),
  ],
  ["", []],
])("tagsOf(%j)", (headers, expected) => {
  expect(tagsOf(headers)).toEqual(expected);
});

describe("with a rule:", () => {
  it.each<[Partial<CacheRule>, string, number, string]>([
    [{}, "", 200, "fresh 60 age 0"],
    [{}, "cache-control:no-store\n", 200, "fresh 60 age 0"],
    [{}, "cache-control:max-age=5\n", 200, "fresh 60 age 0"],
    [{ ttl: 0 }, "cache-control:max-age=5\n", 200, "TTL_ZERO"],
    [{ ttl: 2, ttl_unit: "d" }, "", 200, "fresh 172800 age 0"],
    [{}, "set-cookie:a=b\n", 200, "SET_COOKIE"],
    [{}, "vary:*\n", 200, "VARY_ANY"],
    [{}, "", 500, "NO_FRESHNESS"],
    [{}, "", 404, "NO_FRESHNESS"],
    [{}, "", 301, "fresh 60 age 0"],
    [{ follow_origin: "on" }, "cache-control:max-age=500\n", 200, "fresh 500 age 0"],
    [{ follow_origin: "on" }, "cache-control:no-store\n", 200, "NO_STORE"],
    [{ follow_origin: "on" }, "", 200, "fresh 60 age 0"],
    [{ follow_origin: "min_ttl" }, "cache-control:max-age=500\n", 200, "fresh 60 age 0"],
    [{ follow_origin: "min_ttl" }, "cache-control:max-age=5\n", 200, "fresh 5 age 0"],
    [{ follow_origin: "min_ttl" }, "cache-control:private\n", 200, "PRIVATE"],
    [{ follow_origin: "min_ttl", ttl: 0 }, "cache-control:max-age=5\n", 200, "TTL_ZERO"],
  ])("%j and %j with status %i is %s", (change, headers, status, expected) => {
    expect(decide(headers, { rule: compiled(change), status })).toBe(expected);
  });

  it.each<[string, Partial<CacheQuestion>]>([
    ["follow_origin off", { rule: compiled({}) }],
    ["follow_origin on, without a lifetime of the origin's", { rule: compiled({ follow_origin: "on" }) }],
    ["follow_origin min_ttl, without a lifetime of the origin's", { rule: compiled({ follow_origin: "min_ttl" }) }],
    ["error_code_cache", { status: 404, errorTtlMs: 60_000 }],
  ])("what the origin excludes from storing stays excluded: %s", (_case, change) => {
    const responseHeaders = 'cache-control:no-cache="set-cookie", private="X-User"\nset-cookie:a=b\n';
    const decision = decideCaching({ ...question, responseHeaders, ...change });
    expect(decision).toMatchObject({ store: true, freshMs: 60_000, excludedFields: ["set-cookie", "x-user"] });
  });

  it("credentials are still not shared", () => {
    expect(decide("", { rule: compiled({}), requestHeaders: "authorization:x\n" })).toBe("AUTHORIZATION");
  });
});

describe("the rule that decides is the one of largest priority that matches:", () => {
  const rules = compileCacheRules([
    rule({ ttl: 1, priority: 1 }),
    rule({ ttl: 2, priority: 50, match_type: "file_extension", match_value: ".js;.css" }),
    rule({ ttl: 3, priority: 60, match_type: "catalog", match_value: "/static;/x/y/" }),
    rule({ ttl: 4, priority: 70, match_type: "full_path", match_value: "/static/*.map;/one" }),
    rule({ ttl: 5, priority: 80, match_type: "home_page" }),
  ]);
  it.each([
    ["/", 5],
    ["/a", 1],
    ["/a.css", 2],
    ["/static/a.css", 3],
    ["/x/y/z", 3],
    ["/static/a.map", 4],
    ["/one", 4],
    ["/staticx", 1],
  ])("%s by ttl %i", (path, ttl) => {
    expect(findCacheRule(rules, path)?.ttlMs).toBe(ttl * 1_000);
  });
});

it.each<[CacheRule["url_parameter_type"], string, string, string]>([
  ["del_params", "utm;x y", "?utm=1&a=2&x+y=3&x%20y=4", "?a=2"],
  ["del_params", "a", "?a=1&a", ""],
  ["reserve_params", "a;b", "?c=1&b=2&a=3&&b", "?b=2&a=3&b"],
  ["reserve_params", "%zz", "?%zz=1&a=1", "?%zz=1"],
  ["ignore_url_params", "", "?a=1", ""],
  ["full_url", "", "?a=1", "?a=1"],
])("%s %s leaves %s as %s in the key", (type, value, query, expected) => {
  expect(compiled({ url_parameter_type: type, url_parameter_value: value })?.keyQuery(query)).toBe(expected);
});
