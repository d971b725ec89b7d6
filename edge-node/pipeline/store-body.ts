/**
 * How the body of an answer that is kept gets into memory and onto the disk while its client reads it.
 *
 * One of known length that memory may hold is in the cache at once, serves others while it arrives, and is written when it is whole. A longer one,
 * and one of unknown length, is written as it passes: for others it is there when it is complete, and until then they ask the origin
 * themselves, since they would wait for as long as its client takes. Invariant: what breaks off is kept nowhere.
 */
import { getHeader } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { isFromStart } from "../cache/byte-range.ts";
import type { StoredPlace } from "../cache/memory-cache.ts";
import { SharedBody } from "../cache/shared-body.ts";
import type { StoredAnswer } from "../cache/stored-answer.ts";
import type { CachePlace, Exchange, ResponseMessage } from "./exchange.ts";
import { FilledStream } from "./filled-stream.ts";
import { hasNewerAnswer } from "./newer-answer.ts";
import type { Services } from "./services.ts";

export interface KeptAnswer {
  readonly response: ResponseMessage;
  readonly place: CachePlace;
  /** Without a body that still arrives. */
  readonly answer: StoredAnswer;
}

/** Keeps an answer whose body is there. */
export function storeWhole(services: Services, exchange: Exchange, { answer, place }: KeptAnswer): void {
  const stored = services.cache.store(place.key, exchange.request.headers, answer);
  tellStored(exchange, answer);
  keepOnDisk(services, stored, answer);
}

/**
 * The client and the cache read one body. Of known length it is in the cache at once and serves others while it arrives; of unknown length it
 * gets there when it is complete, since it may yet turn out too large.
 */
export function storeStream(services: Services, exchange: Exchange, kept: KeptAnswer): ResponseMessage {
  const { answer, place, response } = kept;
  if (response.body.kind !== "stream") return response;
  const { ticket } = exchange;
  const { lengthBytes } = response.body;
  const stops = exchange.domain?.config.client_abort === "stop" && !exchange.isRenewal;
  // A body without an end in sight may never come to one.
  const isWorthKeeping = (): boolean =>
    exchange.isRenewal || (!stops && lengthBytes !== undefined) || (ticket?.waiters ?? 0) > 0;
  const bytesMax = messageLimits.bufferedBodyBytesMax;
  const passing =
    lengthBytes === undefined && isWanted(services, exchange, kept) ? fillDisk(services, exchange, kept) : null;
  const shared = new SharedBody(passing ?? response.body.chunks, { bytesMax, isWorthKeeping });
  // The client's leaving does not end what others may want: its reader tells, and who waits.
  exchange.running(null);
  ticket?.whenDeserted(() => services.background.add("cache.desert", shared.reconsider()));
  const arriving = { ...answer, body: shared };
  const stored = lengthBytes === undefined ? null : services.cache.store(place.key, exchange.request.headers, arriving);
  if (stored !== null) tellStored(exchange, answer);
  const { askedKey } = exchange;
  exchange.askedKey = null;
  const fill = { ...kept, arriving, shared, stored, isOnItsWay: passing !== null, askedKey };
  services.background.add("cache.fill", finishFill(services, exchange, fill));
  return { ...response, body: { kind: "stream", chunks: shared.read(), lengthBytes } };
}

/** A body that memory cannot hold goes by way of the disk; null: it is not kept. A part of such a one is asked for as such. */
export function storeLarge(services: Services, exchange: Exchange, kept: KeptAnswer): ResponseMessage | null {
  const { place, response } = kept;
  if (response.body.kind !== "stream") return null;
  const range = place.isConditional ? getHeader(place.asked, "range") : undefined;
  if (range !== undefined && !isFromStart(range)) return null;
  const chunks = fillDisk(services, exchange, kept);
  if (chunks === null) return null;
  exchange.running(null);
  const variantKey = services.cache.variantKey(place.key, exchange.request.headers);
  services.cache.markUncacheable(variantKey, services.clock.now());
  exchange.ticket?.settle({ kind: "uncacheable" });
  return { ...response, body: { ...response.body, chunks } };
}

function isWanted(services: Services, exchange: Exchange, { place }: KeptAnswer): boolean {
  const { cache, disk } = services;
  return disk?.isWanted(cache.variantKey(place.key, exchange.request.headers)) === true;
}

/** The body as it is, written to the disk as it passes; null: the disk does not take it. */
function fillDisk(
  services: Services,
  exchange: Exchange,
  { response, place, answer }: KeptAnswer,
): FilledStream | null {
  const { body } = response;
  if (services.disk === null || body.kind !== "stream") return null;
  const to = services.cache.place(place.key, exchange.request.headers, answer);
  const fill = to === null ? null : services.disk.fill(to, answer, body.lengthBytes);
  if (to === null || fill === null) return null;
  return new FilledStream(body.chunks, {
    fill,
    isWorthKeeping: () => exchange.isRenewal,
    inBackground: (running) => services.background.add("disk.fill", running),
    onFilled: () => services.cache.forgetUncacheable(to.variantKey),
  });
}

async function finishFill(
  services: Services,
  exchange: Exchange,
  fill: KeptAnswer & {
    readonly arriving: StoredAnswer;
    readonly shared: SharedBody;
    /** Where the answer stands already, or null when it is not in the cache yet. */
    readonly stored: StoredPlace | null;
    /** The body is written to the disk as it passes. */
    readonly isOnItsWay: boolean;
    /** Of the exchange, whose end this may outlast. */
    readonly askedKey: string | null;
  },
): Promise<void> {
  const { answer, arriving, stored, place, isOnItsWay, askedKey } = fill;
  const { ticket } = exchange;
  const end = await fill.shared.ended;
  // What follows until the disk has begun to write is one piece.
  if (askedKey !== null) services.collapser.asked.end(askedKey);
  switch (end.kind) {
    case "complete":
      if (stored !== null) {
        const whole = services.cache.complete(stored.variantKey, arriving, end.bytes);
        keepOnDisk(services, stored, whole ?? { ...answer, body: end.bytes, bodyBytes: end.bytes.byteLength });
      } else {
        const whole = { ...answer, body: end.bytes, bodyBytes: end.bytes.byteLength };
        const { headers } = exchange.request;
        const later = isOutdated(services, exchange, answer) ? null : services.cache.store(place.key, headers, whole);
        if (!isOnItsWay) keepOnDisk(services, later, whole);
      }
      tellStored(exchange, answer);
      return;
    case "overflow": {
      const variantKey = services.cache.variantKey(place.key, exchange.request.headers);
      services.cache.markUncacheable(variantKey, services.clock.now());
      if (!isOnItsWay) services.disk?.admits({ variantKey });
      ticket?.settle({ kind: "uncacheable" });
      return;
    }
    default:
      if (stored !== null) services.cache.remove(stored.variantKey, arriving);
      ticket?.settle({ kind: "failed", code: "ORIGIN_TRUNCATED" });
  }
}

/** It was purged while its body came, or somebody has a later one already. */
function isOutdated(services: Services, exchange: Exchange, answer: StoredAnswer): boolean {
  if (hasNewerAnswer(services, exchange, answer)) return true;
  return !services.purges.isEmpty && services.purges.judge(answer) === "gone";
}

function keepOnDisk(services: Services, stored: StoredPlace | null, answer: StoredAnswer): void {
  if (stored === null || services.disk === null) return;
  services.background.add("disk.keep", services.disk.keep(stored, answer));
}

/** Those who wait have it; an answer that every use validates each of them must ask for. */
function tellStored(exchange: Exchange, answer: StoredAnswer): void {
  exchange.ticket?.settle({ kind: answer.isAlwaysValidated ? "uncacheable" : "stored" });
}
