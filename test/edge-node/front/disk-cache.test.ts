/** The cache on the disk as clients see it: fronts that come after one another, or stand beside each other, on one folder. */
import { readdir } from "node:fs/promises";
import http from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../edge-node/clock.ts";
import type { DiskStore } from "../../../edge-node/cache/disk/disk-store.ts";
import { openDiskStore } from "../../../edge-node/cache/disk/open-disk-store.ts";
import { PurgeTable } from "../../../edge-node/cache/purge-table.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import { ask, type Answer } from "../support/client.ts";
import { bodyOf } from "../support/disk-bodies.ts";
import type { Edge, EdgeOptions } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { edge, origin } = opensThings();

type Reply = (request: http.IncomingMessage, response: http.ServerResponse) => void;

interface OnDisk {
  readonly front: Edge;
  readonly store: DiskStore;
}

/** A front with an empty memory on the folder. */
async function frontOn(
  folder: string,
  options: EdgeOptions & { readonly wrap?: (store: DiskStore) => DiskStore } = {},
): Promise<OnDisk> {
  const { wrap = (same: DiskStore) => same, front: more, ...rest } = options;
  const objectBytesMax = 16_000_000;
  const store = await openDiskStore({
    folder,
    bytesMax: 134_217_728,
    objectBytesMax,
    clock: systemClock,
    logger: silentLogger,
  });
  onTestFinished(() => store.close());
  const front = await edge({ ...rest, front: { disk: { store: wrap(store), objectBytesMax }, ...more } });
  return { front, store };
}

/** Once `count` entries were written. */
async function written(store: DiskStore, count: number): Promise<void> {
  await expect.poll(() => store.stats.writes, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
}

function statusOf(answer: Answer): string {
  return String(answer.headers["cache-status"]);
}

const fresh: Reply = (request, response) => {
  response.setHeader("cache-control", "max-age=60");
  response.setHeader("etag", '"a"');
  response.setHeader("cache-tag", "red");
  response.end(`answer to ${request.url}`);
};

describe("an answer on the disk", { timeout: 180_000 }, () => {
  it("is served by the next front with its age, as a hit from the disk and then from memory", async () => {
    const source = await origin((request, response) => {
      response.setHeader("age", "20");
      fresh(request, response);
    });
    const folder = await temporaryFolder();
    const first = await frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/x?y");
    await written(first.store, 1);
    await first.front.close();
    const { front } = await frontOn(folder, { origins: [source.port] });
    const answer = await ask(front.port, "/x?y");
    expect([answer.status, answer.text, answer.headers.etag]).toEqual([200, "answer to /x?y", '"a"']);
    expect(statusOf(answer)).toMatch(/^Selvage; hit; ttl=\d+; detail=DISK$/);
    expect(Number(answer.headers.age)).toBeGreaterThanOrEqual(20);
    expect(answer.headers).not.toHaveProperty("cache-tag");
    expect(statusOf(await ask(front.port, "/x?y"))).toMatch(/^Selvage; hit; ttl=\d+$/);
    expect(source.requests).toHaveLength(1);
  });

  it("is served by another front of the node", async () => {
    const source = await origin(fresh);
    const folder = await temporaryFolder();
    const [one, two] = [
      await frontOn(folder, { origins: [source.port] }),
      await frontOn(folder, { origins: [source.port] }),
    ];
    await ask(one.front.port, "/");
    await written(one.store, 1);
    expect(statusOf(await ask(two.front.port, "/"))).toContain("detail=DISK");
    expect(source.requests).toHaveLength(1);
  });

  it.each([
    ["HEAD", { method: "HEAD" }, 200, ""],
    ["a part", { headers: { range: "bytes=0-5" } }, 206, "answer"],
    ["a condition", { headers: { "if-none-match": '"a"' } }, 304, ""],
    ["only what is stored", { headers: { "cache-control": "only-if-cached" } }, 200, "answer to /"],
  ])("is presented as asked: %s", async (_case, options, status, text) => {
    const source = await origin(fresh);
    const folder = await temporaryFolder();
    const first = await frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/");
    await written(first.store, 1);
    const { front } = await frontOn(folder, { origins: [source.port] });
    const answer = await ask(front.port, "/", options);
    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(statusOf(answer)).toContain("detail=DISK");
    expect(source.requests).toHaveLength(1);
  });

  it("what a client asks for anew is asked for anew", async () => {
    const source = await origin(fresh);
    const folder = await temporaryFolder();
    const first = await frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/");
    await written(first.store, 1);
    const { front } = await frontOn(folder, { origins: [source.port] });
    const answer = await ask(front.port, "/", { headers: { "cache-control": "no-cache" } });
    expect(statusOf(answer)).toContain("fwd=request");
    expect(source.requests[1]?.headers["if-none-match"]).toBe('"a"');
  });

  it.each([
    ["its tag", { kind: "tag", domain: "site.test", tag: "red" }],
    ["its directory", { kind: "directory", domain: "site.test", path: "/a/" }],
    ["everything", { kind: "all", domain: null }],
  ] as const)("is not served after a purge of %s, whatever front knows of it", async (_case, target) => {
    const source = await origin(fresh);
    const folder = await temporaryFolder();
    const first = await frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/a/b");
    await written(first.store, 1);
    await first.front.close();
    const purges = new PurgeTable();
    purges.add({ sequence: 1, mode: "hard", target, at: Date.now() });
    const { front } = await frontOn(folder, { origins: [source.port], front: { purges } });
    expect(statusOf(await ask(front.port, "/a/b"))).toContain("fwd=uri-miss");
    expect(source.requests).toHaveLength(2);
  });

  it("many clients cause one read of the disk", async () => {
    const source = await origin(fresh);
    const folder = await temporaryFolder();
    const first = await frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/");
    await written(first.store, 1);
    let reads = 0;
    const held = Promise.withResolvers<void>();
    const { front } = await frontOn(folder, {
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
    const first = await frontOn(folder, { origins: [source.port] });
    for (const language of ["de", "en"]) await ask(first.front.port, "/", { headers: { "accept-language": language } });
    // With the mark that leads to them.
    await written(first.store, 3);
    const { front } = await frontOn(folder, { origins: [source.port] });
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
    const first = await frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/", { headers: { "accept-language": "de" } });
    await written(first.store, 2);
    await ask(first.front.port, "/", { method: "POST", body: "x" });
    await first.front.close();
    const { front } = await frontOn(folder, { origins: [source.port] });
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
    const first = await frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/");
    await written(first.store, 1);
    await ask(first.front.port, "/", { headers: { "cache-control": "no-cache" } });
    await first.front.close();
    const { front } = await frontOn(folder, { origins: [source.port] });
    const answer = await ask(front.port, "/");
    expect([answer.text, answer.headers["x-confirmed"], source.requests.length]).toEqual(["body", "yes", 2]);
  });

  it("an answer that is fresh for a moment only is not written", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=2");
      response.end("short");
    });
    const { front, store } = await frontOn(await temporaryFolder(), { origins: [source.port] });
    await ask(front.port, "/");
    await front.close();
    expect(store.stats.writes).toBe(0);
  });

  it.each<[string, (store: DiskStore) => DiskStore]>([
    ["is damaged in its head", (store) => changed(store, { head: Buffer.from('[1,"answer",200]') })],
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
    const source = await origin(fresh);
    const folder = await temporaryFolder();
    const first = await frontOn(folder, { origins: [source.port] });
    await ask(first.front.port, "/");
    await written(first.store, 1);
    const { front } = await frontOn(folder, { origins: [source.port], wrap });
    const answer = await ask(front.port, "/");
    expect([answer.status, answer.text, statusOf(answer)]).toEqual([
      200,
      "answer to /",
      expect.stringContaining("fwd=uri-miss"),
    ]);
  });
});

/** Longer than what memory holds. */
const large = bodyOf(7, 7_000_000);

describe("a body that memory cannot hold", { timeout: 180_000 }, () => {
  it.each([
    ["of known length", true],
    ["of unknown length", false],
  ])("%s goes to the disk as it passes, and comes from there, whole and in parts", async (_case, isKnown) => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      if (isKnown) response.setHeader("content-length", large.byteLength);
      response.end(large);
    });
    const folder = await temporaryFolder();
    const { front, store } = await frontOn(folder, { origins: [source.port] });
    const first = await ask(front.port, "/");
    expect(first.body.equals(large)).toBe(true);
    await written(store, 1);
    const second = await ask(front.port, "/");
    expect([second.body.equals(large), statusOf(second)]).toEqual([true, expect.stringContaining("detail=DISK")]);
    const part = await ask(front.port, "/", { headers: { range: "bytes=6500000-6500009" } });
    expect([part.status, part.headers["content-range"]]).toEqual([206, "bytes 6500000-6500009/7000000"]);
    expect(part.body.equals(large.subarray(6_500_000, 6_500_010))).toBe(true);
    expect((await ask(front.port, "/", { method: "HEAD" })).headers["content-length"]).toBe("7000000");
    expect(source.requests).toHaveLength(1);
  });

  it.each([
    ["of known length", true],
    ["of unknown length", false],
  ])("%s that breaks off is not there", async (_case, isKnown) => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      if (isKnown) response.setHeader("content-length", large.byteLength + 1);
      response.write(large, () => response.destroy());
    });
    const { front, store } = await frontOn(await temporaryFolder(), { origins: [source.port] });
    await expect(ask(front.port, "/")).rejects.toThrow(/aborted|ECONNRESET|hang up/);
    await front.close();
    expect(store.stats.writes).toBe(0);
  });

  it("beyond the largest object of the disk passes uncached", async () => {
    const body = Buffer.alloc(16_000_001, 1);
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("content-length", body.byteLength);
      response.end(body);
    });
    const { front, store } = await frontOn(await temporaryFolder(), { origins: [source.port] });
    const answer = await ask(front.port, "/");
    expect([answer.body.byteLength, statusOf(answer)]).toEqual([
      body.byteLength,
      expect.stringContaining("detail=BODY_TOO_LARGE"),
    ]);
    expect(store.stats.writes).toBe(0);
  });

  it("whose client leaves is given up", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("content-length", large.byteLength);
      response.write(large.subarray(0, 6_900_000));
    });
    const { front, store } = await frontOn(await temporaryFolder(), { origins: [source.port] });
    await leaveAfterFirstBytes(front.port);
    await expect.poll(() => front.front.requestsInFlight).toBe(0);
    await front.close();
    expect(store.stats.writes).toBe(0);
  });

  it("a part of what is not stored yet is asked for as such", async () => {
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      if (request.headers.range === undefined) {
        response.setHeader("content-length", large.byteLength);
        response.end(large);
        return;
      }
      response.writeHead(206, { "content-range": "bytes 5-6/7000000", "content-length": 2 });
      response.end("56");
    });
    const { front } = await frontOn(await temporaryFolder(), { origins: [source.port] });
    const answer = await ask(front.port, "/", { headers: { range: "bytes=5-6" } });
    expect([answer.status, answer.text]).toEqual([206, "56"]);
    expect(source.requests).toHaveLength(2);
  });
});

it("without a usable folder the front serves from memory", async () => {
  const source = await origin(fresh);
  const { front } = await frontOn("/proc/nowhere", { origins: [source.port] });
  await ask(front.port, "/");
  expect(statusOf(await ask(front.port, "/"))).toMatch(/^Selvage; hit; ttl=\d+$/);
  expect(await readdir("/proc/nowhere").catch(() => [])).toEqual([]);
});

function leaveAfterFirstBytes(port: number): Promise<void> {
  return new Promise((resolve) => {
    const sent = http.get({ port, host: "127.0.0.1", headers: { host: "site.test" }, agent: false });
    sent.on("error", () => undefined);
    sent.on("response", (response) => {
      response.once("data", () => {
        response.destroy();
        resolve();
      });
    });
  });
}

function bound(store: DiskStore): DiskStore {
  return {
    read: (key) => store.read(key),
    begin: (key, head) => store.begin(key, head),
    replaceHead: (key, head, options) => store.replaceHead(key, head, options),
    delete: (key) => store.delete(key),
    get stats() {
      return store.stats;
    },
    close: () => store.close(),
  };
}

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
