/** Repeated hits of what only the disk keeps: read in the event loop, by clients of every kind, each with its own bytes. */
import net from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import zlib from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Outcome } from "../../../runtime/driver.ts";
import { ask } from "../support/client.ts";
import { bodyOf } from "../support/disk-bodies.ts";
import { DiskEdges, hasWritten, statusOf, type OnDisk, type OnDiskOptions, type Reply } from "../support/disk-edge.ts";
import type { Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { askHttp1, askHttp2, HOST, type TlsAnswer } from "../support/tls-client.ts";

const opened = opensThings();
const edges = new DiskEdges(opened);

/** `/<seed>/<bytes>` */
const seeded: Reply = (request, response) => {
  const [, seed = "", bytes = ""] = (request.url ?? "").split("/");
  response.writeHead(200, {
    "cache-control": "max-age=600",
    "content-type": "text/html",
    "content-length": bytes,
    etag: `"${seed}"`,
  });
  response.end(bodyOf(Number(seed), Number(bytes)));
};

function bodyAt(path: string): Buffer {
  const [, seed, bytes] = path.split("/");
  return bodyOf(Number(seed), Number(bytes));
}

type Got = Pick<TlsAnswer, "status" | "headers" | "body">;
type AskFor = (edge: Edge, path: string) => Promise<Got>;

/** A front without memory for answers that has each of the paths on its disk, and read it once. */
async function frontWith(
  paths: readonly string[],
  { askFor = (edge, path) => ask(edge.port, path), ...options }: OnDiskOptions & { readonly askFor?: AskFor } = {},
): Promise<OnDisk & { readonly requests: () => number; readonly folder: string }> {
  const source = await opened.origin(seeded);
  const folder = await temporaryFolder();
  const front = { cacheBytesMax: 0 };
  const on = await edges.frontOn(folder, {
    origins: [source.port],
    recentBytesMax: 100_000_000,
    announce: () => undefined,
    ...options,
    front,
  });
  for (const path of paths) await askFor(on.front, path);
  await hasWritten(on.store, paths.length);
  // Until it has left memory.
  for (const path of paths) {
    await expect.poll(async () => statusOf(await askFor(on.front, path))).toContain("DISK");
  }
  return { ...on, folder, requests: () => source.requests.length };
}

/** Answers that were begun. */
async function answered({ front }: Edge): Promise<number> {
  const report = (await front.metrics()).find(({ name }) => name === "selvage_requests_total");
  return report?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
}

/** The bodies of answers that follow each other, each of so many bytes. */
function takeBodies(
  socket: net.Socket,
  { count, bytes }: { readonly count: number; readonly bytes: number },
): Promise<readonly Buffer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Buffer[]>();
  const bodies: Buffer[] = [];
  let taken = Buffer.alloc(0);
  socket.on("error", reject);
  socket.on("close", () => reject(new Error(`closed after ${bodies.length} answers`)));
  socket.on("data", (part) => {
    taken = Buffer.concat([taken, part]);
    for (let head = taken.indexOf("\r\n\r\n"); head >= 0; head = taken.indexOf("\r\n\r\n")) {
      if (taken.byteLength < head + 4 + bytes) return;
      bodies.push(taken.subarray(head + 4, head + 4 + bytes));
      taken = taken.subarray(head + 4 + bytes);
    }
    if (bodies.length === count) resolve(bodies);
  });
  socket.resume();
  return promise;
}

function isWhole(path: string, answer: Got): boolean {
  return answer.status === 200 && answer.body.equals(bodyAt(path)) && statusOf(answer).includes("detail=DISK");
}

describe("a hit that only the disk keeps", { timeout: 180_000 }, () => {
  it.each([1, 1_024, 65_536, 262_144, 300_000])("of %i bytes is whole each time", async (bytes) => {
    const path = `/1/${bytes}`;
    const { front, store, requests } = await frontWith([path]);
    const before = store.stats.synchronousReads;
    for (let time = 0; time < 5; time++) expect(isWhole(path, await ask(front.port, path))).toBe(true);
    expect(store.stats.synchronousReads - before).toBe(5);
    expect(requests()).toBe(1);
  });

  it("is its own among many at once", async () => {
    const paths = Array.from({ length: 24 }, (_, index) => `/${index}/${1_000 + index * 9_000}`);
    const { front, requests } = await frontWith(paths);
    const asking = [...paths, ...paths.toReversed(), ...paths].map(async (path) =>
      isWhole(path, await ask(front.port, path)),
    );
    expect(new Set(await Promise.all(asking))).toEqual(new Set([true]));
    expect(requests()).toBe(paths.length);
  });

  it("is its own though a function is waited for while others are read", async () => {
    const paths = ["/1/50000", "/2/50000", "/3/50000"];
    const wait = async (): Promise<Outcome> => {
      await turn();
      return { kind: "continue" };
    };
    const { front } = await frontWith(paths, {
      functions: { wait },
      rules: [{ phase: "clientResponse", function: "wait" }],
    });
    const asking = [...paths, ...paths, ...paths].map(async (path) => isWhole(path, await ask(front.port, path)));
    expect(new Set(await Promise.all(asking))).toEqual(new Set([true]));
  });

  it("is its own for a client that takes its answers late, while others are read", async () => {
    const paths = [1, 2, 3, 4].map((seed) => `/${seed}/262144`);
    const { front } = await frontWith(paths);
    const late = net.connect(front.port, "127.0.0.1");
    onTestFinished(() => void late.destroy());
    late.pause();
    const asked: string[] = [];
    const before = await answered(front);
    // Until the system takes no more, and the rest of an answer waits at the front.
    while (front.front.requestsInFlight === 0 && asked.length < 200) {
      const path = paths[asked.length % paths.length] ?? "";
      asked.push(path);
      late.write(`GET ${path} HTTP/1.1\r\nhost: site.test\r\n\r\n`);
      await expect.poll(() => answered(front)).toBe(before + asked.length);
    }
    expect(front.front.requestsInFlight).toBe(1);
    for (const path of paths.toReversed()) expect(isWhole(path, await ask(front.port, path))).toBe(true);
    const bodies = await takeBodies(late, { count: asked.length, bytes: 262_144 });
    expect(bodies.map((body, index) => body.equals(bodyAt(asked[index] ?? "")))).toEqual(asked.map(() => true));
  });

  it("is presented as asked", async () => {
    const path = "/1/65536";
    const { front } = await frontWith([path]);
    const head = await ask(front.port, path, { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.body.byteLength]).toEqual([200, "65536", 0]);
    const part = await ask(front.port, path, { headers: { range: "bytes=100-40099" } });
    expect([part.status, part.body.equals(bodyAt(path).subarray(100, 40_100))]).toEqual([206, true]);
    const same = await ask(front.port, path, { headers: { "if-none-match": '"1"' } });
    expect([same.status, same.body.byteLength]).toEqual([304, 0]);
  });

  it.each([
    ["HTTP/1.1", askHttp1],
    ["HTTP/2", askHttp2],
  ] as const)("is whole over TLS with %s, also beside others", async (_name, askTls) => {
    const paths = ["/1/65536", "/2/65536", "/3/100"];
    const askFor: AskFor = (edge, path) => askTls(edge.tlsPort, path);
    const { front } = await frontWith(paths, { certificates: ["www"], domain: { domain: HOST }, askFor });
    const asking = [...paths, ...paths].map(async (path) => isWhole(path, await askFor(front, path)));
    expect(new Set(await Promise.all(asking))).toEqual(new Set([true]));
  });

  it("is compressed once for all who want it so", async () => {
    const paths = ["/1/20000", "/2/20000"];
    const { front } = await frontWith(paths, {
      domain: { compress: { status: "on", type: "gzip", min_length: 256 } },
    });
    const lengths = new Set<string | undefined>();
    for (const path of [...paths, ...paths, ...paths]) {
      const answer = await ask(front.port, path, { headers: { "accept-encoding": "gzip" } });
      expect(answer.headers["content-encoding"]).toBe("gzip");
      expect(zlib.gunzipSync(answer.body).equals(bodyAt(path))).toBe(true);
      // A body that is compressed as it passes has no length that could be told.
      lengths.add(answer.headers["content-length"]);
      expect(statusOf(answer)).toContain("detail=DISK");
    }
    expect(lengths.has(undefined)).toBe(false);
    expect(isWhole("/1/20000", await ask(front.port, "/1/20000"))).toBe(true);
  });

  it("is not served any more after a purge", async () => {
    const path = "/1/65536";
    const { front, requests } = await frontWith([path]);
    const target = { kind: "url", domain: "site.test", url: path } as const;
    front.front.addPurges([{ sequence: 1, mode: "hard", target, at: Date.now() }]);
    expect(statusOf(await ask(front.port, path))).toContain("fwd=uri-miss");
    expect(requests()).toBe(2);
  });

  it("is not served any more after a change of its URL, here or at another front", async () => {
    const path = "/1/65536";
    const { front, folder, store, requests } = await frontWith([path]);
    await ask(front.port, path, { method: "POST", body: "x" });
    expect(statusOf(await ask(front.port, path))).toContain("fwd=uri-miss");
    // What is written before the disk has taken the deletion goes with it, and who asks before it is written goes to the origin again.
    await expect.poll(async () => statusOf(await ask(front.port, path))).toContain("DISK");
    await hasWritten(store, 2);
    const asked = requests();
    const other = await edges.frontOn(folder, { origins: [] });
    await other.store.delete(`site.test http://site.test${path}`);
    expect(statusOf(await ask(front.port, path))).toContain("fwd=uri-miss");
    expect(requests()).toBe(asked + 1);
  });
});

describe("a front with memory for answers", { timeout: 180_000 }, () => {
  it("takes from the disk what is used, the short and the long", async () => {
    const source = await opened.origin(seeded);
    const folder = await temporaryFolder();
    const first = await edges.frontOn(folder, { origins: [source.port] });
    const paths = ["/1/100", "/2/65536", "/3/300000"];
    for (const path of paths) await ask(first.front.port, path);
    await hasWritten(first.store, paths.length);
    const { front } = await edges.frontOn(folder, { origins: [source.port], recentBytesMax: 100_000_000 });
    for (const path of paths) {
      expect(isWhole(path, await ask(front.port, path))).toBe(true);
      expect(statusOf(await ask(front.port, path))).toMatch(/^Selvage; hit; ttl=\d+$/);
    }
  });
});
