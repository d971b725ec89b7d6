/**
 * Takes one exchange through the table of steps.
 *
 * Invariant: it ends with an answer or with nobody waiting; whoever waits for this exchange's origin request is released in every case.
 */
import type { Logger } from "../logger.ts";
import { endAsking } from "./cache-steps.ts";
import { discardBody } from "./discard-body.ts";
import type { Exchange, ResponseMessage } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import type { Services } from "./services.ts";
import { LaterStep, type Next, type StepReceiver } from "./later-step.ts";
import { steps, type StepName } from "./steps.ts";
import { dropSocket } from "./upgrade.ts";

export interface PipelineOptions {
  readonly logger: Logger;
  /**
   * Called once with the answer to send, or null when the client is gone: within the call of `runPipeline` when nothing had to be waited for, as
   * with most of what is served from the cache. Must not throw.
   */
  readonly settle: (answer: ResponseMessage | null) => void;
}

/** Never throws. */
export function runPipeline(services: Services, exchange: Exchange, options: PipelineOptions): void {
  new PipelineRun(services, exchange, options).goOn("domain");
}

/** Calls and not promises: those would cost as much as the work. */
class PipelineRun implements StepReceiver {
  readonly #services: Services;
  readonly #exchange: Exchange;
  readonly #options: PipelineOptions;
  #step: StepName = "domain";

  constructor(services: Services, exchange: Exchange, options: PipelineOptions) {
    this.#services = services;
    this.#exchange = exchange;
    this.#options = options;
  }

  goOn(from: Next): void {
    const [services, exchange] = [this.#services, this.#exchange];
    let next: Next | LaterStep = from;
    try {
      while (typeof next === "string" && next !== "done" && !exchange.abandoned) {
        this.#step = next;
        next = steps[next](services, exchange);
      }
    } catch (error) {
      this.fail(error);
      return;
    }
    if (typeof next === "string") this.#end();
    else if (next instanceof LaterStep) next.tell(this);
    else
      next.then(
        (name) => this.goOn(name),
        (error: unknown) => this.fail(error),
      );
  }

  fail(error: unknown): void {
    const [services, exchange] = [this.#services, this.#exchange];
    this.#options.logger.error({ requestId: exchange.requestId, step: this.#step, err: error }, "pipeline.failed");
    if (exchange.response !== null) services.background.add("body.discard", discardBody(exchange.response.body));
    failExchange(exchange, "NODE_INTERNAL");
    this.#end();
  }

  #end(): void {
    this.#options.settle(endPipeline(this.#services, this.#exchange));
  }
}

function endPipeline(services: Services, exchange: Exchange): ResponseMessage | null {
  const { cacheNote: note, response } = exchange;
  const isFilling = note.kind === "forward" && note.stored;
  if (!isFilling) exchange.ticket?.settle({ kind: "uncacheable" });
  endAsking(services, exchange);
  if (exchange.aborted || response?.status !== 101) dropSocket(exchange);
  if (!exchange.aborted) return response;
  if (response !== null) services.background.add("body.discard", discardBody(response.body));
  return null;
}
