/** What goes to the disk and what does not: an answer that memory holds, when it was used often enough. */
import { describe, expect, it } from "vitest";
import { NewsSender } from "../../../edge-node/cache/cache-news.ts";
import { systemClock } from "../../../edge-node/clock.ts";
import { ask } from "../support/client.ts";
import { bound, DiskEdges, freshAnswer, hasWritten, statusOf, type OnDisk, type Reply } from "../support/disk-edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened = opensThings();
const { origin } = opened;
const edges = new DiskEdges(opened);

/** Two fronts of one node, each of which takes the other's news. */
async function pairOn(folder: string, { port, minUses }: { readonly port: number; readonly minUses: number }) {
  const fronts: OnDisk[] = [];
  const start = async (other: number): Promise<OnDisk> => {
    const send = async (told: Parameters<OnDisk["front"]["front"]["takeNews"]>[0]): Promise<void> =>
      fronts[other]?.front.front.takeNews(told);
    const news = new NewsSender({ send, clock: systemClock });
    return edges.frontOn(folder, {
      origins: [port],
      minUses,
      announce: (key) => news.written(key),
      front: { news },
    });
  };
  const [one, two] = [await start(1), await start(0)];
  fronts.push(one, two);
  for (const { store } of fronts) await expect.poll(() => store.mayHave("never written")).toBe(false);
  return { one, two };
}

const ofUnknownLength: Reply = (request, response) => {
  response.setHeader("cache-control", "max-age=60");
  response.write(`answer to `);
  response.end(request.url);
};

describe("with two uses until an answer is written", { timeout: 180_000 }, () => {
  it.each([
    ["of known length", freshAnswer],
    ["of unknown length", ofUnknownLength],
  ])("one %s that is used once is not, and the second use from memory writes it", async (_case, reply) => {
    const source = await origin(reply);
    const { front, store } = await edges.frontOn(await temporaryFolder(), { origins: [source.port], minUses: 2 });
    await ask(front.port, "/once");
    await ask(front.port, "/twice");
    expect(statusOf(await ask(front.port, "/twice"))).toMatch(/^Selvage; hit; ttl=\d+$/);
    await hasWritten(store, 1);
    for (let use = 0; use < 5; use++) await ask(front.port, "/twice");
    await front.close();
    expect([store.stats.writes, source.requests.length]).toEqual([1, 2]);
  });

  it("one that memory lost meanwhile is written when it comes again", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.end(Buffer.alloc(70_000, 1));
    });
    const { front, store } = await edges.frontOn(await temporaryFolder(), {
      origins: [source.port],
      minUses: 2,
      front: { cacheBytesMax: 0 },
    });
    await ask(front.port, "/");
    expect(statusOf(await ask(front.port, "/"))).toContain("fwd=uri-miss");
    await hasWritten(store, 1);
    expect(statusOf(await ask(front.port, "/"))).toContain("detail=DISK");
  });

  it("a use on another front counts, and what that writes is found here", async () => {
    const source = await origin(freshAnswer);
    const { one, two } = await pairOn(await temporaryFolder(), { port: source.port, minUses: 3 });
    await ask(one.front.port, "/");
    await expect.poll(async () => statusOf(await ask(two.front.port, "/"))).toMatch(/hit; ttl=\d+$/);
    await hasWritten(two.store, 1);
    expect([one.store.stats.writes, source.requests.length]).toEqual([0, 2]);
  });

  it("one that every use validates is written with the second", async () => {
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "no-cache");
      response.setHeader("etag", '"a"');
      if (request.headers["if-none-match"] !== undefined) response.writeHead(304).end();
      else response.end("body");
    });
    const { one } = await pairOn(await temporaryFolder(), { port: source.port, minUses: 2 });
    await ask(one.front.port, "/");
    expect((await ask(one.front.port, "/")).text).toBe("body");
    await hasWritten(one.store, 1);
    await ask(one.front.port, "/");
    await one.front.close();
    expect(one.store.stats.writes).toBe(1);
  });
});

describe("fronts that tell each other", { timeout: 180_000 }, () => {
  it("do not ask the disk for what nobody wrote", async () => {
    const source = await origin(freshAnswer);
    let reads = 0;
    const { front, store } = await edges.frontOn(await temporaryFolder(), {
      origins: [source.port],
      announce: () => {},
      wrap: (inner) => ({
        ...bound(inner),
        read: (key) => {
          reads++;
          return inner.read(key);
        },
      }),
    });
    await expect.poll(() => store.mayHave("never written")).toBe(false);
    expect(statusOf(await ask(front.port, "/"))).toMatch(/fwd=uri-miss; .*stored/);
    expect(reads).toBe(0);
  });

  it("find what another one wrote", async () => {
    const source = await origin(freshAnswer);
    const { one, two } = await pairOn(await temporaryFolder(), { port: source.port, minUses: 1 });
    await ask(one.front.port, "/");
    await expect.poll(() => two.store.mayHave("site.test http://site.test/")).toBe(true);
    expect(statusOf(await ask(two.front.port, "/"))).toContain("detail=DISK");
    expect(source.requests).toHaveLength(1);
  });

  it("lose from memory what a change on another one made untrue", async () => {
    const source = await origin(freshAnswer);
    const { one, two } = await pairOn(await temporaryFolder(), { port: source.port, minUses: 2 });
    for (const { front } of [one, two]) await ask(front.port, "/");
    expect(statusOf(await ask(two.front.port, "/"))).toContain("; hit;");
    await ask(one.front.port, "/", { method: "POST", body: "x" });
    await expect.poll(async () => statusOf(await ask(two.front.port, "/"))).toContain("fwd=uri-miss");
    expect(statusOf(await ask(two.front.port, "/"))).toContain("; hit;");
  });
});

it("from the disk to memory goes what memory has room for, and beyond that what is used repeatedly", async () => {
  const source = await origin((request, response) => {
    response.setHeader("cache-control", "max-age=60");
    response.end(Buffer.alloc(40_000, request.url));
  });
  const folder = await temporaryFolder();
  const paths = ["/a", "/b", "/c"];
  const first = await edges.frontOn(folder, { origins: [source.port] });
  for (const path of paths) await ask(first.front.port, path);
  await hasWritten(first.store, paths.length);
  const { front } = await edges.frontOn(folder, { origins: [source.port], front: { cacheBytesMax: 100_000 } });
  const fromMemory = async (path: string): Promise<boolean> => {
    const answer = await ask(front.port, path);
    expect(answer.body.equals(Buffer.alloc(40_000, path))).toBe(true);
    return !statusOf(answer).includes("DISK");
  };
  for (const path of paths) expect(await fromMemory(path)).toBe(false);
  expect([await fromMemory("/a"), await fromMemory("/b")]).toEqual([true, true]);
  expect([await fromMemory("/c"), await fromMemory("/c")]).toEqual([false, true]);
  expect(source.requests).toHaveLength(paths.length);
});
