/**
 * The request path's counters in the form prom-client's `getMetricsAsJSON` gives, so that several fronts' can be added up.
 */
import {
  durationBucketsMs,
  type DomainCounts,
  type DurationCounts,
  type InvocationCounts,
  type PipelineMetrics,
} from "../pipeline/pipeline-metrics.ts";

type Labels = Readonly<Record<string, string | number>>;

export interface MetricValue {
  readonly value: number;
  readonly labels: Labels;
  readonly metricName?: string;
}

export interface MetricReport {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly aggregator: "sum";
  readonly values: readonly MetricValue[];
}

export interface FrontGauges {
  readonly requestsInFlight: number;
  readonly socketsOpen: number;
  readonly cacheBytes: number;
  readonly cacheEntries: number;
  /** What functions cache themselves. */
  readonly functionCacheBytes: number;
  readonly functionCacheEntries: number;
}

/** Everything counted so far. */
export function reportMetrics(metrics: PipelineMetrics, gauges: FrontGauges): readonly MetricReport[] {
  return [
    ...domainReports(metrics.allDomains()),
    ...invocationReports(metrics.allInvocations()),
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
  const durations = domains.map(({ domain, originDurations }) => ({ labels: { domain }, counts: originDurations }));
  return [
    counter({ name: "selvage_requests_total", help: "Answers by domain and status class", values: statuses }),
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

interface Described {
  readonly name: string;
  readonly help: string;
}

function counter(counted: Described & { readonly values: readonly MetricValue[] }): MetricReport {
  return { ...counted, type: "counter", aggregator: "sum" };
}

function gauge({ name, help, value }: Described & { readonly value: number }): MetricReport {
  return { name, help, type: "gauge", aggregator: "sum", values: [{ value, labels: {} }] };
}

interface Series {
  readonly labels: Labels;
  readonly counts: DurationCounts;
}

function histogram({ name, help, series }: Described & { readonly series: readonly Series[] }): MetricReport {
  const values = series.filter(({ counts }) => counts.count > 0).flatMap((one) => histogramValues(name, one));
  return { name, help, type: "histogram", aggregator: "sum", values };
}

function histogramValues(name: string, { labels, counts }: Series): MetricValue[] {
  const values: MetricValue[] = [];
  let below = 0;
  for (const [index, bound] of durationBucketsMs.entries()) {
    below += counts.buckets[index] ?? 0;
    values.push({ metricName: `${name}_bucket`, value: below, labels: { ...labels, le: bound / 1_000 } });
  }
  values.push({ metricName: `${name}_bucket`, value: counts.count, labels: { ...labels, le: "+Inf" } });
  values.push({ metricName: `${name}_sum`, value: counts.sumMs / 1_000, labels });
  values.push({ metricName: `${name}_count`, value: counts.count, labels });
  return values;
}
