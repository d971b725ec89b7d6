/**
 * Stale answers that are asked for anew while clients get them as they are (RFC 5861 §3): the same steps as for a client, without one.
 *
 * Invariants: one renewal of a key at a time, as many as `renewalsMax` in all; no client's leaving ends one; whoever waits for a renewal is
 * released in every case.
 */
import { emptyBody } from "../../runtime/body.ts";
import { filterHeaders } from "../../sdk/header-text.ts";
import { cacheLimits } from "../../sdk/cdn-limits.ts";
import { isCondition } from "../cache/conditional.ts";
import type { StoredAnswer } from "../cache/stored-answer.ts";
import type { Logger } from "../logger.ts";
import { forwardNote } from "./cache-note.ts";
import { askWhole, endAsking } from "./cache-steps.ts";
import { discardBody } from "./discard-body.ts";
import { Exchange } from "./exchange.ts";
import type { Services } from "./services.ts";
import { LaterStep, type Next } from "./later-step.ts";
import { steps, type StepName } from "./steps.ts";

/** What only a client's answer goes through. */
const endOfRenewal: ReadonlySet<StepName> = new Set(["clientResponse", "responseConfiguration", "deliver", "done"]);

export class Renewals {
  readonly #logger: Logger;
  #running = 0;

  constructor({ logger }: { readonly logger: Logger }) {
    this.#logger = logger;
  }

  /** Asks the origin for the answer that the client of `exchange` gets stale, unless somebody does so already. */
  start(services: Services, exchange: Exchange, stale: StoredAnswer): void {
    const place = exchange.cachePlace;
    if (place === null || this.#running >= cacheLimits.renewalsMax) return;
    const variantKey = services.cache.variantKey(place.key, exchange.request.headers);
    if (services.collapser.has(variantKey)) return;
    const joined = services.collapser.join(variantKey);
    if (joined.kind !== "lead") return;
    const headers = filterHeaders(exchange.request.headers, (name) => !isCondition(name));
    const renewal = new Exchange({
      client: { method: "GET", url: exchange.client.url, headers: exchange.client.headers, body: emptyBody },
      requestId: exchange.requestId,
      clientIp: exchange.clientIp,
      domain: exchange.domain,
      cdnLoop: exchange.cdnLoop,
      socketProtocols: null,
    });
    renewal.request = { method: "GET", url: exchange.request.url, headers, body: emptyBody };
    renewal.egress = exchange.egress;
    renewal.cachePlace = { ...place, isConditional: false, asked: headers, control: null };
    renewal.cacheNote = forwardNote("stale", null);
    renewal.stale = stale;
    renewal.lead(joined.ticket);
    renewal.fetch = "whole";
    renewal.isRenewal = true;
    this.#running++;
    services.background.add("cache.renew", this.#run(services, renewal));
  }

  async #run(services: Services, exchange: Exchange): Promise<void> {
    let name: StepName = askWhole(services, exchange);
    try {
      while (name !== "done" && !endOfRenewal.has(name)) {
        const next: Next | LaterStep = steps[name](services, exchange);
        if (next instanceof LaterStep) name = await next.promise();
        else name = typeof next === "string" ? next : await next;
      }
    } catch (error) {
      this.#logger.error({ requestId: exchange.requestId, step: name, err: error }, "renewal.failed");
    } finally {
      this.#running--;
      const { cacheNote: note } = exchange;
      const isFilling = note.kind === "forward" && note.stored;
      if (!isFilling) exchange.ticket?.settle({ kind: "uncacheable" });
      endAsking(services, exchange);
    }
    if (exchange.response !== null) await discardBody(exchange.response.body);
  }
}
