/**
 * Tells the control plane what came of invocations: those that end while a batch is on its way leave together.
 *
 * Invariant: a result that the control plane refuses takes no other with it.
 */
import type { InvokeResult } from "../../sdk/desired-state.ts";
import { controlLinkLimits } from "../../sdk/limits.ts";
import { ControlError } from "../control/control-client.ts";
import { BatchWhileSending } from "./batch-while-sending.ts";

export interface ResultSenderOptions {
  /** One attempt. */
  readonly post: (results: readonly InvokeResult[], signal: AbortSignal) => Promise<void>;
  /** Tries a few times. Never rejects. */
  readonly retry: (attempt: (signal: AbortSignal) => Promise<void>) => Promise<void>;
}

export class ResultSender {
  readonly #options: ResultSenderOptions;
  readonly #batches: BatchWhileSending<InvokeResult>;

  constructor(options: ResultSenderOptions) {
    this.#options = options;
    const { resultsMax: batchMax, resultsBytesMax: batchBytesMax } = controlLinkLimits;
    this.#batches = new BatchWhileSending({
      send: (results) => this.#send(results),
      bytesOf: sizeOf,
      batchMax,
      batchBytesMax,
    });
  }

  /** Resolves as `BatchWhileSending.push` does. */
  send(result: InvokeResult): Promise<void> {
    return this.#batches.push(result);
  }

  async #send(results: readonly InvokeResult[]): Promise<void> {
    const { post, retry } = this.#options;
    let isRefused = false;
    await retry(async (signal) => {
      try {
        await post(results, signal);
      } catch (error) {
        isRefused = results.length > 1 && error instanceof ControlError && error.reason === "refused";
        if (!isRefused) throw error;
      }
    });
    if (!isRefused) return;
    for (const result of results) await retry((signal) => post([result], signal));
  }
}

/** About what it takes as JSON: its body and its lines. */
function sizeOf({ outcome, logs }: InvokeResult): number {
  const lines = logs.reduce((sum, { message }) => sum + message.length, 0);
  return lines + (outcome.kind === "response" ? outcome.body.length : 0);
}
