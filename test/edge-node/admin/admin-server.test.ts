import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { request } from "undici";
import { AdminServer } from "../../../edge-node/admin/admin-server.ts";
import { nodeHealth, type NodeHealth, type NodeView } from "../../../edge-node/admin/node-health.ts";
import { nodeMetrics } from "../../../edge-node/admin/node-metrics.ts";
import type { SlotStatus } from "../../../edge-node/supervisor/front-slot.ts";
import type { VersionStats } from "../../../runtime/driver.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const front: SlotStatus = {
  phase: "serving",
  pid: 42,
  revision: 3,
  restarts: 0,
  requestsInFlight: 2,
  rssBytes: 1_000,
  logsDropped: 0,
  quarantined: [],
};

function viewOf(overrides: Partial<NodeView> = {}): NodeView {
  return {
    name: "node-1",
    selvageVersion: "0.1.0",
    port: 8080,
    tlsPort: null,
    stopping: false,
    applied: { revision: 3, failures: [] },
    refusal: null,
    control: { kind: "connected", since: 0, message: "" },
    fronts: [front, front],
    logsDropped: 0,

    ...overrides,
  };
}

async function open(options: { health?: () => NodeHealth; metrics?: () => Promise<string> }): Promise<{
  url: string;
  port: number;
  logger: RecordingLogger;
}> {
  const logger = new RecordingLogger();
  const { health = () => nodeHealth(viewOf()), metrics = () => Promise.resolve("metrics\n") } = options;
  const server = new AdminServer({ health, metrics, logger });
  onTestFinished(() => server.close());
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  return { url: `http://127.0.0.1:${port}`, port, logger };
}

describe("nodeHealth()", () => {
  it.each<[string, Partial<NodeView>, NodeHealth["status"]]>([
    ["all fronts serve", {}, "ok"],
    ["the control plane is away", { control: { kind: "down", since: 0, message: "refused" } }, "ok"],
    ["the node has no state yet", { applied: null, control: null }, "ok"],
    ["one front restarts", { fronts: [front, { ...front, phase: "waiting" }] }, "degraded"],
    ["no front was started", { fronts: [] }, "degraded"],
    ["it stops", { stopping: true }, "stopping"],
  ])("when %s", (_name, view, status) => {
    expect(nodeHealth(viewOf(view)).status).toBe(status);
  });
});

describe("AdminServer", () => {
  it("/healthz answers 200 with the node's state, and 503 when a front does not serve", async () => {
    let view = viewOf();
    const { url } = await open({ health: () => nodeHealth(view) });
    const healthy = await request(`${url}/healthz`);
    expect(healthy.statusCode).toBe(200);
    expect(await healthy.body.json()).toMatchObject({ status: "ok", revision: 3, control: { state: "connected" } });
    view = viewOf({ fronts: [{ ...front, phase: "starting" }] });
    const degraded = await request(`${url}/healthz`);
    expect(degraded.statusCode).toBe(503);
    expect(await degraded.body.json()).toMatchObject({ status: "degraded" });
  });

  it("/metrics answers Prometheus text, and 500 without detail when they cannot be had", async () => {
    let fails = false;
    const { url, logger } = await open({
      metrics: () => (fails ? Promise.reject(new Error("inner detail")) : Promise.resolve("a 1\n")),
    });
    const answer = await request(`${url}/metrics`);
    expect(answer.headers["content-type"]).toContain("version=0.0.4");
    expect(await answer.body.text()).toBe("a 1\n");
    fails = true;
    const failed = await request(`${url}/metrics`);
    expect(failed.statusCode).toBe(500);
    expect(await failed.body.text()).not.toContain("inner detail");
    expect(logger.count("metrics.failed")).toBe(1);
  });

  it.each([
    ["GET", "/", 404],
    ["GET", "/healthz/x", 404],
    ["POST", "/healthz", 405],
    ["DELETE", "/metrics", 405],
    ["HEAD", "/healthz", 200],
    ["GET", "/healthz?verbose=1", 200],
  ] as const)("%s %s is answered with %i", async (method, path, status) => {
    const { url } = await open({});
    const answer = await request(`${url}${path}`, { method });
    await answer.body.dump();
    expect(answer.statusCode).toBe(status);
  });

  it("refuses headers beyond 8 KiB", async () => {
    const { port } = await open({});
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString("latin1")));
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
      socket.write(`GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(9_000)}\r\n\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it("says which address is taken", async () => {
    const { port } = await open({});
    const second = new AdminServer({
      health: () => nodeHealth(viewOf()),
      metrics: () => Promise.resolve(""),
      logger: new RecordingLogger(),
    });
    await expect(second.listen({ host: "127.0.0.1", port })).rejects.toThrow(`127.0.0.1:${port}`);
  });
});

describe("nodeMetrics()", () => {
  const stats: VersionStats = {
    key: "hello@v1#abc",
    instances: 1,
    active: 2,
    queued: 3,
    invocations: 4,
    failures: 5,
    rejected: 6,
    reserved: 0,
    coldStarts: 7,
    cpuMs: 8.5,
    heartbeatMisses: 9,
    retired: 10,
  };
  const counter = (value: number): object => ({
    name: "selvage_requests_total",
    help: "Answers",
    type: "counter",
    aggregator: "sum",
    values: [{ value, labels: { domain: "a.test" } }],
  });

  it("adds up what the fronts counted, and versions over fronts and environments", async () => {
    const text = await nodeMetrics({
      view: viewOf(),
      fronts: [
        { metrics: [counter(2)], versions: [stats, { ...stats, key: "hello@v1#def" }] },
        { metrics: [counter(3)], versions: [stats, { ...stats, key: "other@v2#x" }] },
      ],
      supervisorRssBytes: 77,
    });
    const lines = text.split("\n");
    expect(lines).toContain(`selvage_requests_total{domain="a.test"} 5`);
    expect(lines).toContain(`selvage_function_cpu_ms{function="hello",version="v1"} 25.5`);
    expect(lines).toContain(`selvage_function_heartbeat_misses{function="hello",version="v1"} 27`);
    expect(lines).toContain(`selvage_function_retired{function="other",version="v2"} 10`);
    expect(lines).toContain(`selvage_function_instances{function="other",version="v2"} 1`);
    expect(lines).toContain(`selvage_process_resident_memory_bytes{process="supervisor"} 77`);
    expect(lines).toContain(`selvage_process_resident_memory_bytes{process="front-1"} 1000`);
    expect(lines).toContain("selvage_node_revision 3");
  });

  it("declares what only grows as counters, and the rest as gauges", async () => {
    const fronts = [{ metrics: [], versions: [stats] }];
    const lines = (await nodeMetrics({ view: viewOf(), fronts, supervisorRssBytes: 0 })).split("\n");
    const declared = (type: string): readonly string[] =>
      lines.flatMap((line) => new RegExp(`^# TYPE selvage_function_(\\w+) ${type}$`).exec(line)?.[1] ?? []);
    expect(declared("counter")).toEqual([
      "invocations",
      "failures",
      "rejected",
      "cold_starts",
      "heartbeat_misses",
      "retired",
      "cpu_ms",
    ]);
    expect(declared("gauge")).toEqual(["instances", "reserved", "active", "queued"]);
  });

  it("tells a link that is down, restarts and dropped records", async () => {
    const fronts = [
      { ...front, restarts: 2, logsDropped: 5, quarantined: [] },
      { ...front, phase: "waiting" as const, restarts: 1 },
    ];
    const view = viewOf({ applied: null, control: { kind: "down", since: 0, message: "" }, fronts, logsDropped: 10 });
    const lines = (await nodeMetrics({ view, fronts: [], supervisorRssBytes: 0 })).split("\n");
    expect(lines).toContain("selvage_node_control_link_up 0");
    expect(lines).toContain("selvage_node_revision 0");
    expect(lines).toContain("selvage_node_fronts_serving 1");
    expect(lines).toContain("selvage_node_front_restarts 3");
    expect(lines).toContain("selvage_node_log_records_dropped 15");
  });
});
