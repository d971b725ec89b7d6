import { describe, expect, it } from "vitest";
import { PipelineMetrics, type EndedInvocation } from "../../../edge-node/pipeline/pipeline-metrics.ts";
import { Tallies } from "../../../edge-node/pipeline/tallies.ts";
import { durationBucket } from "../../../sdk/duration-buckets.ts";
import type { CalledHook } from "../../../sdk/phase.ts";

describe("tallies", () => {
  it("are taken once, and say nothing about what did nothing", () => {
    const tallies = new Tallies();
    tallies.of("hello", "v1").count("done", 1);
    tallies.of("hello", "v1").count("error", 100);
    tallies.of("hello", "v1").count("rejected", 1);
    tallies.of("hello", "v2").count("dropped", 1);
    const durations = [
      [durationBucket(1), 2],
      [durationBucket(100), 1],
    ];
    const taken = { function: "hello", version: "v1", invocations: 3, errors: 1, rejected: 1, durations };
    expect(tallies.take()).toEqual([taken]);
    expect(tallies.take()).toEqual([]);
  });
});

describe("an invocation counts", () => {
  const once = (phase: CalledHook, ended: Omit<EndedInvocation, "durationMs">) => {
    const metrics = new PipelineMetrics();
    metrics.countCall({ function: "hello", version: "v1", phase }, { ...ended, durationMs: 1 });
    const [tally] = metrics.tallies.take();
    return [tally?.invocations ?? 0, tally?.errors ?? 0, tally?.rejected ?? 0];
  };

  it.each<[string, CalledHook, Omit<EndedInvocation, "durationMs">, readonly number[]]>([
    ["an answer", "fetch", { result: "response", status: 200 }, [1, 0, 0]],
    ["an answer of 499", "fetch", { result: "response", status: 499 }, [1, 0, 0]],
    ["an answer of 500 in an origin's place", "fetch", { result: "response", status: 500 }, [1, 1, 0]],
    ["an error of an event's handler", "event", { result: "response", status: 500 }, [1, 1, 0]],
    ["a 503 on purpose", "clientRequest", { result: "response", status: 503 }, [1, 0, 0]],
    ["an origin's 502 passed on", "clientResponse", { result: "response", status: 502 }, [1, 0, 0]],
    ["a request changed", "originPull", { result: "request" }, [1, 0, 0]],
    ["an exception", "clientRequest", { result: "FUNCTION_THREW" }, [1, 1, 0]],
    ["a full queue", "fetch", { result: "FUNCTION_OVERLOADED" }, [1, 0, 1]],
    ["a client that left", "fetch", { result: "REQUEST_ABORTED" }, [0, 0, 0]],
  ])("%s", (_case, phase, ended, counted) => {
    expect(once(phase, ended)).toEqual(counted);
  });
});
