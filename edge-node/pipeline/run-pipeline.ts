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

/** The answer to send, or null when the client is gone. Never rejects. */
export async function runPipeline(
  services: Services,
  exchange: Exchange,
  options: { readonly logger: Logger },
): Promise<ResponseMessage | null> {
  let name: StepName = "domain";
  try {
    while (name !== "done" && !exchange.abandoned) {
      const next = steps[name](services, exchange);
      name = typeof next === "string" ? next : await next;
    }
  } catch (error) {
    options.logger.error({ requestId: exchange.requestId, step: name, err: error }, "pipeline.failed");
    if (exchange.response !== null) services.background.add("body.discard", discardBody(exchange.response.body));
    failExchange(exchange, "NODE_INTERNAL");
  }
  const { cacheNote: note, response } = exchange;
  const isFilling = note.kind === "forward" && note.stored;
  if (!isFilling) exchange.ticket?.settle({ kind: "uncacheable" });
  if (exchange.aborted || response?.status !== 101) dropSocket(exchange);
  if (!exchange.aborted) return response;
  if (response !== null) services.background.add("body.discard", discardBody(response.body));
  return null;
}
