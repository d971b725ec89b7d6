import { describe, expect, it } from "vitest";
import { BackgroundTasks } from "../../../edge-node/supervisor/background-tasks.ts";
import { CallRunner, toCallResult } from "../../../edge-node/supervisor/call-runner.ts";
import type { CallMessage, CallResult } from "../../../sdk/calls.ts";
import type { InvokeMessage, InvokeResult } from "../../../sdk/desired-state.ts";
import { callLimits } from "../../../sdk/call-limits.ts";
import { settle } from "../support/fake-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const call = (id: string): CallMessage => ({
  id,
  function: "f",
  qualifier: "latest",
  request: { method: "POST", url: "http://function.internal/", headers: [], body: null },
  timeoutMs: 1_000,
});

const answered = (id: string, text: string, headers: readonly (readonly [string, string])[] = []): InvokeResult => ({
  id,
  outcome: { kind: "response", status: 200, headers, body: Buffer.from(text).toString("base64") },
  durationMs: 7,
  logs: [],
});

class Runner {
  readonly started: InvokeMessage[] = [];
  readonly sent: (readonly CallResult[])[] = [];
  readonly #finish = new Map<string, (result: InvokeResult) => void>();
  #taken: () => void = () => {};
  readonly runner = new CallRunner({
    invoke: (message) => {
      this.started.push(message);
      return new Promise((resolve) => this.#finish.set(message.id, resolve));
    },
    send: (results) => {
      this.sent.push(results);
      return new Promise((resolve) => {
        this.#taken = resolve;
      });
    },
    tasks: new BackgroundTasks(new RecordingLogger()),
  });

  run(...ids: readonly string[]): void {
    this.runner.run({ kind: "calls", calls: ids.map(call) });
  }

  async finish(id: string, text = ""): Promise<void> {
    this.#finish.get(id)?.(answered(id, text));
    await settle();
  }

  /** The control plane took the batch under way. */
  async take(): Promise<void> {
    this.#taken();
    await settle();
  }

  get sentIds(): readonly (readonly string[])[] {
    return this.sent.map((results) => results.map(({ id }) => id));
  }
}

describe("run()", () => {
  it("starts every call of a batch with its event, and none that runs already", () => {
    const under = new Runner();
    under.run("a", "b");
    under.run("b", "c");
    expect(under.started.map(({ id, phase }) => [id, phase])).toEqual([
      ["a", "event"],
      ["b", "event"],
      ["c", "event"],
    ]);
  });

  it("sends what ended while a batch was under way as the next batch", async () => {
    const under = new Runner();
    under.run("a", "b", "c");
    await under.finish("a");
    await under.finish("b");
    await under.finish("c");
    expect(under.sentIds).toEqual([["a"]]);
    await under.take();
    expect(under.sentIds).toEqual([["a"], ["b", "c"]]);
  });

  it("sends no batch beyond its bounds", async () => {
    const under = new Runner();
    const ids = Array.from({ length: callLimits.batchMax + 2 }, (_, index) => `c${String(index)}`);
    under.run(...ids);
    for (const id of ids) await under.finish(id);
    await under.take();
    expect(under.sent[1]).toHaveLength(callLimits.batchMax);
    const large = new Runner();
    large.run("a", "b", "c", "d", "e", "f", "g");
    for (const id of ["a", "b", "c", "d", "e", "f", "g"]) await large.finish(id, "x".repeat(callLimits.resultBytesMax));
    await large.take();
    await large.take();
    expect(large.sentIds).toEqual([["a"], ["b", "c", "d", "e"], ["f", "g"]]);
  });

  it("runs a call again when it is asked to after it ended", async () => {
    const under = new Runner();
    under.run("a");
    await under.finish("a");
    under.run("a");
    expect(under.started).toHaveLength(2);
  });
});

describe("toCallResult()", () => {
  it("tells status, error and text of an answer", () => {
    const headers = [
      ["x-func-err-code", "4002"],
      ["X-Is-Func-Err", "true"],
    ] as const;
    expect(toCallResult(answered("a", "ü", headers))).toEqual({
      id: "a",
      durationMs: 7,
      outcome: { kind: "answered", status: 200, eventCode: 4002, isFunctionError: true, text: "ü" },
    });
  });

  it("leaves a result beyond its limit out", () => {
    const textOf = (bytes: number): string => {
      const { outcome } = toCallResult(answered("a", "x".repeat(bytes)));
      return outcome.kind === "answered" ? outcome.text : "none";
    };
    expect(textOf(callLimits.resultBytesMax)).toHaveLength(callLimits.resultBytesMax);
    expect(textOf(callLimits.resultBytesMax + 1)).toBe("");
  });

  it("passes failures on, and calls anything but an answer one", () => {
    const failed = { kind: "failed", code: "HOST_LOST", message: "gone" } as const;
    expect(toCallResult({ id: "a", outcome: failed, durationMs: 1, logs: [] }).outcome).toEqual(failed);
    const { outcome } = toCallResult({ id: "a", outcome: { kind: "continue" }, durationMs: 1, logs: [] });
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_RESULT_INVALID" });
  });
});
