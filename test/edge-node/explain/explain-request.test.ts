/** What a front says it would do, beside what it does. */
import { describe, expect, it } from "vitest";
import type { ExplainMessage, ExplainStep } from "../../../sdk/explain.ts";
import { ask } from "../support/client.ts";
import type { Edge } from "../support/edge.ts";
import { failedOutcome, textOutcome } from "../support/function-driver.ts";
import { loopbackSource } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

const base: ExplainMessage = {
  kind: "explain",
  id: "e-1",
  url: "http://site.test/",
  method: "GET",
  headers: [],
  clientIp: "192.0.2.1",
  run: false,
};

/** The steps as `step mark text`. */
async function stepsOf({ front }: Edge, change: Partial<ExplainMessage> = {}): Promise<readonly ExplainStep[]> {
  const { outcome } = await front.explain({ ...base, ...change });
  if (outcome.kind === "failed") throw new Error(`${outcome.code} ${outcome.message}`);
  return outcome.steps;
}

const told = (steps: readonly ExplainStep[]): readonly string[] =>
  steps.map(({ step, mark, text }) => `${step} ${mark} ${text}`);

function fact(steps: readonly ExplainStep[], step: ExplainStep["step"], name: string): string | undefined {
  return steps.find((one) => one.step === step)?.facts.find((one) => one.name === name)?.value;
}

describe("explain() before there is an answer", () => {
  it("goes through rules, configuration and sources in the order of the steps", async () => {
    const started = await edge({
      functions: { gate: () => textOutcome(""), pull: () => textOutcome(""), paint: () => textOutcome("") },
      rules: [
        { phase: "clientRequest", function: "gate", stop: true },
        { phase: "originPull", function: "pull" },
        { phase: "originResponse", function: "paint", matchType: "suffix", matchContent: ".png" },
        { phase: "clientResponse", function: "paint" },
      ],
      domain: {
        sources: [
          loopbackSource(81, { weight: 30 }),
          loopbackSource(82, { weight: 10 }),
          loopbackSource(83, { priority: 1 }),
        ],
        cache_rules: [
          {
            match_type: "all",
            ttl: 5,
            ttl_unit: "m",
            priority: 1,
            follow_origin: "min_ttl",
            url_parameter_type: "del_params",
            url_parameter_value: "utm",
          },
        ],
        origin_request_header: [{ name: "x-key", value: "secret", action: "set" }],
        http_response_header: [{ name: "server", action: "delete" }],
      },
    });
    const steps = await stepsOf(started, { url: "http://site.test/a%2e/%62?utm=1&x=2" });
    expect(told(steps)).toEqual([
      "domain ok site.test serves site.test exactly",
      "clientRequest note 1 function would run; not run here, and taken to change nothing",
      "cacheKey ok the cache is asked",
      "lookup ok miss: nothing is stored",
      "originPull note 1 function would run",
      "origin note the first well source would be asked, then the next",
      "store note whether the answer is stored, and for how long, is known when it is there",
      "clientResponse note 1 function would run",
      "responseConfiguration ok the configuration changes the answer",
    ]);
    expect(fact(steps, "domain", "path")).toBe("/a./b");
    expect(fact(steps, "clientRequest", "rule 1")).toBe("gate@v1, priority 100, stop");
    expect(fact(steps, "cacheKey", "key")).toBe("site.test http://site.test/a./b?x=2");
    expect(fact(steps, "cacheKey", "rule")).toBe("all, priority 1, ttl 5m, follow_origin min_ttl, del_params utm");
    const source = "http://127.0.0.1:81, Host site.test, priority 70, first in 75 % of requests, well (not asked yet)";
    expect(fact(steps, "origin", "source 1")).toBe(source);
    expect(fact(steps, "origin", "source 3")).toContain("http://127.0.0.1:83");
    expect(JSON.stringify(steps)).not.toContain("secret");
    expect(started.driver.invocations).toHaveLength(0);
  });

  it.each<[string, Partial<ExplainMessage>, object, string]>([
    [
      "a host that is not served",
      { url: "http://other.test/" },
      {},
      "domain stop 404 DOMAIN_UNKNOWN: no domain serves other.test",
    ],
    ["a disabled domain", {}, { enabled: false }, "domain stop DOMAIN_DISABLED: site.test is not enabled"],
    [
      "a redirect to https",
      {},
      { force_redirect: { status: "on", redirect_code: 308 } },
      "redirect stop 308 to https (force_redirect)",
    ],
    ["a method that is not cached", { method: "POST" }, {}, "cacheKey ok past the cache: method"],
    [
      "a condition of the origin's",
      { headers: [["If-Match", '"a"']] },
      {},
      "cacheKey ok past the cache: request (CONDITIONAL)",
    ],
    [
      "only-if-cached",
      { headers: [["cache-control", "only-if-cached"]] },
      {},
      "lookup stop 504: nothing is stored, and the client takes nothing else",
    ],
    ["no source", {}, {}, "origin stop fails: ORIGIN_NOT_CONFIGURED"],
    [
      "a wildcard",
      { url: "http://a.b.site.test/" },
      { domain: "*.site.test" },
      "domain ok *.site.test serves a.b.site.test by its wildcard",
    ],
  ])("tells of %s", async (_name, change, domain, line) => {
    const started = await edge({ domain });
    expect(told(await stepsOf(started, change))).toContain(line);
  });

  it("judges access key by key, counts nothing, and goes on with the rewritten path", async () => {
    const started = await edge({
      domain: {
        sources: [loopbackSource(81)],
        ip_filter: { type: "black", value: "198.51.100.0/24" },
        referer: { type: "white", value: "good.test", include_empty: false },
        ip_frequency_limit: { status: "on", qps: 1 },
        request_url_rewrite: [
          {
            condition: { match_type: "full_path", match_value: "/old", priority: 1 },
            execution_mode: "break",
            redirect_url: "/new",
            redirect_status_code: 302,
          },
        ],
      },
    });
    const headers = [["referer", "https://good.test/"]] as const;
    for (let times = 0; times < 3; times++) {
      const steps = await stepsOf(started, { url: "http://site.test/old", headers });
      expect(told(steps).slice(1, 3)).toEqual([
        "access ok the client may ask",
        "requestRewrite ok another path (request_url_rewrite)",
      ]);
      expect(fact(steps, "access", "ip_filter")).toBe("allows 192.0.2.1");
      expect(fact(steps, "access", "ip_frequency_limit")).toBe("1 requests a second; not counted here");
      expect(fact(steps, "cacheKey", "key")).toBe("site.test http://site.test/new");
    }
    const refused = await stepsOf(started, { headers, clientIp: "198.51.100.7" });
    expect(told(refused).slice(1)).toEqual(["access stop 403 ACCESS_DENIED by ip_filter"]);
    expect(told(await stepsOf(started)).slice(1)).toEqual(["access stop 403 ACCESS_DENIED by referer"]);
  });

  it("ends at a domain that serves nothing", async () => {
    expect(await stepsOf(await edge({}), { url: "http://other.test/" })).toHaveLength(1);
  });

  it.each([
    ["a path without canonical form", { url: "http://site.test/%00" }],
    ["a name and a password", { url: "http://a:b@site.test/" }],
  ])("refuses %s", async (_name, change) => {
    const { outcome } = await (await edge({})).front.explain({ ...base, ...change });
    expect(outcome).toMatchObject({ kind: "failed", code: "REQUEST_MALFORMED" });
  });
});

describe("explain() of a stored answer", () => {
  it("shows it with what is left of its time, and leaves it and every count as they were", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60, stale-while-revalidate=30");
      response.setHeader("cache-tag", "a,b");
      response.setHeader("set-cookie-like", "secret");
      response.setHeader("vary", "accept-language");
      response.end("hello");
    });
    const started = await edge({ origins: [source.port] });
    await ask(started.port, "/", { headers: { "accept-language": "de" } });
    const before = await started.front.metrics();
    const steps = await stepsOf(started, { headers: [["Accept-Language", "de"]] });
    expect(told(steps).at(-1)).toBe("lookup stop hit: a fresh answer is sent");
    expect(fact(steps, "lookup", "status")).toBe("200");
    expect(fact(steps, "lookup", "bytes")).toBe("5");
    expect(fact(steps, "lookup", "tags")).toBe("a, b");
    expect(fact(steps, "lookup", "fresh for")).toMatch(/^(?:59|60) s$/);
    expect(fact(steps, "lookup", "stale while revalidated")).toMatch(/^(?:89|90) s more$/);
    expect(JSON.stringify(steps)).not.toContain("secret");
    const other = await stepsOf(started, { headers: [["Accept-Language", "fr"]] });
    expect(told(other)).toContain("lookup ok miss: answers are there, but none for these request fields (Vary)");
    expect(fact(other, "lookup", "variant")).toBe("accept-language:fr");
    const asked = await stepsOf(started, {
      headers: [
        ["accept-language", "de"],
        ["cache-control", "no-cache"],
      ],
    });
    expect(told(asked)).toContain("lookup ok there, but the client wants the origin's word");
    expect(source.requests).toHaveLength(1);
    expect(await started.front.metrics()).toEqual(before);
  });
});

describe("explain() that runs functions", () => {
  const run = { run: true };

  it("goes on with what they made of the request, and names fields without their values", async () => {
    const started = await edge({
      functions: {
        rewrite: () => ({
          kind: "request",
          method: "GET",
          url: "http://site.test/new",
          headers: "host:site.test\nx-secret:hidden\n",
          body: { kind: "same" },
        }),
      },
      rules: [{ phase: "clientRequest", function: "rewrite" }],
    });
    const steps = await stepsOf(started, { ...run, headers: [["X-Old", "1"]] });
    expect(told(steps)[1]).toBe("clientRequest ok 1 function ran");
    expect(fact(steps, "clientRequest", "url")).toBe("http://site.test/new");
    expect(fact(steps, "clientRequest", "fields set")).toBe("x-secret");
    expect(fact(steps, "clientRequest", "fields deleted")).toBe("x-old");
    expect(fact(steps, "cacheKey", "key")).toBe("site.test http://site.test/new");
    expect(JSON.stringify(steps)).not.toContain("hidden");
  });

  it.each([
    ["answers", () => textOutcome("no", { status: 403 }), "clientRequest stop a function answers with 403"],
    ["fails", () => failedOutcome("FUNCTION_THREW"), "clientRequest stop a function fails: FUNCTION_THREW"],
  ])("ends the request where a function %s", async (_name, gate, line) => {
    const started = await edge({
      functions: { gate, paint: () => textOutcome("") },
      rules: [
        { phase: "clientRequest", function: "gate" },
        { phase: "clientResponse", function: "paint" },
      ],
    });
    expect(told(await stepsOf(started, run)).slice(1)).toEqual([line, "clientResponse note 1 function would run"]);
    expect(started.driver.invocations).toHaveLength(1);
  });
});
