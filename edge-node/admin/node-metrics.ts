/**
 * The node's metrics as Prometheus text: what the fronts counted, added up, and the node's own gauges.
 *
 * Invariant: labels come from a bounded set: functions and versions of the present state, process names.
 */
import { AggregatorRegistry, Counter, Gauge, Registry, type PrometheusContentType } from "prom-client";
import { versionOfKey } from "../artifacts/version-key.ts";
import type { VersionStats } from "../../runtime/driver.ts";
import type { FrontMetrics } from "../ipc.ts";
import type { NodeView } from "./node-health.ts";

export interface NodeMetricsInput {
  readonly view: NodeView;
  readonly fronts: readonly FrontMetrics[];
  readonly supervisorRssBytes: number;
}

/** One scrape's text (text/plain; version=0.0.4). */
export async function nodeMetrics(input: NodeMetricsInput): Promise<string> {
  const fronts = AggregatorRegistry.aggregate<PrometheusContentType>(input.fronts.map(({ metrics }) => [...metrics]));
  const own = new Registry();
  addNodeGauges(own, input);
  addVersionMetrics(own, sumByVersion(input.fronts));
  const texts = await Promise.all([fronts.metrics(), own.metrics()]);
  return texts.filter((text) => text.trim() !== "").join("\n");
}

function addNodeGauges(registry: Registry, { view, supervisorRssBytes }: NodeMetricsInput): void {
  const set = (name: string, help: string, value: number): void => {
    new Gauge({ name, help, registers: [registry] }).set(value);
  };
  const serving = view.fronts.filter(({ phase }) => phase === "serving").length;
  const restarts = view.fronts.reduce((sum, front) => sum + front.restarts, 0);
  const dropped = view.fronts.reduce((sum, front) => sum + front.logsDropped, view.logsDropped);
  set("selvage_node_revision", "Revision that all fronts serve.", view.applied?.revision ?? 0);
  const failures = view.applied?.failures ?? [];
  const refused = failures.filter((failure) => "certificate" in failure).length;
  set("selvage_node_version_failures", "Versions that could not be made ready.", failures.length - refused);
  set("selvage_node_certificate_failures", "Certificates that could not be made ready.", refused);
  set(
    "selvage_node_control_link_up",
    "1 while the control plane is connected.",
    view.control?.kind === "connected" ? 1 : 0,
  );
  set("selvage_node_fronts", "Front processes.", view.fronts.length);
  set("selvage_node_fronts_serving", "Front processes that serve.", serving);
  set("selvage_node_front_restarts", "Restarts of front processes since the node's start.", restarts);
  set("selvage_node_log_records_dropped", "Log records of functions that were dropped.", dropped);
  const rss = new Gauge({
    name: "selvage_process_resident_memory_bytes",
    help: "Resident memory of the node's processes.",
    labelNames: ["process"],
    registers: [registry],
  });
  rss.set({ process: "supervisor" }, supervisorRssBytes);
  for (const [index, front] of view.fronts.entries()) rss.set({ process: `front-${index}` }, front.rssBytes);
}

type Counted = Omit<VersionStats, "key"> & { readonly function: string; readonly version: string };

type CountedMetric = readonly {
  readonly name: string;
  readonly help: string;
  readonly value: (row: Counted) => number;
}[];

const versionGauges: CountedMetric = [
  { name: "instances", help: "Instances of a function version.", value: (row) => row.instances },
  { name: "reserved", help: "Of the instances those that are reserved.", value: (row) => row.reserved },
  { name: "active", help: "Invocations running.", value: (row) => row.active },
  { name: "queued", help: "Invocations waiting for an instance.", value: (row) => row.queued },
];

/** They go down only when a front ends or the version is unloaded. */
const versionCounters: CountedMetric = [
  { name: "invocations", help: "Invocations since the version was loaded.", value: (row) => row.invocations },
  { name: "failures", help: "Failed invocations since the version was loaded.", value: (row) => row.failures },
  { name: "rejected", help: "Invocations refused because the queue was full.", value: (row) => row.rejected },
  { name: "cold_starts", help: "Instances started, for an invocation or in advance.", value: (row) => row.coldStarts },
  { name: "heartbeat_misses", help: "Heartbeats that instances missed.", value: (row) => row.heartbeatMisses },
  { name: "retired", help: "Instances given up for missed heartbeats.", value: (row) => row.retired },
  { name: "cpu_ms", help: "CPU milliseconds since the version was loaded.", value: (row) => row.cpuMs },
];

function addVersionMetrics(registry: Registry, rows: readonly Counted[]): void {
  const declare = ({ name, help }: CountedMetric[number]) => ({
    name: `selvage_function_${name}`,
    help,
    labelNames: ["function", "version"],
    registers: [registry],
  });
  const labels = (row: Counted) => ({ function: row.function, version: row.version });
  for (const metric of versionGauges) {
    const gauge = new Gauge(declare(metric));
    for (const row of rows) gauge.set(labels(row), metric.value(row));
  }
  for (const metric of versionCounters) {
    const counter = new Counter(declare(metric));
    for (const row of rows) counter.inc(labels(row), metric.value(row));
  }
}

/** Over all fronts, and over all keys of one version (an old and a new environment may be loaded at once). */
function sumByVersion(fronts: readonly FrontMetrics[]): Counted[] {
  const rows = new Map<string, Counted>();
  for (const stats of fronts.flatMap(({ versions }) => versions)) {
    const named = versionOfKey(stats.key);
    const name = `${named.function}@${named.version}`;
    const before = rows.get(name);
    rows.set(name, {
      ...named,
      instances: stats.instances + (before?.instances ?? 0),
      reserved: stats.reserved + (before?.reserved ?? 0),
      active: stats.active + (before?.active ?? 0),
      queued: stats.queued + (before?.queued ?? 0),
      invocations: stats.invocations + (before?.invocations ?? 0),
      failures: stats.failures + (before?.failures ?? 0),
      rejected: stats.rejected + (before?.rejected ?? 0),
      coldStarts: stats.coldStarts + (before?.coldStarts ?? 0),
      cpuMs: stats.cpuMs + (before?.cpuMs ?? 0),
      heartbeatMisses: stats.heartbeatMisses + (before?.heartbeatMisses ?? 0),
      retired: stats.retired + (before?.retired ?? 0),
    });
  }
  return [...rows.values()];
}
