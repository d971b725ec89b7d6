import { expect, it } from "vitest";
import { parseAbortCondition, writtenAbortCondition } from "../../sdk/abort-condition.ts";

it.each([
  ["error-rate>1%", "error-rate>1%"],
  ["error-rate:0.5%", "error-rate>0.5%"],
  [" p99 > 50% ", "p99>50%"],
  ["p99>20ms", "p99>20ms"],
  ["p99:900000ms", "p99>900000ms"],
])("%s", (text, written) => {
  const condition = parseAbortCondition(text);
  expect(typeof condition === "string" ? condition : writtenAbortCondition(condition)).toBe(written);
});

it.each([
  "",
  "error-rate",
  "error-rate>1",
  "error-rate>20ms",
  "error-rate>101%",
  "p99<5ms",
  "p50>5ms",
  "p99>900001ms",
  5,
  null,
])("%j is refused with what is allowed", (text) => {
  expect(parseAbortCondition(text)).toContain("allowed: error-rate>N%");
});
