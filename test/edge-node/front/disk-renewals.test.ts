/** What the origin said last counts, whatever stands on the disk from before: a shorter life, another body. */
import { describe, expect, it } from "vitest";
import type { DiskStore } from "../../../edge-node/cache/disk/disk-store.ts";
import { ask } from "../support/client.ts";
import { bodyOf } from "../support/disk-bodies.ts";
import { bound, DiskEdges, hasWritten, statusOf, type OnDisk, type OnDiskOptions } from "../support/disk-edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened = opensThings();
const edges = new DiskEdges(opened);

const reload = { headers: { "cache-control": "no-cache" } };

interface Version {
  readonly etag: string;
  readonly life: string;
  readonly body: Buffer;
}

/** An origin that has one version after the other, and confirms the one that it has. */
async function versions(first: Version) {
  let current = first;
  const source = await opened.origin((request, response) => {
    const { etag, life, body } = current;
    response.setHeader("cache-control", life).setHeader("etag", etag);
    if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
    else response.setHeader("content-length", body.byteLength).end(body);
  });
  const become = (change: Partial<Version>): void => {
    current = { ...current, ...change };
  };
  return { source, become };
}

const short: Version = { etag: '"1"', life: "max-age=3600", body: Buffer.from("one") };
/** Longer than what memory holds. */
const large: Version = { ...short, body: bodyOf(7, 7_000_000) };

/** Counts the new heads that the disk took. */
function counting(store: DiskStore): { readonly store: DiskStore; readonly heads: () => number } {
  let count = 0;
  const replaceHead: DiskStore["replaceHead"] = async (...given) => {
    const isReplaced = await store.replaceHead(...given);
    if (isReplaced) count++;
    return isReplaced;
  };
  return { store: { ...bound(store), replaceHead }, heads: () => count };
}

async function next({ front }: OnDisk): Promise<string> {
  return statusOf(await ask(front.port, "/"));
}

describe("a body that only the disk has", { timeout: 120_000 }, () => {
  it.each([
    ["is validated at each use", "no-cache", /fwd=stale; fwd-status=304/],
    ["lives for seconds", "max-age=30", /hit; ttl=(?:30|2\d); detail=DISK/],
    ["lives for a moment", "max-age=2", /hit; ttl=[012]; detail=DISK/],
  ])("that by the word of a 304 %s does so from then on", async (_case, life, expected) => {
    const { source, become } = await versions(large);
    const here = await edges.frontOn(await temporaryFolder(), { origins: [source.port] });
    await ask(here.front.port, "/");
    await hasWritten(here.store, 1);
    expect(await next(here)).toMatch(/hit; ttl=3\d{3}; detail=DISK/);
    become({ life });
    expect(statusOf(await ask(here.front.port, "/", reload))).toContain("fwd-status=304");
    await expect.poll(() => next(here), { timeout: 10_000 }).toMatch(expected);
    expect((await ask(here.front.port, "/")).body.equals(large.body)).toBe(true);
  });

  it("that is validated at each use costs no write with each", async () => {
    const { source } = await versions({ ...large, life: "no-cache" });
    let heads = (): number => 0;
    const wrap = (inner: DiskStore): DiskStore => {
      const counted = counting(inner);
      heads = counted.heads;
      return counted.store;
    };
    const here = await edges.frontOn(await temporaryFolder(), { origins: [source.port], wrap });
    await ask(here.front.port, "/");
    await hasWritten(here.store, 1);
    for (let use = 0; use < 5; use++) expect(await next(here)).toContain("fwd-status=304");
    await here.front.close();
    expect([here.store.stats.writes, heads()]).toEqual([1, 0]);
  });
});

/** What a front that comes later on the same folder has to say of it. */
async function afterRestart(folder: string, { front, store }: OnDisk, options: OnDiskOptions): Promise<string> {
  await front.close();
  await store.close();
  const later = await edges.frontOn(folder, options);
  const answer = await ask(later.front.port, "/");
  return `${answer.text}: ${statusOf(answer)}`;
}

describe("what takes the place of an answer on the disk", { timeout: 120_000 }, () => {
  it.each([
    ["a body that is fresh for moments", { etag: '"2"', life: "max-age=2", body: Buffer.from("two") }],
    ["a body that the disk does not take", { etag: '"2"', body: bodyOf(3, 5_000) }],
    ["a 304 with a shorter life", { life: "max-age=2" }],
    ["a 304 after which it is validated at each use", { life: "no-cache" }],
  ])("%s leaves none of its life there", async (_case, change) => {
    const { source, become } = await versions(short);
    const folder = await temporaryFolder();
    // Only what it begins is refused, not what it deletes.
    const wrap = (inner: DiskStore): DiskStore => ({
      ...bound(inner),
      begin: (...given) => {
        const writer = inner.begin(...given);
        return { ...bind(writer), finish: async () => inner.stats.writes === 0 && writer.finish() };
      },
    });
    const options = { origins: [source.port] };
    const here = await edges.frontOn(folder, { ...options, wrap });
    await ask(here.front.port, "/");
    await hasWritten(here.store, 1);
    become(change);
    await ask(here.front.port, "/", reload);
    expect(await afterRestart(folder, here, options)).not.toMatch(/hit; ttl=(?!2;|1;|0;)/);
  });

  it("a body that was not used often enough to be written leaves none of it there, and is written with its second use", async () => {
    const { source, become } = await versions(short);
    const folder = await temporaryFolder();
    const options = { origins: [source.port], minUses: 2 };
    const first = await edges.frontOn(folder, { ...options, minUses: 1 });
    await ask(first.front.port, "/");
    await hasWritten(first.store, 1);
    await first.front.close();
    const second = await edges.frontOn(folder, options);
    become({ etag: '"2"', body: Buffer.from("two") });
    expect((await ask(second.front.port, "/", reload)).text).toBe("two");
    expect(await afterRestart(folder, second, options)).toMatch(/^two: Selvage; fwd=uri-miss/);
    const last = await edges.frontOn(folder, options);
    await ask(last.front.port, "/", reload);
    await ask(last.front.port, "/");
    await hasWritten(last.store, 1);
    expect(await afterRestart(folder, last, options)).toMatch(/^two: Selvage; hit/);
  });
});

function bind(writer: ReturnType<DiskStore["begin"]>): ReturnType<DiskStore["begin"]> {
  return {
    write: (chunk) => writer.write(chunk),
    finish: () => writer.finish(),
    abort: () => writer.abort(),
  };
}
