/**
 * One metric in the form prom-client's `getMetricsAsJSON` gives, so that several fronts' can be put together.
 */
import { durationBucketsMs, type DurationCounts } from "../pipeline/pipeline-metrics.ts";

export type Labels = Readonly<Record<string, string | number>>;

export interface MetricValue {
  readonly value: number;
  readonly labels: Labels;
  readonly metricName?: string;
}

export interface MetricReport {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** How the fronts' values become the node's. */
  readonly aggregator: "sum" | "min" | "average";
  readonly values: readonly MetricValue[];
}

export interface Described {
  readonly name: string;
  readonly help: string;
}

/** A count since the front's start. */
export function counter(counted: Described & { readonly values: readonly MetricValue[] }): MetricReport {
  return { ...counted, type: "counter", aggregator: "sum" };
}

/** A value of the moment. */
export function gauge({ name, help, value }: Described & { readonly value: number }): MetricReport {
  return { name, help, type: "gauge", aggregator: "sum", values: [{ value, labels: {} }] };
}

export interface Series {
  readonly labels: Labels;
  readonly counts: DurationCounts;
}

/** Durations; series without any are left out. */
export function histogram({ name, help, series }: Described & { readonly series: readonly Series[] }): MetricReport {
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
