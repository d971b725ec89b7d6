/** What a front's requests to each source came to, as metrics. A source's label is its address and ports, so one that moves is another. */
import type { SourceCounts } from "../pipeline/pipeline-metrics.ts";
import { counter, histogram, type Labels, type MetricReport, type MetricValue } from "./metric-report.ts";

/** All sources of all domains. */
export function sourceReports(sources: readonly SourceCounts[]): readonly MetricReport[] {
  return [
    ofEach("selvage_source_requests_total", "Requests sent to a source", {
      sources,
      value: ({ requests }) => requests,
    }),
    ofEach("selvage_source_retries_total", "Of them, those sent after a failure", {
      sources,
      value: ({ retries }) => retries,
    }),
    ofEach("selvage_source_received_bytes_total", "Bytes of answers' bodies received from a source", {
      sources,
      value: ({ receivedBytes }) => receivedBytes,
    }),
    counter({
      name: "selvage_source_answers_total",
      help: "Answers of a source by status class",
      values: sources.flatMap(answersOf),
    }),
    counter({
      name: "selvage_source_failures_total",
      help: "Requests to a source without an answer",
      values: sources.flatMap((source) =>
        [...source.failures].map(([code, value]) => ({ value, labels: { ...labelsOf(source), code } })),
      ),
    }),
    counter({
      name: "selvage_source_checks_total",
      help: "Health checks of a source",
      values: sources.flatMap((source) =>
        (["passed", "failed"] as const).map((result) => ({
          value: source.checks[result],
          labels: { ...labelsOf(source), result },
        })),
      ),
    }),
    histogram({
      name: "selvage_source_seconds",
      help: "Time until the head of a source's answer",
      series: sources.map((source) => ({ labels: labelsOf(source), counts: source.durations })),
    }),
    {
      name: "selvage_source_well",
      help: "1 while every front asks the source in its turn, 0 while one leaves it out",
      type: "gauge",
      aggregator: "min",
      values: sources.map((source) => ({ value: source.health() === "well" ? 1 : 0, labels: labelsOf(source) })),
    },
  ];
}

function ofEach(
  name: string,
  help: string,
  { sources, value }: { readonly sources: readonly SourceCounts[]; readonly value: (counts: SourceCounts) => number },
): MetricReport {
  return counter({
    name,
    help,
    values: sources.map((source) => ({ value: value(source), labels: labelsOf(source) })),
  });
}

function answersOf(source: SourceCounts): readonly MetricValue[] {
  return source.statuses
    .map((value, index) => ({ value, labels: { ...labelsOf(source), status: `${index}xx` } }))
    .filter(({ value }) => value > 0);
}

function labelsOf({ domain, source }: SourceCounts): Labels {
  return { domain, source };
}
