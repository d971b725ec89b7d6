/** Claims about versions of domains over REST: kept, compared, brought back; lost updates refused; keys hidden. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  DomainChange,
  DomainDiff,
  DomainResource,
  DomainVersionResource,
  DomainVersionSummaryResource,
} from "../../sdk/api.ts";
import { openDomainSecrets } from "../../sdk/domain-secrets.ts";
import { domainLimits } from "../../sdk/cdn-limits.ts";
import { passing, TestControlPlane } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
let publisher: string;
beforeAll(async () => {
  control = await TestControlPlane.start();
  publisher = (await control.createToken("publisher")).token;
  await control.publish("gate", passing("1"), { version: "v1", aliases: ["live"] });
}, 180_000);
afterAll(() => control.close());

let count = 0;
const freshName = (): string => `v${String(++count)}.example.com`;
const gate = { phase: "clientRequest", matchType: "all", function: "gate", alias: "live", priority: 1 };
const key = "abcdefgh12345678";
const auth = (keys: object = { key }) => ({ url_auth: { status: "on", type: "type_a", ...keys } });

function put(domain: string, body: object, query = ""): Promise<DomainChange> {
  return control.ok<DomainChange>(`PUT /v1/domains/${domain}?waitSeconds=0${query}`, { body });
}
const get = (domain: string) => control.ok<DomainResource>(`GET /v1/domains/${domain}`);
async function versions(domain: string): Promise<readonly DomainVersionSummaryResource[]> {
  const answer = await control.ok<{ versions: DomainVersionSummaryResource[] }>(`GET /v1/domains/${domain}/versions`);
  return answer.versions;
}
const diff = (domain: string, query: string) => control.ok<DomainDiff>(`GET /v1/domains/${domain}/diff?${query}`);

describe("a change of a domain", () => {
  it("makes a version that says who, when and what for", async () => {
    const domain = freshName();
    await put(domain, {}, "&comment=first");
    await put(domain, { enabled: false }, "&comment=off%20for%20now");
    await control.ok(`PUT /v1/domains/${domain}/rules`, { body: { rules: [gate], waitSeconds: 0 } });
    const list = await versions(domain);
    expect(list.map(({ version, comment }) => [version, comment])).toEqual([
      [3, ""],
      [2, "off for now"],
      [1, "first"],
    ]);
    const { author, createdAt } = list[0] ?? {};
    expect(author).toEqual({ tokenId: expect.any(String) as string, name: expect.stringMatching(/./) as string });
    expect(createdAt).toBe((await get(domain)).updatedAt);
  });

  it("keeps what each version was, rules included", async () => {
    const domain = freshName();
    await put(domain, { origin_receive_timeout: 1, rules: [gate] });
    await put(domain, { origin_receive_timeout: 2, rules: [] });
    const read = (version: number) =>
      control.ok<DomainVersionResource>(`GET /v1/domains/${domain}/versions/${String(version)}`);
    const [one, two] = [await read(1), await read(2)];
    expect([one.config.origin_receive_timeout, one.rules.length]).toEqual([1, 1]);
    expect([two.config.origin_receive_timeout, two.rules.length]).toEqual([2, 0]);
    expect((await control.refusal(`GET /v1/domains/${domain}/versions/3`)).status).toBe(404);
    expect((await control.refusal(`GET /v1/domains/${domain}/versions/0`)).status).toBe(400);
    expect((await control.refusal("GET /v1/domains/none.example.com/versions")).status).toBe(404);
  });

  it("answers what it changed; one that changes nothing makes neither version nor revision", async () => {
    const domain = freshName();
    const first = await put(domain, { origin_receive_timeout: 5 });
    const same = await put(domain, { origin_receive_timeout: 5 });
    expect([same.changes, same.domain.version, same.revision]).toEqual([[], 1, first.revision]);
    const next = await put(domain, { origin_receive_timeout: 6 });
    expect(next.changes).toEqual([{ path: "origin_receive_timeout", before: 5, after: 6 }]);
    expect([next.domain.version, next.revision]).toEqual([2, first.revision + 1]);
  });

  it("replaces rules only where the document has them, and refuses wrong ones with the rest", async () => {
    const domain = freshName();
    await put(domain, { rules: [gate] });
    expect((await put(domain, { enabled: false })).domain.rules).toHaveLength(1);
    expect((await put(domain, { enabled: false, rules: [] })).domain.rules).toEqual([]);
    const body = { enabled: 1, rules: [{ ...gate, priority: 0 }] };
    const { problems } = await control.refusal(`PUT /v1/domains/${domain}`, { body });
    expect(problems).toEqual([
      expect.stringMatching(/^enabled: /) as string,
      expect.stringMatching(/^rules\[0\]\.priority: /) as string,
    ]);
    const gone = await control.refusal(`PUT /v1/domains/${domain}`, { body: { rules: [{ ...gate, alias: "none" }] } });
    expect([gone.status, gone.problems[0]]).toEqual([400, expect.stringContaining("rules[0].alias")]);
  });

  it("as a dry run is checked and answered, and nothing is changed", async () => {
    const domain = freshName();
    const created = await put(domain, {}, "&dryRun=true");
    expect([created.dryRun, created.domain.version]).toEqual([true, 1]);
    expect((await control.refusal(`GET /v1/domains/${domain}`)).status).toBe(404);
    const { revision } = await put(domain, {});
    const tried = await put(domain, { enabled: false }, "&dryRun=true");
    expect(tried).toMatchObject({ dryRun: true, revision, changes: [{ path: "enabled", before: true, after: false }] });
    expect((await get(domain)).config.enabled).toBe(true);
    expect((await control.refusal(`PUT /v1/domains/${domain}?dryRun=true`, { body: { x: 1 } })).status).toBe(400);
  });

  it("refuses a comment that is too long", async () => {
    const comment = "a".repeat(domainLimits.commentCharsMax + 1);
    const { status } = await control.refusal(`PUT /v1/domains/${freshName()}?comment=${comment}`, { body: {} });
    expect(status).toBe(400);
  });
});

describe("an expected version", () => {
  const send = (domain: string, headers: Readonly<Record<string, string>>, body: object = {}) =>
    control.call(`PUT /v1/domains/${domain}?waitSeconds=0`, { body, headers });

  it("lets the change through when the domain is at it, and answers the new one as ETag", async () => {
    const domain = freshName();
    const created = await send(domain, { "if-none-match": "*" });
    expect([created.status, created.headers.get("etag")]).toEqual([200, '"1"']);
    const changed = await send(domain, { "if-match": '"1"' }, { enabled: false });
    expect([changed.status, changed.headers.get("etag")]).toEqual([200, '"2"']);
    const read = await control.call(`GET /v1/domains/${domain}`);
    expect(read.headers.get("etag")).toBe('"2"');
  });

  it("refuses a change that would undo another one", async () => {
    const domain = freshName();
    await put(domain, {});
    await put(domain, { enabled: false });
    for (const headers of [{ "if-match": '"1"' }, { "if-match": "3" }, { "if-none-match": "*" }]) {
      const { status, body } = await send(domain, headers, { enabled: true });
      expect([status, body]).toEqual([
        412,
        { error: expect.objectContaining({ code: "PRECONDITION_FAILED" }) as object },
      ]);
    }
    const missing = await send(freshName(), { "if-match": "*" });
    expect(missing.status).toBe(412);
    expect((await get(domain)).config.enabled).toBe(false);
  });

  it("is asked of rules, rollbacks and deletions, too", async () => {
    const domain = freshName();
    await put(domain, {});
    await put(domain, { enabled: false });
    const headers = { "if-match": '"1"' };
    const refused = [
      await control.call(`PUT /v1/domains/${domain}/rules`, { body: { rules: [gate] }, headers }),
      await control.call(`POST /v1/domains/${domain}/rollback`, { body: {}, headers }),
      await control.call(`DELETE /v1/domains/${domain}`, { headers }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([412, 412, 412]);
  });

  it("that is no version is refused", async () => {
    const domain = freshName();
    const refused = [
      { "if-match": "abc" },
      { "if-match": '"0"' },
      { "if-none-match": '"1"' },
      { "if-match": "1", "if-none-match": "*" },
    ];
    for (const headers of refused) expect((await send(domain, headers)).status).toBe(400);
  });

  it("lets one of many writers win", async () => {
    const domain = freshName();
    await put(domain, {});
    const timeouts = Array.from({ length: 8 }, (_, index) => index + 100);
    const answers = await Promise.all(
      timeouts.map((timeout) => send(domain, { "if-match": '"1"' }, { origin_receive_timeout: timeout })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200, 412, 412, 412, 412, 412, 412, 412,
    ]);
    expect(await versions(domain)).toHaveLength(2);
  });
});

describe("a rollback", () => {
  it("makes what a version was the newest version; twice returns", async () => {
    const domain = freshName();
    await put(domain, { origin_receive_timeout: 1, rules: [gate] });
    await put(domain, { origin_receive_timeout: 2, rules: [] });
    const rollback = (body: object) =>
      control.ok<DomainChange>(`POST /v1/domains/${domain}/rollback`, { body: { waitSeconds: 0, ...body } });
    const back = await rollback({});
    expect(back.domain).toMatchObject({ version: 3, config: { origin_receive_timeout: 1 } });
    expect(back.domain.rules).toHaveLength(1);
    expect((await rollback({})).domain).toMatchObject({ version: 4, config: { origin_receive_timeout: 2 }, rules: [] });
    expect((await rollback({ version: 1, comment: "why" })).domain.version).toBe(5);
    expect((await versions(domain)).slice(0, 2).map(({ comment }) => comment)).toEqual(["why", "back to version 2"]);
  });

  it("refuses a version whose function or alias is gone, and says which", async () => {
    const domain = freshName();
    await control.publish("gone", passing("1"), { version: "v1", aliases: ["live"] });
    await put(domain, { rules: [{ ...gate, function: "gone" }] });
    await put(domain, { rules: [] });
    expect((await control.call("DELETE /v1/functions/gone")).status).toBe(204);
    const refusal = await control.refusal(`POST /v1/domains/${domain}/rollback`, { body: {} });
    expect(refusal).toMatchObject({
      status: 409,
      code: "CONFLICT",
      message: `Version 1 of domain "${domain}" cannot be served any more.`,
      problems: ['rules[0].function: received "gone", allowed: an existing function'],
    });
    expect((await get(domain)).version).toBe(2);
  });

  it("refuses what there is not", async () => {
    const domain = freshName();
    await put(domain, {});
    const status = async (path: `/${string}`, body: object) => (await control.refusal(`POST ${path}`, { body })).status;
    expect(await status(`/v1/domains/${domain}/rollback`, {})).toBe(404);
    expect(await status(`/v1/domains/${domain}/rollback`, { version: 9 })).toBe(404);
    expect(await status(`/v1/domains/${domain}/rollback`, { version: 0 })).toBe(400);
    expect(await status("/v1/domains/none.example.com/rollback", {})).toBe(404);
  });
});

describe("a diff", () => {
  it("of two versions, or of one and what is served", async () => {
    const domain = freshName();
    for (const timeout of [1, 2, 3]) await put(domain, { origin_receive_timeout: timeout });
    const difference = (before: number, after: number) => ({
      differences: [{ path: "origin_receive_timeout", before, after }],
    });
    expect(await diff(domain, "from=1&to=2")).toEqual(difference(1, 2));
    expect(await diff(domain, "from=3&to=1")).toEqual(difference(3, 1));
    expect(await diff(domain, "from=1")).toEqual(difference(1, 3));
    expect((await control.refusal(`GET /v1/domains/${domain}/diff`)).status).toBe(400);
    expect((await control.refusal(`GET /v1/domains/${domain}/diff?from=1&to=9`)).status).toBe(404);
  });

  it("of a document tells publishers what a PUT would change, and refuses what it would refuse", async () => {
    const domain = freshName();
    await put(domain, {});
    const request = `POST /v1/domains/${domain}/diff` as const;
    const answer = await control.ok<DomainDiff>(request, { body: { enabled: false }, token: publisher });
    expect(answer.differences).toEqual([{ path: "enabled", before: true, after: false }]);
    expect((await control.refusal(request, { body: { enabled: 1 }, token: publisher })).status).toBe(400);
    expect((await get(domain)).config.enabled).toBe(true);
  });
});

describe("a key in a domain", () => {
  it("is shown masked, and in the clear only to an administrator who asks", async () => {
    const domain = freshName();
    const change = await put(domain, auth());
    expect(JSON.stringify(change)).not.toContain(key);
    const paths = [`/v1/domains/${domain}`, `/v1/domains/${domain}/versions/1`, `/v1/domains`] as const;
    for (const path of paths) {
      const text = JSON.stringify((await control.call(`GET ${path}`)).body);
      expect([path, text.includes("***78"), text.includes(key)]).toEqual([path, true, false]);
    }
    for (const path of paths.slice(0, 2)) {
      expect(JSON.stringify((await control.call(`GET ${path}?secrets=true`)).body)).toContain(key);
      expect((await control.refusal(`GET ${path}?secrets=true`, { token: publisher })).status).toBe(403);
    }
  });

  it("stays when its mask is put back, also as the backup key", async () => {
    const domain = freshName();
    await put(domain, auth());
    const shown = await get(domain);
    const { domain: _domain, ...config } = shown.config;
    expect((await put(domain, config)).changes).toEqual([]);
    await put(domain, auth({ key: "zyxwvuts87654321", backup_key: "***78" }));
    const read = await control.ok<DomainResource>(`GET /v1/domains/${domain}?secrets=true`);
    expect(read.config.url_auth).toMatchObject({ key: "zyxwvuts87654321", backup_key: key });
  });

  it("is not guessed from a mask of nothing, and not repeated in refusals", async () => {
    const domain = freshName();
    const masked = await control.refusal(`PUT /v1/domains/${domain}`, { body: auth({ key: "***78" }) });
    expect([masked.status, masked.problems[0]]).toEqual([
      400,
      expect.stringMatching(/^url_auth\.key: is masked, allowed: /),
    ]);
    const wrong = await control.refusal(`PUT /v1/domains/${domain}`, { body: auth({ key: "needle" }) });
    expect(JSON.stringify(wrong)).not.toContain("needle");
  });

  it("lies encrypted in the store and goes to each node sealed for its token", async () => {
    const domain = freshName();
    await put(domain, auth());
    const files = ["store.sqlite", "store.sqlite-wal"].map((name) => readFile(join(control.folder, name), "latin1"));
    expect((await Promise.all(files)).some((text) => text.includes(key))).toBe(false);
    const token = await control.nodeToken();
    const node = await TestNode.connect(control, "sealed", { token });
    const state = await node.nextState();
    node.disconnect();
    expect(JSON.stringify(state)).not.toContain(key);
    const config = state.domains.find((entry) => entry.config.domain === domain)?.config;
    expect(config?.url_auth?.key).toMatch(/^sealed1\./);
    if (config === undefined) throw new Error("the state lacks the domain");
    expect(openDomainSecrets(config, token).config.url_auth?.key).toBe(key);
    expect(openDomainSecrets(config, "slv_another").closed).toEqual(["url_auth.key"]);
  });
});

describe("the OpenAPI document", () => {
  it("describes every key of a domain's configuration", async () => {
    const text = JSON.stringify(await control.ok("GET /openapi.json"));
    for (const word of [
      "origin_verify_certificate",
      "Seconds a URL is valid after its timestamp",
      "/v1/domains/{domain}/rollback",
    ]) {
      expect(text).toContain(word);
    }
  });
});
