/** The cache on disk and the whole node, with its real processes: what it serves when it comes back. */
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { DomainState } from "../../sdk/desired-state.ts";
import { parseDomain } from "../../sdk/domain-parser.ts";
import { ControlPlaneDouble } from "./support/control-plane-double.ts";
import { EdgeNodeProcess } from "./support/edge-node-process.ts";
import { startOrigin, type Origin } from "./support/origin.ts";
import { Signer } from "./support/signed-release.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const domain = "www.example.com";

interface World {
  readonly control: ControlPlaneDouble;
  readonly origin: Origin;
  readonly data: string;
  readonly startNode: (flags?: Readonly<Record<string, string>>) => Promise<EdgeNodeProcess>;
}

/** A node's world with one domain, whose origin gives another body every time. */
async function setUp(): Promise<World> {
  let count = 0;
  const origin = await startOrigin((request, response) => {
    response.setHeader("cache-control", "max-age=3600");
    response.setHeader("age", "100");
    response.end(`${request.url} ${++count}`);
  });
  onTestFinished(() => origin.close());
  const control = await new ControlPlaneDouble().start();
  const data = await temporaryFolder();
  const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port };
  const config = parseDomain({ sources: [source] }, domain);
  if (!config.ok) throw new Error(JSON.stringify(config.problems));
  const domains: readonly DomainState[] = [{ config: config.value, rules: [] }];
  control.greeting = [{ kind: "state", state: new Signer().state(1, [], domains) }];
  const flags = { control: control.url, data, driver: "in-process", "origin-allow-networks": "127.0.0.0/8" };
  return {
    control,
    origin,
    data,
    startNode: async (more) => {
      const acks = control.acks.length;
      const node = await new EdgeNodeProcess({ ...flags, ...more }).serving();
      await control.until(() => control.acks.length > acks);
      return node;
    },
  };
}

/** Until the disk has taken so many entries. */
async function written(node: EdgeNodeProcess, count: number): Promise<void> {
  const writes = async (): Promise<number> =>
    Number(/^selvage_disk_cache_writes_total\S* (\d+)$/m.exec(await node.metrics())?.[1] ?? 0);
  await expect.poll(writes, { timeout: 180_000 }).toBeGreaterThanOrEqual(count);
}

/** Bytes that the files below take on the disk. */
async function diskBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).blocks * 512));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

describe("a node with a cache on disk", { timeout: 120_000 }, () => {
  it.each<["SIGKILL" | "SIGTERM"]>([["SIGKILL"], ["SIGTERM"]])(
    "serves after %s what it had, with its age, also while the origin is lost",
    async (signal) => {
      const { control, origin, startNode } = await setUp();
      const first = await startNode();
      const paths = ["/a", "/b?c=d"];
      const before = await Promise.all(paths.map((each) => first.get(each)));
      await Promise.all(paths.map((each) => first.get(each)));
      await written(first, paths.length);
      first.kill(signal);
      await first.exited;
      await origin.close();
      const acks = control.acks.length;
      const second = await startNode();
      expect(control.acks.length).toBeGreaterThan(acks);
      for (const [index, each] of paths.entries()) {
        const answer = await second.get(each);
        expect([answer.status, answer.text]).toEqual([200, before[index]?.text]);
        expect(answer.headers["cache-status"]).toMatch(/^Selvage; hit; ttl=3\d{3}; detail=DISK$/);
        expect(Number(answer.headers["age"])).toBeGreaterThanOrEqual(100);
      }
    },
  );

  it("what was purged while it was away is not served, and what was not is", async () => {
    const { control, startNode } = await setUp();
    const first = await startNode();
    const [kept, purged] = [await first.get("/kept"), await first.get("/purged")];
    for (const each of ["/kept", "/purged"]) await first.get(each);
    await written(first, 2);
    first.kill("SIGKILL");
    await first.exited;
    control.missed = {
      kind: "purges",
      since: 0,
      position: { sequence: 1, id: "id-1" },
      everything: false,
      purges: [{ sequence: 1, mode: "hard", targets: [{ kind: "url", domain, url: "/purged" }] }],
    };
    const second = await startNode();
    expect((await second.get("/kept")).text).toBe(kept.text);
    const anew = await second.get("/purged");
    expect(anew.text).not.toBe(purged.text);
    expect(anew.headers["cache-status"]).toContain("fwd=uri-miss");
  });

  it("an empty cache takes little of the disk, and none with 0", async () => {
    const { data, startNode } = await setUp();
    await startNode();
    expect(await diskBytes(path.join(data, "cache"))).toBeLessThan(1_048_576);
    const other = await temporaryFolder();
    await startNode({ data: other, "disk-cache-mib": "0" });
    expect(await readdir(other)).not.toContain("cache");
  });
});
