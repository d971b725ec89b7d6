/** The claims of bench/harness/node-metrics.ts about Prometheus text. */
import { expect, test } from "vitest";
import { sumMetric } from "../../../bench/harness/node-metrics.ts";

const text = `# HELP selvage_instances Instances that exist.
# TYPE selvage_instances gauge
selvage_instances{function="a",version="v1"} 3
selvage_instances{function="b } c",version="v1"} 4
# TYPE selvage_instances_total counter
selvage_instances_total 100
# TYPE selvage_empty gauge
`;

test("sumMetric() adds all label sets of one name and of no other", () => {
  expect(sumMetric(text, "selvage_instances")).toBe(7);
  expect(sumMetric(text, "selvage_instances_total")).toBe(100);
});

test("sumMetric() is 0 for a metric that is declared without samples", () => {
  expect(sumMetric(text, "selvage_empty")).toBe(0);
});

test("sumMetric() refuses a name that is not declared", () => {
  expect(() => sumMetric(text, "selvage_instance")).toThrow(/there is no metric selvage_instance/);
});

test("sumMetric() adds only what has the label", () => {
  expect(sumMetric(text, "selvage_instances", 'function="a"')).toBe(3);
  expect(sumMetric(text, "selvage_instances", 'version="v1"')).toBe(7);
  expect(sumMetric(text, "selvage_instances", 'function="c"')).toBe(0);
});
