/**
 * The request path's counters in the form prom-client's `getMetricsAsJSON` gives, so that several fronts' can be added up.
 */
import type { PipelineMetrics, DurationCounts } from "../pipeline/pipeline-metrics.ts";
import { durationBucketsMs } from "../pipeline/pipeline-metrics.ts";

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
  readonly cacheBytes: number;
  readonly cacheEntries: number;
}

/** Everything counted so far. */
export function reportMetrics(metrics: PipelineMetrics, gauges: FrontGauges): readonly MetricReport[] {
  const domains = metrics.allDomains();
  const invocations = metrics.allInvocations();
  return [
    counter(
      "selvage_requests_total",
      "Answers by domain and status class",
      domains.flatMap(({ domain, statuses }) =>
        statuses.map((value, index) => ({ value, labels: { domain, status: `${index}xx` } })).filter(isCounted),
      ),
    ),
    counter(
      "selvage_cache_total",
      "Answers by domain and what the cache did",
      domains.flatMap(({ domain, cache }) =>
        [...cache].map(([result, value]) => ({ value, labels: { domain, result } })),
      ),
    ),
    counter(
      "selvage_origin_errors_total",
      "Origin requests without an answer by domain and code",
      domains.flatMap(({ domain, originErrors }) =>
        [...originErrors].map(([code, value]) => ({ value, labels: { domain, code } })),
      ),
    ),
    histogram(
      "selvage_origin_seconds",
      "Time until the origin's head",
      domains.map(({ domain, originDurations }) => ({ labels: { domain }, counts: originDurations })),
    ),
    counter(
      "selvage_invocations_total",
      "Invocations by function, version, phase and outcome",
      invocations.flatMap(({ results, ...identity }) =>
        [...results].map(([outcome, value]) => ({ value, labels: { ...labelsOf(identity), outcome } })),
      ),
    ),
    histogram(
      "selvage_invocation_seconds",
      "Time until an invocation's answer",
      invocations.map(({ durations, ...identity }) => ({ labels: labelsOf(identity), counts: durations })),
    ),
    gauge("selvage_requests_in_flight", "Requests being served", gauges.requestsInFlight),
    gauge("selvage_cache_bytes", "Bytes in the memory cache", gauges.cacheBytes),
    gauge("selvage_cache_entries", "Entries in the memory cache", gauges.cacheEntries),
  ];
}

function labelsOf(identity: { readonly function: string; readonly version: string; readonly phase: string }): Labels {
  return { function: identity.function, version: identity.version, phase: identity.phase };
}

function isCounted({ value }: MetricValue): boolean {
  return value > 0;
}

function counter(name: string, help: string, values: readonly MetricValue[]): MetricReport {
  return { name, help, type: "counter", aggregator: "sum", values };
}

function gauge(name: string, help: string, value: number): MetricReport {
  return { name, help, type: "gauge", aggregator: "sum", values: [{ value, labels: {} }] };
}

function histogram(
  name: string,
  help: string,
  series: readonly { readonly labels: Labels; readonly counts: DurationCounts }[],
): MetricReport {
  const values = series
    .filter(({ counts }) => counts.count > 0)
    .flatMap(({ labels, counts }) => histogramValues(name, labels, counts));
  return { name, help, type: "histogram", aggregator: "sum", values };
}

function histogramValues(name: string, labels: Labels, counts: DurationCounts): MetricValue[] {
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
