/**
 * Takes one exchange through the table of steps.
 *
 * Invariant: it ends with an answer or with nobody waiting; whoever waits for this exchange's origin request is released in every case.
 */
import type { Logger } from "../logger.ts";
import { discardBody } from "./discard-body.ts";
import type { Exchange, ResponseMessage } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import type { Services } from "./services.ts";
import { steps, type StepName } from "./steps.ts";
import { dropSocket } from "./upgrade.ts";

export interface PipelineOptions {
  readonly logger: Logger;
}

/**
 * The answer to send, or null when the client is gone. Never throws or rejects. At once when nothing had to be waited for, as with most of what is
 * served from the cache: a promise would cost as much as the work.
 */
export function runPipeline(
  services: Services,
  exchange: Exchange,
  options: PipelineOptions,
): ResponseMessage | null | Promise<ResponseMessage | null> {
  let name: StepName = "domain";
  try {
    while (name !== "done" && !exchange.abandoned) {
      const next = steps[name](services, exchange);
      if (typeof next !== "string") return goOn(services, exchange, { logger: options.logger, step: name, next });
      name = next;
    }
  } catch (error) {
    failPipeline(services, exchange, { logger: options.logger, step: name, error });
  }
  return endPipeline(services, exchange);
}

/** The same from a step on that has to be waited for. */
async function goOn(
  services: Services,
  exchange: Exchange,
  { logger, step, next }: { readonly logger: Logger; readonly step: StepName; readonly next: Promise<StepName> },
): Promise<ResponseMessage | null> {
  let name = step;
  try {
    name = await next;
    while (name !== "done" && !exchange.abandoned) {
      const following = steps[name](services, exchange);
      name = typeof following === "string" ? following : await following;
    }
  } catch (error) {
    failPipeline(services, exchange, { logger, step: name, error });
  }
  return endPipeline(services, exchange);
}

function failPipeline(
  services: Services,
  exchange: Exchange,
  { logger, step, error }: { readonly logger: Logger; readonly step: StepName; readonly error: unknown },
): void {
  logger.error({ requestId: exchange.requestId, step, err: error }, "pipeline.failed");
  if (exchange.response !== null) services.background.add("body.discard", discardBody(exchange.response.body));
  failExchange(exchange, "NODE_INTERNAL");
}

function endPipeline(services: Services, exchange: Exchange): ResponseMessage | null {
  const { cacheNote: note, response } = exchange;
  const isFilling = note.kind === "forward" && note.stored;
  if (!isFilling) exchange.ticket?.settle({ kind: "uncacheable" });
  if (exchange.aborted || response?.status !== 101) dropSocket(exchange);
  if (!exchange.aborted) return response;
  if (response !== null) services.background.add("body.discard", discardBody(response.body));
  return null;
}
