/** The claims of bench/load/autocannon-output.ts, on the fields that autocannon 9 prints. */
import { describe, expect, test } from "vitest";
import { parseAutocannonOutput } from "../../../bench/load/autocannon-output.ts";

const result = {
  url: "http://127.0.0.1:39189/",
  connections: 2,
  duration: 1.01,
  errors: 0,
  timeouts: 0,
  non2xx: 0,
  latency: { average: 0.02, p50: 1, p99: 3 },
  requests: { average: 19_480, total: 19_472, sent: 19_474 },
};

describe("parseAutocannonOutput()", () => {
  test("reads rate, count and latencies", () => {
    expect(parseAutocannonOutput(JSON.stringify(result))).toEqual({
      requests: 19_472,
      requestsPerSecond: 19_480,
      failures: 0,
      latencyMs: { p50: 1, p99: 3 },
    });
  });

  test("adds errors and refused answers; timeouts are among the errors already", () => {
    expect(parseAutocannonOutput(JSON.stringify({ ...result, errors: 5, timeouts: 2, non2xx: 100 })).failures).toBe(
      105,
    );
  });

  test.each(["", "null", "[1", '"text"'])("refuses %j", (text) => {
    expect(() => parseAutocannonOutput(text)).toThrow(/not a JSON object/);
  });

  test.each(["latency", "requests"])("refuses a result without %s", (key) => {
    expect(() => parseAutocannonOutput(JSON.stringify({ ...result, [key]: null }))).toThrow(`${key} is missing`);
  });

  test("refuses a count that is not a number instead of taking it for zero", () => {
    expect(() => parseAutocannonOutput(JSON.stringify({ ...result, errors: undefined }))).toThrow(
      /errors is not a number/,
    );
  });
});
