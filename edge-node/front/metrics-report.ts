/**
 * The request path's counters in the form prom-client's `getMetricsAsJSON` gives, so that several fronts' can be added up.
 */
import type { AccessLogCounts } from "../access-log/access-log.ts";
import type { DiskStats } from "../cache/disk/disk-store.ts";
import type { DomainCounts, InvocationCounts, PipelineMetrics } from "../pipeline/pipeline-metrics.ts";
import { counter, gauge, histogram, type Labels, type MetricReport } from "./metric-report.ts";
import type { ConnectionCounts } from "./connection-gate.ts";
import type { SendingCounts } from "./served-request.ts";
import { sourceReports } from "./source-reports.ts";
import type { TlsCounts } from "./tls-listener.ts";

export interface FrontGauges {
  readonly requestsInFlight: number;
  readonly socketsOpen: number;
  readonly cacheBytes: number;
  readonly cacheEntries: number;
  /** What functions cache themselves. */
  readonly functionCacheBytes: number;
  readonly functionCacheEntries: number;
  readonly connections: ConnectionCounts &
    SendingCounts & {
      /** Requests that waited for the next turn. */
      readonly deferred: number;
    };
  readonly tls: TlsCounts;
  readonly accessLog: AccessLogCounts;
  /** Null: there is no disk cache. */
  readonly disk: DiskStats | null;
}

/** Everything counted so far. */
export function reportMetrics(metrics: PipelineMetrics, gauges: FrontGauges): readonly MetricReport[] {
  return [
    ...domainReports(metrics.allDomains()),
    ...sourceReports(metrics.allSources()),
    ...invocationReports(metrics.allInvocations()),
    ...gaugeReports(gauges),
    ...connectionReports(gauges),
    ...listenerReports(gauges),
  ];
}

function gaugeReports(gauges: FrontGauges): MetricReport[] {
  return [
    gauge({ name: "selvage_requests_in_flight", help: "Requests being served", value: gauges.requestsInFlight }),
    gauge({ name: "selvage_client_sockets", help: "WebSockets of clients", value: gauges.socketsOpen }),
    gauge({ name: "selvage_cache_bytes", help: "Bytes in the memory cache", value: gauges.cacheBytes }),
    gauge({ name: "selvage_cache_entries", help: "Entries in the memory cache", value: gauges.cacheEntries }),
    gauge({
      name: "selvage_function_cache_bytes",
      help: "Bytes in functions' caches",
      value: gauges.functionCacheBytes,
    }),
    gauge({
      name: "selvage_function_cache_entries",
      help: "Entries in functions' caches",
      value: gauges.functionCacheEntries,
    }),
    ...(gauges.disk === null ? [] : diskReports(gauges.disk)),
  ];
}

/** Size and entries are of the folder that all fronts share, so that they are averaged; the counters are each front's own. */
function diskReports(disk: DiskStats): MetricReport[] {
  const shared = [
    { name: "selvage_disk_cache_bytes", help: "Bytes in the disk cache", value: disk.bytes },
    { name: "selvage_disk_cache_entries", help: "Entries in the disk cache", value: disk.entries },
  ];
  const counted = [
    { name: "selvage_disk_cache_hits_total", help: "Entries found on the disk", value: disk.hits },
    { name: "selvage_disk_cache_misses_total", help: "Entries not found on the disk", value: disk.misses },
    {
      name: "selvage_disk_cache_late_reads_total",
      help: "Reads the disk did not answer in time",
      value: disk.lateReads,
    },
    {
      name: "selvage_disk_cache_synchronous_reads_total",
      help: "Entries read in the event loop, out of the system's memory",
      value: disk.synchronousReads,
    },
    {
      name: "selvage_disk_cache_slow_synchronous_reads_total",
      help: "Of these, those that took long",
      value: disk.slowSynchronousReads,
    },
    {
      name: "selvage_disk_cache_synchronous_pauses_total",
      help: "Times after which all reads went through threads for a while",
      value: disk.synchronousPauses,
    },
    { name: "selvage_disk_cache_writes_total", help: "Entries written", value: disk.writes },
    { name: "selvage_disk_cache_refused_writes_total", help: "Entries given up", value: disk.refusedWrites },
    { name: "selvage_disk_cache_read_errors_total", help: "Failed reads", value: disk.readErrors },
    { name: "selvage_disk_cache_write_errors_total", help: "Failed writes", value: disk.writeErrors },
    { name: "selvage_disk_cache_damaged_total", help: "Entries that were damaged", value: disk.damaged },
    { name: "selvage_disk_cache_evicted_segments_total", help: "Segments dropped", value: disk.evictedSegments },
  ];
  return [
    ...shared.map((one): MetricReport => ({ ...gauge(one), aggregator: "average" })),
    ...counted.map(({ value, ...described }) => counter({ ...described, values: [{ value, labels: {} }] })),
  ];
}

function connectionReports({ connections }: FrontGauges): MetricReport[] {
  const { open, refusedByFront, refusedByAddress, stalled, deferred } = connections;
  return [
    gauge({ name: "selvage_client_connections", help: "Connections of clients", value: open }),
    counter({
      name: "selvage_connections_refused_total",
      help: "Connections closed at once: too many in all, or from one address",
      values: [
        { value: refusedByFront, labels: { reason: "front" } },
        { value: refusedByAddress, labels: { reason: "address" } },
      ],
    }),
    counter({
      name: "selvage_stalled_clients_total",
      help: "Clients given up that took no byte of an answer for too long",
      values: [{ value: stalled, labels: {} }],
    }),
    counter({
      name: "selvage_deferred_requests_total",
      help: "Requests beyond what one turn of the event loop takes",
      values: [{ value: deferred, labels: {} }],
    }),
  ];
}

function listenerReports({ tls, accessLog }: FrontGauges): MetricReport[] {
  const one = (name: string, help: string, value: number): MetricReport =>
    counter({ name, help, values: [{ value, labels: {} }] });
  return [
    one("selvage_tls_handshakes_total", "TLS handshakes", tls.handshakes),
    one("selvage_tls_handshake_failures_total", "TLS handshakes that failed", tls.handshakeFailures),
    one("selvage_http2_connections_total", "Connections over HTTP/2", tls.http2Connections),
    one("selvage_access_log_lines_total", "Lines written to the access log", accessLog.written),
    one("selvage_access_log_dropped_total", "Lines that the access log could not take", accessLog.dropped),
  ];
}

function domainReports(domains: readonly DomainCounts[]): MetricReport[] {
  const statuses = domains.flatMap(({ domain, statuses: counts }) =>
    counts
      .map((value, index) => ({ value, labels: { domain, status: `${index}xx` } }))
      .filter(({ value }) => value > 0),
  );
  const cache = domains.flatMap(({ domain, cache: counts }) =>
    [...counts].map(([result, value]) => ({ value, labels: { domain, result } })),
  );
  const errors = domains.flatMap(({ domain, originErrors }) =>
    [...originErrors].map(([code, value]) => ({ value, labels: { domain, code } })),
  );
  const ofDomains = (value: (counts: DomainCounts) => number): { value: number; labels: Labels }[] =>
    domains.map((counts) => ({ value: value(counts), labels: { domain: counts.domain } }));
  const durations = domains.map(({ domain, originDurations }) => ({ labels: { domain }, counts: originDurations }));
  return [
    counter({ name: "selvage_requests_total", help: "Answers by domain and status class", values: statuses }),
    counter({
      name: "selvage_sent_bytes_total",
      help: "Bytes of answers' bodies sent to clients",
      values: ofDomains(({ sentBytes }) => sentBytes),
    }),
    counter({
      name: "selvage_cache_collapsed_total",
      help: "Requests that got the answer of another's origin request",
      values: ofDomains(({ collapsed }) => collapsed),
    }),
    counter({ name: "selvage_cache_total", help: "Answers by domain and what the cache did", values: cache }),
    counter({ name: "selvage_origin_errors_total", help: "Origin requests without an answer", values: errors }),
    histogram({ name: "selvage_origin_seconds", help: "Time until the origin's head", series: durations }),
  ];
}

function invocationReports(invocations: readonly InvocationCounts[]): MetricReport[] {
  const labelsOf = ({ function: name, version, phase }: InvocationCounts): Labels => ({
    function: name,
    version,
    phase,
  });
  const outcomes = invocations.flatMap((counts) =>
    [...counts.results].map(([outcome, value]) => ({ value, labels: { ...labelsOf(counts), outcome } })),
  );
  const durations = invocations.map((counts) => ({ labels: labelsOf(counts), counts: counts.durations }));
  return [
    counter({ name: "selvage_invocations_total", help: "Invocations by version, phase and outcome", values: outcomes }),
    histogram({ name: "selvage_invocation_seconds", help: "Time until an invocation's answer", series: durations }),
  ];
}
