/** Purges and the whole node, with its real processes, against a control plane that does what a test says. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { DomainState } from "../../sdk/desired-state.ts";
import { parseDomain } from "../../sdk/domain-parser.ts";
import type { PurgePosition, PurgesMessage, PurgeTarget } from "../../sdk/purge.ts";
import { ControlPlaneDouble } from "./support/control-plane-double.ts";
import { EdgeNodeProcess } from "./support/edge-node-process.ts";
import { startOrigin, type Origin } from "./support/origin.ts";
import { Signer } from "./support/signed-release.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const domain = "www.example.com";
const url = (text: string): PurgeTarget => ({ kind: "url", domain, url: text });
const at = (sequence: number): PurgePosition => ({ sequence, id: `id-${sequence}` });

function message(since: number, ...targets: readonly PurgeTarget[]): PurgesMessage {
  const purges = targets.map((target, index) => ({
    sequence: since + 1 + index,
    mode: "hard" as const,
    targets: [target],
  }));
  return { kind: "purges", since, position: at(since + targets.length), everything: false, purges };
}

interface World {
  readonly control: ControlPlaneDouble;
  readonly origin: Origin;
  readonly data: string;
  readonly startNode: (flags?: Readonly<Record<string, string>>) => EdgeNodeProcess;
  /** Resolves when the node acknowledged that purge. */
  readonly purged: (sequence: number) => Promise<void>;
}

/** A node's world with one domain, whose origin gives another body every time. */
async function setUp(): Promise<World> {
  let count = 0;
  const origin = await startOrigin((request, response) => {
    response.setHeader("cache-control", "max-age=3600");
    response.end(`${request.url} ${++count}`);
  });
  onTestFinished(() => origin.close());
  const control = await new ControlPlaneDouble().start();
  const data = await temporaryFolder();
  const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port };
  const rule = { match_type: "all", ttl: 1, ttl_unit: "h", priority: 1, url_parameter_type: "ignore_url_params" };
  const config = parseDomain({ sources: [source], cache_rules: [rule] }, domain);
  if (!config.ok) throw new Error(JSON.stringify(config.problems));
  const domains: readonly DomainState[] = [{ config: config.value, rules: [] }];
  const state = new Signer().state(1, [], domains);
  control.greeting = [message(0), { kind: "state", state }];
  const flags = { control: control.url, data, driver: "in-process", "origin-allow-networks": "127.0.0.0/8" };
  return {
    control,
    origin,
    data,
    startNode: (more) => new EdgeNodeProcess({ ...flags, ...more }),
    purged: (sequence) => control.until(() => control.purgeAcks.some((ack) => ack.sequence === sequence)),
  };
}

/** Those of `events` that the node logged, in the order it did. */
function eventsOf(node: EdgeNodeProcess, events: readonly string[]): readonly string[] {
  const found = events.filter((event) => node.output.includes(event));
  return found.toSorted((a, b) => node.output.indexOf(a) - node.output.indexOf(b));
}

const served = (control: ControlPlaneDouble): Promise<void> => control.until(() => control.acks.length > 0);

describe("a node and purges", { timeout: 180_000 }, () => {
  it("after its acknowledgement no front serves what was purged, also where the cache rule drops the query", async () => {
    const { control, startNode, purged } = await setUp();
    const node = await startNode({ fronts: "2" }).serving();
    await served(control);
    const seen = async (): Promise<ReadonlySet<string>> => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => node.get("/a?b=1")));
      return new Set(answers.map(({ text }) => text));
    };
    const before = await seen();
    expect(before.size).toBeLessThanOrEqual(2);
    control.push(message(0, url("/a?c=2")));
    await purged(1);
    const after = await seen();
    expect([...after].filter((text) => before.has(text))).toEqual([]);
    expect(control.purgeAcks.at(-1)).toMatchObject({ node: "node-1", ...at(1) });
  });

  it("what was acknowledged survives kill -9, and the node says so when it comes back", async () => {
    const { control, data, startNode, purged } = await setUp();
    const first = await startNode().serving();
    await served(control);
    control.push(message(0, url("/a"), { kind: "tag", domain: null, tag: "x" }));
    await purged(2);
    first.kill("SIGKILL");
    await first.exited;
    const kept = JSON.parse(await readFile(path.join(data, "purges.json"), "utf8")) as {
      content: { position: object };
    };
    expect(kept.content.position).toEqual(at(2));
    control.purgeAcks.length = 0;
    control.missed = message(2);
    // As it would be sent to a node that missed nothing.
    control.greeting = [message(2), ...control.greeting.slice(1)];
    await startNode().serving();
    await purged(2);
    expect([control.positions.asked, control.positions.streamed]).toEqual([
      ["0.", "2.id-2"],
      ["0.", "2.id-2"],
    ]);
  });

  it("serves only after it has learnt what it missed", async () => {
    const { control, startNode } = await setUp();
    control.missed = null;
    const node = startNode();
    const serving = node.serving();
    await control.until(() => control.held.length > 0);
    control.held[0]?.(message(0, url("/a")));
    await serving;
    expect(eventsOf(node, ["purges.taken", "node.serving"])).toEqual(["purges.taken", "node.serving"]);
    await control.until(() => control.positions.streamed.length > 0);
    expect(control.positions.streamed).toEqual(["1.id-1"]);
  });

  it("serves without having learnt it when the control plane does not answer for 5 s, and when it is away", async () => {
    const { control, startNode } = await setUp();
    control.missed = null;
    const first = await startNode().serving();
    expect(control.positions.asked).toHaveLength(1);
    const order = ["purges.catch.up.failed", "node.serving"];
    expect(eventsOf(first, order)).toEqual(order);
    first.kill("SIGKILL");
    await first.exited;
    await control.stop();
    const second = await startNode().serving();
    expect(second.output).toContain("purges.catch.up.failed");
  });

  it("applies what it missed while it went on without the control plane", async () => {
    const { control, startNode, purged } = await setUp();
    const node = await startNode().serving();
    await served(control);
    const before = await node.get("/a");
    await control.stop();
    expect(await node.get("/a")).toMatchObject({ text: before.text });
    control.greeting = [message(0, url("/a")), ...control.greeting.slice(1)];
    await control.start();
    await purged(1);
    expect((await node.get("/a")).text).not.toBe(before.text);
  });

  it("a front that is started again has the purges before it serves", async () => {
    const { control, startNode, purged } = await setUp();
    const node = await startNode().serving();
    await served(control);
    control.push(message(0, url("/a")));
    await purged(1);
    const pid = (await node.health()).fronts[0]?.pid ?? 0;
    process.kill(pid, "SIGKILL");
    let health = await node.health();
    while (health.httpStatus !== 200 || health.fronts[0]?.restarts !== 1) health = await node.health();
    control.push(message(1, url("/b")));
    await purged(2);
    expect((await node.get("/a")).status).toBe(200);
  });

  it("preheats, and reports what came of each URL", async () => {
    const { control, origin, startNode } = await setUp();
    const node = await startNode({ fronts: "2" }).serving();
    await served(control);
    const urls = [`http://${domain}/hot`, "http://none.example.com/"];
    control.push({ kind: "preheat", id: "p-1", urls });
    await control.until(() => control.preheats.length > 0);
    expect(control.preheats[0]).toMatchObject({
      id: "p-1",
      node: "node-1",
      results: [
        { url: urls[0], status: 200, bytes: 6 },
        { url: urls[1], status: 404 },
      ],
    });
    const requests = origin.requests.length;
    expect(requests).toBe(2);
    expect((await node.get("/hot")).headers["cache-status"]).toContain("hit");
    expect(origin.requests).toHaveLength(requests);
  });
});
