/** The claims of bench/load/wrk-output.ts, on output of wrk 4.1.0. */
import { describe, expect, test } from "vitest";
import { parseWrkOutput } from "../../../bench/load/wrk-output.ts";

const clean = `Running 1s test @ http://127.0.0.1:39189/
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   393.30us    1.51ms  19.73ms   94.87%
    Req/Sec    29.01k    12.91k   43.60k    50.00%
  Latency Distribution
     50%   49.00us
     75%   80.00us
     90%  466.00us
     99%    7.62ms
  28807 requests in 1.00s, 3.38MB read
Requests/sec:  28774.74
Transfer/sec:      3.38MB
`;

describe("parseWrkOutput()", () => {
  test("reads rate, count and latencies in milliseconds", () => {
    expect(parseWrkOutput(clean)).toEqual({
      requests: 28_807,
      requestsPerSecond: 28_774.74,
      failures: 0,
      latencyMs: { p50: 0.049, p99: 7.62 },
    });
  });

  test("adds refused answers and every kind of socket error", () => {
    const text = clean.replace(
      "Requests/sec",
      "  Socket errors: connect 1, read 20, write 300, timeout 4000\n  Non-2xx or 3xx responses: 50000\nRequests/sec",
    );
    expect(parseWrkOutput(text).failures).toBe(54_321);
  });

  test("reads latencies in seconds", () => {
    expect(parseWrkOutput(clean.replace("7.62ms", "1.50s")).latencyMs.p99).toBe(1_500);
  });

  test("does not take the average latency for a percentile", () => {
    expect(() => parseWrkOutput(clean.replace(/^ +99%.*$/m, ""))).toThrow(/the 99% latency is missing/);
  });

  test.each(["Requests/sec", "requests in"])("refuses output without %s", (line) => {
    expect(() => parseWrkOutput(clean.replace(line, ""))).toThrow(/Cannot read wrk's output/);
  });

  test("refuses what is not wrk's output", () => {
    expect(() => parseWrkOutput("unable to connect to 127.0.0.1:1 Connection refused")).toThrow(/Connection refused/);
  });
});
