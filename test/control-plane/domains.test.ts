import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DomainChange, DomainResource, RuleResource } from "../../sdk/api.ts";
import { passing, answering, TestControlPlane } from "./test-control-plane.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
  await control.publish("gate", passing("1"), { version: "v1", aliases: ["live"] });
  await control.publish("api", answering("1"), { version: "v1", aliases: ["live"] });
});
afterAll(() => control.close());

let count = 0;
async function freshDomain(): Promise<string> {
  const domain = `d${String(++count)}.example.com`;
  await control.ok(`PUT /v1/domains/${domain}?waitSeconds=0`, { body: {} });
  return domain;
}

const gateRule = (priority: number, changes: object = {}): object => ({
  phase: "clientRequest",
  matchType: "all",
  function: "gate",
  alias: "live",
  priority,
  ...changes,
});

const putRules = (domain: string, rules: unknown) =>
  ({ request: `PUT /v1/domains/${domain}/rules`, body: { rules, waitSeconds: 0 } }) as const;

describe("domains", () => {
  it("are put with all defaults filled in, shown, listed and deleted", async () => {
    const body = { sources: [{ origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: 9_000 }] };
    const change = await control.ok<DomainChange>("PUT /v1/domains/*.example.org?waitSeconds=0", { body });
    expect(change.domain).toMatchObject({
      config: {
        domain: "*.example.org",
        enabled: true,
        sources: [{ origin_addr: "127.0.0.1", http_port: 9_000, https_port: 443, priority: 70, weight: 50 }],
        origin_protocol: "http",
        force_redirect: { status: "off", redirect_code: 302 },
      },
      rules: [],
    });
    expect(change.rollout).toMatchObject({ revision: change.revision, nodesConnected: 0, completeMs: null });
    expect(await control.ok("GET /v1/domains/*.example.org")).toEqual(change.domain);
    const { domains } = await control.ok<{ domains: DomainResource[] }>("GET /v1/domains");
    expect(domains).toContainEqual(change.domain);
    expect((await control.call("DELETE /v1/domains/*.example.org")).status).toBe(204);
    expect((await control.refusal("GET /v1/domains/*.example.org")).status).toBe(404);
    expect((await control.refusal("DELETE /v1/domains/*.example.org")).status).toBe(404);
  });

  it("keep their rules when their configuration is replaced", async () => {
    const domain = await freshDomain();
    const { request, body } = putRules(domain, [gateRule(1)]);
    await control.ok(request, { body });
    await control.ok(`PUT /v1/domains/${domain}?waitSeconds=0`, { body: { enabled: false } });
    const resource = await control.ok<DomainResource>(`GET /v1/domains/${domain}`);
    expect([resource.config.enabled, resource.rules.length]).toEqual([false, 1]);
  });

  it("refuse a configuration with every problem at once, named by key, value and range", async () => {
    const body = { origin_protocol: "ftp", origin_receive_timeout: 301, colour: "blue", sources: [{ weight: 0 }] };
    const { status, code, problems } = await control.refusal("PUT /v1/domains/www.example.com", { body });
    expect([status, code]).toEqual([400, "INPUT_INVALID"]);
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^origin_protocol: received "ftp", allowed: /),
        expect.stringMatching(/^origin_receive_timeout: received 301, allowed: .*1\.\.300/),
        expect.stringMatching(/^colour: is not a key/),
        expect.stringMatching(/^sources\[0\]\.weight: received 0, allowed: .*1\.\.100/),
      ]),
    );
    expect((await control.refusal("GET /v1/domains/www.example.com")).status).toBe(404);
  });

  it.each(["Upper.example.com", "a_b.example.com", "x..y", "%2e%2e%2fetc", "*.com", "a:80"])(
    "refuse the name %s",
    async (domain) => {
      const { status } = await control.refusal(`PUT /v1/domains/${domain}`, { body: {} });
      expect(status).toBe(400);
    },
  );

  it("refuse a wait beyond its range", async () => {
    const { problems } = await control.refusal("PUT /v1/domains/www.example.com?waitSeconds=31", { body: {} });
    expect(problems).toEqual(["waitSeconds: received 31, allowed: 0..30"]);
  });
});

describe("rules", () => {
  it("are replaced all at once, with defaults and a mark for latest", async () => {
    const domain = await freshDomain();
    const rules = [
      gateRule(10),
      { phase: "fetch", matchType: "path", matchContent: "/api/*", function: "api", version: "latest", priority: 10 },
    ];
    const { request, body } = putRules(domain, rules);
    const change = await control.ok<DomainChange>(request, { body });
    expect(change.domain.rules).toEqual([
      { ...gateRule(10), enabled: true, stop: false, onError: "fail", floating: false },
      { ...rules[1], enabled: true, stop: false, onError: "fail", floating: true },
    ]);
    const listed = await control.ok<{ rules: RuleResource[] }>(`GET /v1/domains/${domain}/rules`);
    expect(listed.rules).toEqual(change.domain.rules);
  });

  it("may be 40, and a 41st is refused", async () => {
    const domain = await freshDomain();
    const rules = Array.from({ length: 40 }, (_, index) => gateRule(index + 1));
    const accepted = putRules(domain, rules);
    await control.ok(accepted.request, { body: accepted.body });
    const refused = putRules(domain, [...rules, gateRule(41)]);
    const { status, problems } = await control.refusal(refused.request, { body: refused.body });
    expect([status, problems]).toEqual([400, ["rules: received 41 rules, allowed: at most 40"]]);
  });

  it("refuse everything they refer to that does not exist, all at once", async () => {
    const domain = await freshDomain();
    const rules = [
      gateRule(1, { function: "none" }),
      gateRule(2, { alias: "none" }),
      { ...gateRule(3), alias: undefined, version: "v9" },
      gateRule(4, { phase: "fetch" }),
    ];
    const { request, body } = putRules(domain, rules);
    const { status, code, problems } = await control.refusal(request, { body });
    expect([status, code]).toEqual([400, "INPUT_INVALID"]);
    expect(problems).toEqual([
      'rules[0].function: received "none", allowed: an existing function',
      'rules[1].alias: received "none", allowed: an alias of function "gate"',
      'rules[2].version: received "v9", allowed: a version of function "gate"',
      'rules[3].phase: received fetch, but version "v1" of function "gate" exports clientRequest',
    ]);
  });

  it("are refused through an alias whose grey version lacks their hook, as the alias would be", async () => {
    const domain = await freshDomain();
    await control.publish("greying", passing("1"), { version: "v1", aliases: ["live"] });
    await control.publish("greying", answering("no hook"), { version: "v2" });
    const alias = "PUT /v1/functions/greying/aliases/live";
    const grey = { by: "weight", version: "v2", weight: 5 };
    await control.ok(alias, { body: { version: "v1", grey, waitSeconds: 0 } });
    const { request, body } = putRules(domain, [gateRule(1, { function: "greying" })]);
    const { status, problems } = await control.refusal(request, { body });
    expect([status, problems]).toEqual([
      400,
      ['rules[0].phase: received clientRequest, but version "v2" of function "greying" exports fetch'],
    ]);
    await control.ok(alias, { body: { version: "v1", waitSeconds: 0 } });
    await control.ok(request, { body });
    const moved = await control.refusal(alias, { body: { version: "v1", grey, waitSeconds: 0 } });
    expect([moved.status, moved.problems.length]).toEqual([409, 1]);
  });

  it("refuse one priority twice within a phase", async () => {
    const domain = await freshDomain();
    const { request, body } = putRules(domain, [gateRule(5), gateRule(5)]);
    const { status, problems } = await control.refusal(request, { body });
    expect([status, problems[0]]).toEqual([400, expect.stringMatching(/^rules\[1\]\.priority: received 5, allowed: /)]);
  });

  it("leave the domain as it was when refused", async () => {
    const domain = await freshDomain();
    const good = putRules(domain, [gateRule(1)]);
    await control.ok(good.request, { body: good.body });
    const bad = putRules(domain, [gateRule(101)]);
    expect((await control.refusal(bad.request, { body: bad.body })).status).toBe(400);
    expect((await control.ok<{ rules: unknown[] }>(`GET /v1/domains/${domain}/rules`)).rules).toHaveLength(1);
  });

  it.each([[null], [{}], ["all"], [[1]], [[null]]])("refuse %j", async (rules) => {
    const domain = await freshDomain();
    const { request, body } = putRules(domain, rules);
    expect((await control.refusal(request, { body })).status).toBe(400);
  });

  it("are of no domain that does not exist", async () => {
    const { request, body } = putRules("none.example.com", [gateRule(1)]);
    expect((await control.refusal(request, { body })).status).toBe(404);
  });

  it("that name latest keep a version without their hook from being published", async () => {
    const domain = await freshDomain();
    await control.publish("floating", passing("1"), { version: "v1" });
    const { request, body } = putRules(domain, [
      { ...gateRule(1), function: "floating", alias: undefined, version: "latest" },
    ]);
    await control.ok(request, { body });
    const source = { kind: "inline", code: answering("no hook"), language: "ts" };
    const refusal = await control.refusal("POST /v1/functions/floating/versions", {
      body: { source, snapshot: false },
    });
    expect([refusal.status, refusal.code, refusal.problems.length]).toEqual([409, "CONFLICT", 1]);
    const { versions } = await control.ok<{ versions: unknown[] }>("GET /v1/functions/floating/versions");
    expect(versions).toHaveLength(1);
  });
});
