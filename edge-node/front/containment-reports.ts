/** What the containment of crashes did, in the form prom-client's `getMetricsAsJSON` gives, so that several fronts' can be added up. */
import type { ContainmentReport } from "../hosts/containment-report.ts";
import { counter, gauge, type MetricReport, type MetricValue } from "./metric-report.ts";

const bytesInMiB = 1_048_576;

/** Labels come from closed lists, and from versions of the present state. */
export function containmentReports(report: ContainmentReport): readonly MetricReport[] {
  const { deaths, repeated, notRepeated, quarantined, suspects, hosts } = report;
  const kinds = [...new Set(hosts.map(({ kind }) => kind))];
  const ofKind = (value: (host: ContainmentReport["hosts"][number]) => number): MetricValue[] =>
    kinds.map((kind) => ({
      value: hosts.filter((host) => host.kind === kind).reduce((sum, host) => sum + value(host), 0),
      labels: { kind },
    }));
  return [
    counter({
      name: "selvage_isolate_hosts_lost_total",
      help: "Isolate hosts that ended or were given up, by cause",
      values: Object.entries(deaths).map(([cause, value]) => ({ value, labels: { cause } })),
    }),
    counter({
      name: "selvage_invocations_repeated_total",
      help: "Invocations that lost their host, by whether they ran once more",
      values: [
        { value: repeated, labels: { result: "repeated" } },
        { value: notRepeated, labels: { result: "refused" } },
      ],
    }),
    gauges(
      { name: "selvage_isolate_hosts", help: "Isolate hosts by what they are for" },
      ofKind(() => 1),
    ),
    gauges(
      { name: "selvage_isolate_host_resident_memory_bytes", help: "Resident memory of isolate hosts" },
      ofKind(({ rssMiB }) => Math.round(rssMiB * bytesInMiB)),
    ),
    gauge({ name: "selvage_versions_suspected", help: "Versions that run apart for a while", value: suspects }),
    gauges(
      { name: "selvage_version_quarantined_kills", help: "Processes that a quarantined version brought down" },
      quarantined.map(({ function: name, version, kills }) => ({ value: kills, labels: { function: name, version } })),
    ),
  ];
}

function gauges(
  described: { readonly name: string; readonly help: string },
  values: readonly MetricValue[],
): MetricReport {
  return { ...gauge({ ...described, value: 0 }), values };
}
