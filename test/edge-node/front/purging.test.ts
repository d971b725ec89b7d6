/** What a front serves after purges, and what a preheat does, over real sockets. */
import type http from "node:http";
import { describe, expect, it } from "vitest";
import type { Purge } from "../../../edge-node/cache/purge-table.ts";
import type { PurgeTarget } from "../../../sdk/purge.ts";
import { ask } from "../support/client.ts";
import { ManualClock, type Edge } from "../support/edge.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();
const domain = "site.test";

/** An origin whose every answer has another body and may be kept for an hour. */
function counting(): ReturnType<typeof origin> {
  let count = 0;
  return origin((request, response) => {
    response.setHeader("cache-control", "max-age=3600");
    response.setHeader("vary", "accept-language");
    response.end(`${request.url} ${++count}`);
  });
}

async function setUp(): Promise<{ site: Edge; clock: ManualClock; purge: (target: PurgeTarget) => void }> {
  const source = await counting();
  const clock = new ManualClock();
  const site = await edge({ origins: [source.port], front: { clock } });
  const purge = (target: PurgeTarget): void => {
    const one: Purge = { sequence: 1, target, mode: "hard", at: clock.now() };
    site.front.addPurges([one]);
    clock.advance(1);
  };
  return { site, clock, purge };
}

describe("after a purge of", () => {
  it.each<[PurgeTarget, string, "old" | "new"]>([
    [{ kind: "url", domain, url: "/a/b?c=1" }, "/a/b?c=1", "new"],
    [{ kind: "url", domain, url: "/a/b" }, "/a/b?c=1", "old"],
    [{ kind: "url", domain: "other.test", url: "/a/b" }, "/a/b", "old"],
    [{ kind: "directory", domain, path: "/a/" }, "/a/b?c=1", "new"],
    [{ kind: "directory", domain, path: "/b/" }, "/a/b", "old"],
    [{ kind: "all", domain }, "/a", "new"],
    [{ kind: "all", domain: null }, "/a", "new"],
  ])("%j the answer to %s is the %s one", async (target, path, expected) => {
    const { site, purge } = await setUp();
    const before = await ask(site.port, path);
    purge(target);
    const after = await ask(site.port, path);
    expect(after.text === before.text ? "old" : "new").toBe(expected);
    // And the new one stays.
    expect((await ask(site.port, path)).text).toBe(after.text);
  });

  it("a URL every variant is new", async () => {
    const { site, purge } = await setUp();
    const variants = async (): Promise<string[]> => {
      const answers = ["de", "en"].map((language) => ask(site.port, "/", { headers: { "accept-language": language } }));
      return (await Promise.all(answers)).map(({ text }) => text);
    };
    const before = await variants();
    expect(await variants()).toEqual(before);
    purge({ kind: "url", domain, url: "/" });
    const after = await variants();
    expect(before.filter((text) => after.includes(text))).toEqual([]);
  });

  it("what was on its way from the origin when it was purged is not served to those who ask later", async () => {
    const held: http.ServerResponse[] = [];
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=3600");
      if (held.push(response) > 1) response.end("new");
    });
    const clock = new ManualClock();
    const site = await edge({ origins: [source.port], front: { clock } });
    const first = ask(site.port, "/");
    await expect.poll(() => held.length).toBe(1);
    site.front.addPurges([{ sequence: 1, target: { kind: "all", domain }, mode: "hard", at: clock.now() }]);
    clock.advance(1);
    // It does not wait for what was begun before: it asks anew.
    const later = await ask(site.port, "/");
    held[0]?.end("old");
    expect([(await first).text, later.text, (await ask(site.port, "/")).text]).toEqual(["old", "new", "new"]);
  });

  it("a table in place of another, nothing is left of the other", async () => {
    const { site, clock } = await setUp();
    const before = await ask(site.port, "/");
    site.front.replacePurges([{ sequence: 1, target: { kind: "all", domain }, mode: "hard", at: clock.now() }]);
    site.front.replacePurges([]);
    expect((await ask(site.port, "/")).text).toBe(before.text);
  });
});

describe("a preheat", () => {
  it("fills the cache as a client's request would, and says how each URL went", async () => {
    const source = await counting();
    const site = await edge({ origins: [source.port] });
    const urls = ["http://site.test/a", "http://site.test/b?c", "http://other.test/"];
    const results = await site.front.preheat(urls);
    expect(results.map(({ url, status, bytes }) => [url, status, bytes])).toEqual([
      [urls[0], 200, 4],
      [urls[1], 200, 6],
      [urls[2], 404, expect.any(Number)],
    ]);
    expect(results[0]?.cacheStatus).toMatch(/^Selvage; fwd=uri-miss; stored|stored/);
    expect((await ask(site.port, "/a")).text).toBe("/a 1");
    expect(source.requests).toHaveLength(2);
    expect(source.requests[0]?.headers).toMatchObject({ "user-agent": "Selvage-Preheat" });
    expect(source.requests[0]?.headers["x-forwarded-for"]).toBeUndefined();
    expect((await site.front.preheat(urls.slice(0, 1)))[0]?.cacheStatus).toContain("hit");
  });

  it("goes through clientRequest rules, and may be answered by them", async () => {
    const site = await edge({
      functions: { gate: () => textOutcome("from the gate", { status: 403 }) },
      rules: [{ phase: "clientRequest", function: "gate" }],
    });
    expect(await site.front.preheat(["http://site.test/"])).toMatchObject([{ status: 403, bytes: 13 }]);
  });

  it("asks for no more than a few URLs at once, and gives every URL a result when its time is over", async () => {
    const clock = new ManualClock();
    const source = await origin(() => {});
    const site = await edge({ origins: [source.port], front: { clock } });
    const urls = Array.from({ length: 6 }, (_, index) => `http://site.test/${index}`);
    const preheating = site.front.preheat(urls);
    await expect.poll(() => source.requests.length).toBe(4);
    clock.advance(60_000);
    await expect.poll(() => source.requests.length).toBe(6);
    clock.advance(60_000);
    expect((await preheating).map(({ status }) => status)).toEqual(Array(6).fill(0));
  });

  it("ends with a body that never does", async () => {
    const clock = new ManualClock();
    const source = await origin((_request, response) => void response.write("a"));
    const site = await edge({ origins: [source.port], front: { clock } });
    const preheating = site.front.preheat(["http://site.test/"]);
    await expect.poll(() => source.requests.length).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(60_000);
    expect(await preheating).toMatchObject([{ status: 0 }]);
  });

  it("fails at once when too many wait already", async () => {
    const clock = new ManualClock();
    const source = await origin(() => {});
    const site = await edge({ origins: [source.port], front: { clock } });
    const all = Array.from({ length: 18 }, () => site.front.preheat(["http://site.test/"]));
    expect(await all.at(-1)).toMatchObject([{ status: 0 }]);
    await expect.poll(() => source.requests.length).toBe(1);
    let ended = 0;
    for (const each of all) void each.then(() => ended++);
    while (ended < all.length) {
      clock.advance(60_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
});
