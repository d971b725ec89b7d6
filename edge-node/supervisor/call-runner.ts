/**
 * Runs the asynchronous calls that the control plane hands to this node, and tells it in batches what came of them.
 *
 * Knows neither fronts nor HTTP. Invariants: a call that is running already is not started again, its result answers both; results leave in the
 * order in which they came, one batch at a time.
 */
import { callLimits } from "../../sdk/call-limits.ts";
import type { CallMessage, CallResult, CallsMessage } from "../../sdk/calls.ts";
import type { InvokeMessage, InvokeResult } from "../../sdk/desired-state.ts";
import { eventHeaders } from "../../sdk/event-answer.ts";
import type { BackgroundTasks } from "./background-tasks.ts";
import { BatchWhileSending } from "./batch-while-sending.ts";

export interface CallRunnerOptions {
  readonly invoke: (message: InvokeMessage, options: { readonly timeoutMs: number }) => Promise<InvokeResult>;
  /** Never rejects. */
  readonly send: (results: readonly CallResult[]) => Promise<void>;
  readonly tasks: BackgroundTasks;
}

export class CallRunner {
  readonly #options: CallRunnerOptions;
  readonly #running = new Set<string>();
  readonly #results: BatchWhileSending<CallResult>;

  constructor(options: CallRunnerOptions) {
    this.#options = options;
    const { batchMax, batchBytesMax } = callLimits;
    this.#results = new BatchWhileSending({ send: options.send, bytesOf: sizeOf, batchMax, batchBytesMax });
  }

  run({ calls }: CallsMessage): void {
    for (const call of calls) {
      if (this.#running.has(call.id)) continue;
      this.#running.add(call.id);
      this.#options.tasks.add("call", this.#run(call));
    }
  }

  async #run({ timeoutMs, ...call }: CallMessage): Promise<void> {
    let result: InvokeResult;
    try {
      result = await this.#options.invoke({ kind: "invoke", phase: "event", ...call }, { timeoutMs });
    } finally {
      this.#running.delete(call.id);
    }
    await this.#results.push(toCallResult(result));
  }
}

function sizeOf({ outcome }: CallResult): number {
  return outcome.kind === "answered" ? Buffer.byteLength(outcome.text) : outcome.message.length;
}

/** Pure: what the control plane is told of an invocation with an event. */
export function toCallResult({ id, outcome, durationMs }: InvokeResult): CallResult {
  switch (outcome.kind) {
    case "failed":
      return { id, durationMs, outcome: { ...outcome, message: outcome.message.slice(0, callLimits.messageCharsMax) } };
    case "response": {
      const header = (wanted: string): string | undefined =>
        outcome.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
      const bytes = Buffer.from(outcome.body, "base64");
      return {
        id,
        durationMs,
        outcome: {
          kind: "answered",
          status: outcome.status,
          eventCode: Number(header(eventHeaders.code) ?? 0) || 0,
          isFunctionError: header(eventHeaders.isFunctionError) === "true",
          text: bytes.byteLength > callLimits.resultBytesMax ? "" : bytes.toString(),
        },
      };
    }
    case "continue":
    case "request": {
      const message = "the handler of an event gave no answer";
      return { id, durationMs, outcome: { kind: "failed", code: "FUNCTION_RESULT_INVALID", message } };
    }
  }
}
