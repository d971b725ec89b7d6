/** What `explain` says of answers that only the disk has, and of signed URLs: the same that the next request meets, which it does not change. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { UrlAuth } from "../../../sdk/domain-policy.ts";
import type { ExplainStep } from "../../../sdk/explain.ts";
import { ask } from "../support/client.ts";
import { DiskEdges, freshAnswer, hasWritten, statusOf } from "../support/disk-edge.ts";
import type { Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened = opensThings();
const edges = new DiskEdges(opened);

async function explain(
  { front }: Edge,
  url: string,
  headers: readonly (readonly [string, string])[] = [],
): Promise<readonly ExplainStep[]> {
  const message = { kind: "explain", id: "e-1", method: "GET", clientIp: "192.0.2.1", run: false } as const;
  const { outcome } = await front.explain({ ...message, url, headers });
  if (outcome.kind === "failed") throw new Error(`${outcome.code} ${outcome.message}`);
  return outcome.steps;
}

/** `mark text` of a step, and its facts. */
function told(steps: readonly ExplainStep[], name: ExplainStep["step"]): readonly [string, Record<string, string>] {
  const step = steps.find((one) => one.step === name);
  const facts = Object.fromEntries((step?.facts ?? []).map((fact) => [fact.name, fact.value]));
  return [step === undefined ? "" : `${step.mark} ${step.text}`, facts];
}

describe("explain() of what the disk has", { timeout: 60_000 }, () => {
  it("says that it is sent, and leaves everything as it was", async () => {
    const { folder, source } = await edges.written(freshAnswer, { path: "/a", isClosed: true });
    const { front, store } = await edges.frontOn(folder, { origins: [source.port] });
    const before = store.stats;
    for (let time = 0; time < 2; time++) {
      const steps = await explain(front, "http://site.test/a");
      const [text, facts] = told(steps, "lookup");
      expect(text).toBe("stop hit: a fresh answer is sent");
      expect(facts).toMatchObject({ tier: "the node's disk", status: "200", etag: '"a"', tags: "red", bytes: "12" });
      expect(steps.map(({ step }) => step)).not.toContain("origin");
    }
    expect(store.stats).toEqual(before);
    expect(statusOf(await ask(front.port, "/a"))).toContain("detail=DISK");
    expect(source.requests).toHaveLength(1);
  });

  it("finds the variant that the request's fields lead to", async () => {
    const source = await opened.origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("vary", "accept-language");
      response.end(request.headers["accept-language"]);
    });
    const folder = await temporaryFolder();
    const first = await edges.frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/", { headers: { "accept-language": "de" } });
    await hasWritten(first.store, 2);
    const { front } = await edges.frontOn(folder, { origins: [source.port] });
    const of = async (language: string): Promise<string> =>
      told(await explain(front, "http://site.test/", [["accept-language", language]]), "lookup")[0];
    expect([await of("de"), await of("en")]).toEqual([
      "stop hit: a fresh answer is sent",
      "ok miss: nothing is stored",
    ]);
  });

  it("says that it was purged, which a request finds, too", async () => {
    const { folder, source } = await edges.written(freshAnswer, { path: "/a", isClosed: true });
    const { front } = await edges.frontOn(folder, { origins: [source.port] });
    const target = { kind: "tag", domain: "site.test", tag: "red" } as const;
    front.front.addPurges([{ sequence: 1, mode: "hard", target, at: Date.now() }]);
    const [text, facts] = told(await explain(front, "http://site.test/a"), "lookup");
    expect([text, facts["tier"], facts["purged"]]).toEqual([
      "ok miss: what is there was purged",
      "the node's disk",
      "it is gone",
    ]);
    expect(statusOf(await ask(front.port, "/a"))).toContain("fwd=uri-miss");
  });

  it("says where it looked when nothing is there", async () => {
    const { front } = await edges.frontOn(await temporaryFolder(), { origins: [9] });
    const [text, facts] = told(await explain(front, "http://site.test/a"), "lookup");
    expect([text, facts["tier"]]).toEqual([
      "ok miss: nothing is stored",
      "memory of the front that was asked, then the node's disk",
    ]);
  });
});

const KEY = "0123456789abcdef";
const urlAuth: UrlAuth = {
  status: "on",
  type: "type_a",
  sign_method: "md5",
  key: KEY,
  expire_time: 60,
  sign_arg: "auth_key",
  time_arg: "timestamp",
  time_format: "dec",
  match_type: "all",
};

function signed(path: string, seconds: number): string {
  const proof = createHash("md5").update(`${path}-${seconds}-r-0-${KEY}`).digest("hex");
  return `${path}?auth_key=${seconds}-r-0-${proof}`;
}

describe("explain() of a signed URL (url_auth)", { timeout: 60_000 }, () => {
  const now = (): number => Math.floor(Date.now() / 1_000);
  const domain = { url_auth: urlAuth };

  it.each(["memory", "the disk"])("finds in %s what another signature brought, and shows no key", async (tier) => {
    const source = await opened.origin(freshAnswer);
    const folder = await temporaryFolder();
    const first = await edges.frontOn(folder, { origins: [source.port], domain });
    expect((await ask(first.front.port, signed("/v/a", now()))).status).toBe(200);
    await hasWritten(first.store, 1);
    const { front } = tier === "memory" ? first : await edges.frontOn(folder, { origins: [source.port], domain });
    const steps = await explain(front, `http://site.test${signed("/v/a", now() + 5)}`);
    expect(told(steps, "access")).toEqual(["ok the client may ask", { url_auth: "allows the URL" }]);
    expect(told(steps, "cacheKey")[1]["key"]).toBe("site.test http://site.test/v/a");
    const [text, facts] = told(steps, "lookup");
    expect(text).toBe("stop hit: a fresh answer is sent");
    expect(facts["tier"]).toContain(tier === "memory" ? "memory" : "disk");
    expect(JSON.stringify(steps)).not.toContain(KEY);
    expect(source.requests).toHaveLength(1);
  });

  it.each([
    ["without a signature", () => "/v/a"],
    ["with another path's", () => signed("/v/b", now()).replace("/v/b", "/v/a")],
    ["that has expired", () => signed("/v/a", now() - 120)],
  ])("%s says that it is refused, and nothing of what is stored", async (_case, path) => {
    const source = await opened.origin(freshAnswer);
    const { front } = await edges.frontOn(await temporaryFolder(), { origins: [source.port], domain });
    await ask(front.port, signed("/v/a", now()));
    const steps = await explain(front, `http://site.test${path()}`);
    expect(told(steps, "access")[0]).toBe("stop 403 ACCESS_DENIED by url_auth");
    expect(told(steps, "lookup")[0]).toBe("");
    expect(JSON.stringify(steps)).not.toContain(KEY);
    expect((await ask(front.port, path())).status).toBe(403);
  });
});
