/** The cache on the disk as clients see it: fronts that come after one another, or stand beside each other, on one folder. */
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { DiskStore } from "../../../edge-node/cache/disk/disk-store.ts";
import { PurgeTable } from "../../../edge-node/cache/purge-table.ts";
import { ask } from "../support/client.ts";
import { bound, DiskEdges, freshAnswer, hasWritten, statusOf } from "../support/disk-edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened = opensThings();
const { origin } = opened;
const edges = new DiskEdges(opened);

describe("an answer on the disk", { timeout: 180_000 }, () => {
  it("is served by the next front with its age, as a hit from the disk and then from memory", async () => {
    const source = await origin((request, response) => {
      response.setHeader("age", "20");
      freshAnswer(request, response);
    });
    const folder = await temporaryFolder();
    const first = await edges.frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/x?y");
    await hasWritten(first.store, 1);
    await first.front.close();
    const { front } = await edges.frontOn(folder, { origins: [source.port] });
    const answer = await ask(front.port, "/x?y");
    expect([answer.status, answer.text, answer.headers.etag]).toEqual([200, "answer to /x?y", '"a"']);
    expect(statusOf(answer)).toMatch(/^Selvage; hit; ttl=\d+; detail=DISK$/);
    expect(Number(answer.headers.age)).toBeGreaterThanOrEqual(20);
    expect(answer.headers).not.toHaveProperty("cache-tag");
    expect(statusOf(await ask(front.port, "/x?y"))).toMatch(/^Selvage; hit; ttl=\d+$/);
    expect(source.requests).toHaveLength(1);
  });

  it("is served by another front of the node", async () => {
    const source = await origin(freshAnswer);
    const folder = await temporaryFolder();
    const [one, two] = [
      await edges.frontOn(folder, { origins: [source.port] }),
      await edges.frontOn(folder, { origins: [source.port] }),
    ];
    await ask(one.front.port, "/");
    await hasWritten(one.store, 1);
    expect(statusOf(await ask(two.front.port, "/"))).toContain("detail=DISK");
    expect(source.requests).toHaveLength(1);
  });

  it.each([
    ["HEAD", { method: "HEAD" }, 200, ""],
    ["a part", { headers: { range: "bytes=0-5" } }, 206, "answer"],
    ["a condition", { headers: { "if-none-match": '"a"' } }, 304, ""],
    ["only what is stored", { headers: { "cache-control": "only-if-cached" } }, 200, "answer to /"],
  ])("is presented as asked: %s", async (_case, options, status, text) => {
    const { folder, source } = await edges.written(freshAnswer);
    const { front } = await edges.frontOn(folder, { origins: [source.port] });
    const answer = await ask(front.port, "/", options);
    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(statusOf(answer)).toContain("detail=DISK");
    expect(source.requests).toHaveLength(1);
  });

  it("what a client asks for anew is asked for anew", async () => {
    const { folder, source } = await edges.written(freshAnswer);
    const { front } = await edges.frontOn(folder, { origins: [source.port] });
    const answer = await ask(front.port, "/", { headers: { "cache-control": "no-cache" } });
    expect(statusOf(answer)).toContain("fwd=request");
    expect(source.requests[1]?.headers["if-none-match"]).toBe('"a"');
  });

  it.each([
    ["its tag", { kind: "tag", domain: "site.test", tag: "red" }],
    ["its directory", { kind: "directory", domain: "site.test", path: "/a/" }],
    ["everything", { kind: "all", domain: null }],
  ] as const)("is not served after a purge of %s, whatever front knows of it", async (_case, target) => {
    const { folder, source } = await edges.written(freshAnswer, { path: "/a/b", isClosed: true });
    const purges = new PurgeTable();
    purges.add({ sequence: 1, mode: "hard", target, at: Date.now() });
    const { front } = await edges.frontOn(folder, { origins: [source.port], front: { purges } });
    expect(statusOf(await ask(front.port, "/a/b"))).toContain("fwd=uri-miss");
    expect(source.requests).toHaveLength(2);
  });

  it("many clients cause one read of the disk", async () => {
    const { folder, source } = await edges.written(freshAnswer);
    let reads = 0;
    const held = Promise.withResolvers<void>();
    const { front } = await edges.frontOn(folder, {
      origins: [source.port],
      wrap: (store) => ({
        ...bound(store),
        read: async (key) => {
          reads++;
          await held.promise;
          return store.read(key);
        },
      }),
    });
    const asking = Array.from({ length: 20 }, () => ask(front.port, "/"));
    await expect.poll(() => front.front.requestsInFlight).toBe(20);
    held.resolve();
    const answers = await Promise.all(asking);
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(["answer to /"]));
    expect(reads).toBe(1);
    expect(source.requests).toHaveLength(1);
  });

  it("variants are found by what the request says", async () => {
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("vary", "accept-language");
      response.end(request.headers["accept-language"]);
    });
    const folder = await temporaryFolder();
    const first = await edges.frontOn(folder, { origins: [source.port] });
    for (const language of ["de", "en"]) await ask(first.front.port, "/", { headers: { "accept-language": language } });
    // With the mark that leads to them.
    await hasWritten(first.store, 3);
    const { front } = await edges.frontOn(folder, { origins: [source.port] });
    for (const language of ["en", "de"]) {
      const answer = await ask(front.port, "/", { headers: { "accept-language": language } });
      expect([answer.text, statusOf(answer)]).toEqual([language, expect.stringContaining("detail=DISK")]);
    }
    const other = await ask(front.port, "/", { headers: { "accept-language": "fr" } });
    expect([other.text, statusOf(other)]).toEqual(["fr", expect.stringContaining("fwd=vary-miss")]);
  });

  it("a change of its URL takes it and its variants away, also for fronts to come", async () => {
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("vary", "accept-language");
      response.end(request.method);
    });
    const folder = await temporaryFolder();
    const first = await edges.frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/", { headers: { "accept-language": "de" } });
    await hasWritten(first.store, 2);
    await ask(first.front.port, "/", { method: "POST", body: "x" });
    await first.front.close();
    const { front } = await edges.frontOn(folder, { origins: [source.port] });
    // A mark of the same names leads to no variant of before.
    await ask(front.port, "/", { headers: { "accept-language": "en" } });
    const answer = await ask(front.port, "/", { headers: { "accept-language": "de" } });
    expect(statusOf(answer)).toContain("fwd=vary-miss");
  });

  it("that the origin confirms is fresh again, also for fronts to come", async () => {
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("etag", '"a"');
      if (request.headers["if-none-match"] !== undefined) {
        response.setHeader("x-confirmed", "yes");
        response.writeHead(304).end();
      } else response.end("body");
    });
    const folder = await temporaryFolder();
    const first = await edges.frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/");
    await hasWritten(first.store, 1);
    await ask(first.front.port, "/", { headers: { "cache-control": "no-cache" } });
    await first.front.close();
    const { front } = await edges.frontOn(folder, { origins: [source.port] });
    const answer = await ask(front.port, "/");
    expect([answer.text, answer.headers["x-confirmed"], source.requests.length]).toEqual(["body", "yes", 2]);
  });

  it("an answer that is fresh for a moment only is not written", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=2");
      response.end("short");
    });
    const { front, store } = await edges.frontOn(await temporaryFolder(), { origins: [source.port] });
    await ask(front.port, "/");
    await front.close();
    expect(store.stats.writes).toBe(0);
  });

  it("of another version of the node is as if it were not there, and goes", async () => {
    let control = "max-age=60";
    const {
      folder,
      front: first,
      store,
      source,
    } = await edges.written((_request, response) => {
      response.writeHead(200, { "cache-control": control, etag: '"a"' }).end("body");
    });
    const key = "site.test http://site.test/";
    const { head } = (await store.peek(key)) ?? {};
    const fields = JSON.parse(Buffer.from(head ?? []).toString()) as unknown[];
    expect(await store.replaceHead(key, Buffer.from(JSON.stringify([1, ...fields.slice(1)])))).toBe(true);
    await first.close();
    control = "no-store";
    const { front, store: later } = await edges.frontOn(folder, { origins: [source.port] });
    const answer = await ask(front.port, "/");
    expect([answer.text, statusOf(answer)]).toEqual(["body", expect.stringContaining("fwd=uri-miss")]);
    expect(await later.peek(key)).toBeUndefined();
  });

  it.each<[string, (store: DiskStore) => DiskStore]>([
    ["is damaged in its head", (store) => changed(store, { head: Buffer.from('[2,"answer",200]') })],
    [
      "breaks off",
      (store) =>
        changed(store, {
          body: async function* () {
            yield Buffer.from("half");
            throw new Error("damaged");
          },
        }),
    ],
  ])("an entry that %s is a miss", async (_case, wrap) => {
    const { folder, source } = await edges.written(freshAnswer);
    const { front } = await edges.frontOn(folder, { origins: [source.port], wrap });
    const answer = await ask(front.port, "/");
    expect([answer.status, answer.text, statusOf(answer)]).toEqual([
      200,
      "answer to /",
      expect.stringContaining("fwd=uri-miss"),
    ]);
  });
});

it("without a usable folder the front serves from memory", async () => {
  const source = await origin(freshAnswer);
  const { front } = await edges.frontOn("/dev/null/nowhere", { origins: [source.port] });
  await ask(front.port, "/");
  expect(statusOf(await ask(front.port, "/"))).toMatch(/^Selvage; hit; ttl=\d+$/);
  expect(await readdir("/dev/null/nowhere").catch(() => [])).toEqual([]);
});

/** What is read of `store` is changed. */
function changed(store: DiskStore, change: Partial<Awaited<ReturnType<DiskStore["read"]>>>): DiskStore {
  return {
    ...bound(store),
    read: async (key) => {
      const found = await store.read(key);
      return found === undefined ? undefined : { ...found, ...change };
    },
  };
}
