/**
 * The cache's part of the pipeline after the origin: whether an answer stays, what it says about one that is stored already, and who is told.
 *
 * Invariants: an answer that broke off is not in the cache; tags of an answer are for this cache and go no further.
 */
import type { Body } from "../../runtime/body.ts";
import { deleteHeader, getAllHeaders } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { decideCaching, isAboutRequest, type NotStoredReason } from "../cache/cache-decision.ts";
import { ownBytes } from "../cache/own-bytes.ts";
import { storedAnswer } from "../cache/stored-answer.ts";
import { bodyLengthBytes } from "./body-length.ts";
import { askWhole, keyedPlace } from "./cache-steps.ts";
import { discardBody } from "./discard-body.ts";
import type { CachePlace, Exchange, ResponseMessage } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import { hasNewerAnswer } from "./newer-answer.ts";
import { presentAsAsked } from "./present-answer.ts";
import type { Services } from "./services.ts";
import { storeLarge, storeStream, storeWhole, type KeptAnswer } from "./store-body.ts";
import { answerConfirmed, answerServerError, learnFromHead } from "./stale-answers.ts";
import type { StepName } from "./steps.ts";
import { variesUnseen } from "./unseen-variance.ts";
import { parseWireUrl } from "./wire-url.ts";

/** Keeps the answer when it may be kept, and tells those who wait. */
export function storeAnswer(services: Services, exchange: Exchange): StepName {
  const { response, cachePlace: place, cacheNote: note } = exchange;
  if (response === null) return "clientResponse";
  if (note.kind === "forward") exchange.cacheNote = { ...note, status: response.status };
  if (place === null) {
    if (note.kind === "forward" && note.reason === "method") invalidate(services, exchange, response);
    return passOn(exchange, response);
  }
  if (exchange.request.method === "HEAD") learnFromHead(services, exchange, response);
  if (exchange.fetch === "as-asked") return passOn(exchange, response);
  const { stale } = exchange;
  if (stale !== null && exchange.asksToConfirm && response.status === 304) {
    return answerConfirmed(services, exchange, { response, stale });
  }
  return answerServerError(services, exchange, response) ?? storeNew(services, exchange, { response, place });
}

/** The origin confirmed something else than what is stored: once more, for the whole answer. */
export function askAgain(services: Services, exchange: Exchange): StepName {
  const { cachePlace: place } = exchange;
  exchange.stale = null;
  exchange.hasAskedAgain = true;
  exchange.response = null;
  if (place !== null) exchange.request = { ...exchange.request, headers: place.asked };
  return askWhole(services, exchange);
}

interface NewAnswer {
  readonly response: ResponseMessage;
  readonly place: CachePlace;
}

function storeNew(services: Services, exchange: Exchange, { response, place }: NewAnswer): StepName {
  const now = services.clock.now();
  const decision = decideCaching({
    method: exchange.originRequest?.method === "HEAD" ? "HEAD" : exchange.request.method,
    requestHeaders: exchange.request.headers,
    status: response.status,
    responseHeaders: response.headers,
    rule: place.rule,
    errorTtlMs: errorTtlMs(exchange, response.status),
    requestNoStore: place.control?.noStore === true,
    now,
    requestedAt: exchange.requestedAt,
  });
  if (!decision.store) return notStored(services, exchange, { response, reason: decision.reason });
  if (variesUnseen(exchange, response.headers))
    return notStored(services, exchange, { response, reason: "VARY_UNSEEN" });
  const { requestedAt } = exchange;
  const { status, headers, body } = response;
  if (!services.cache.accepts(place.key, requestedAt) || hasNewerAnswer(services, exchange, { headers, requestedAt })) {
    return notStored(services, exchange, { response, reason: "INVALIDATED" });
  }
  const bodyBytes = bodyLengthBytes(body) ?? 0;
  const bytes = body.kind === "stream" ? new Uint8Array() : wholeBody(body);
  const answer = storedAnswer({ status, headers, body: bytes, bodyBytes, terms: decision, place, requestedAt, now });
  const { purges } = services;
  const verdict = purges.isEmpty ? "kept" : purges.judge(answer);
  if (verdict === "gone") return notStored(services, exchange, { response, reason: "INVALIDATED" });
  // What was purged softly is kept, and stale from the beginning.
  const freshMs = verdict === "kept" ? decision.freshMs : 0;
  return store(services, exchange, { response, place, freshMs, answer });
}

function store(services: Services, exchange: Exchange, kept: KeptAnswer & { readonly freshMs: number }): StepName {
  const { response, freshMs, answer } = kept;
  const isLarge = answer.bodyBytes > messageLimits.bufferedBodyBytesMax;
  if (isLarge) {
    const passing = storeLarge(services, exchange, kept);
    if (passing === null) return tooLarge(services, exchange, kept);
    exchange.response = passing;
  } else if (response.body.kind === "stream") exchange.response = storeStream(services, exchange, kept);
  else {
    storeWhole(services, exchange, kept);
    exchange.response = response;
  }
  const { cacheNote: note } = exchange;
  if (note.kind === "forward") {
    const ttlSeconds = Math.floor(freshMs / 1_000);
    exchange.cacheNote = { ...note, stored: true, ttlSeconds, detail: isLarge ? "DISK" : null };
  }
  exchange.response = presentAsAsked(services, exchange, withoutTags(exchange.response));
  return "clientResponse";
}

function passOn(exchange: Exchange, response: ResponseMessage): StepName {
  exchange.response = withoutTags(response);
  return "clientResponse";
}

function notStored(
  services: Services,
  exchange: Exchange,
  { response, reason }: { readonly response: ResponseMessage; readonly reason: NotStoredReason },
): StepName {
  const { cachePlace: place, cacheNote: note } = exchange;
  if (note.kind === "forward") exchange.cacheNote = { ...note, status: response.status, detail: reason };
  // It says so again of an answer that nobody has: the client would be left without one.
  if (response.status === 304 && exchange.hasAskedAgain) {
    failExchange(exchange, "ORIGIN_MALFORMED");
    return "clientResponse";
  }
  if (reason === "INVALIDATED") exchange.ticket?.settle({ kind: "outdated" });
  if (place !== null && !isAboutRequest(reason)) {
    const variantKey = services.cache.variantKey(place.key, exchange.request.headers);
    services.cache.markUncacheable(variantKey, services.clock.now());
    exchange.ticket?.settle({ kind: "uncacheable" });
  }
  exchange.response = presentAsAsked(services, exchange, withoutTags(response));
  return "clientResponse";
}

/** A part of what is too large to be kept is better asked for as such. */
function tooLarge(services: Services, exchange: Exchange, { response, place }: NewAnswer): StepName {
  const next = notStored(services, exchange, { response, reason: "BODY_TOO_LARGE" });
  const presented = exchange.response;
  if (presented?.status !== 206) return next;
  services.background.add("body.discard", discardBody(presented.body));
  exchange.response = null;
  exchange.stale = null;
  exchange.fetch = "as-asked";
  exchange.request = { ...exchange.request, headers: place.asked };
  return "originConfiguration";
}

function withoutTags(response: ResponseMessage): ResponseMessage {
  if (!response.headers.includes("cache-tag:")) return response;
  return { ...response, headers: deleteHeader(response.headers, "cache-tag") };
}

function errorTtlMs(exchange: Exchange, status: number): number | undefined {
  if (status < 400) return undefined;
  const ttl = exchange.domain?.config.error_code_cache?.find(({ code }) => code === status)?.ttl;
  return ttl === undefined ? undefined : ttl * 1_000;
}

/** Methods that change nothing (RFC 9110 §9.2.1, and those of WebDAV and QUERY); an unknown one may. */
const safeMethods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "PROPFIND",
  "QUERY",
  "REPORT",
  "SEARCH",
  "TRACE",
]);

/** What a change makes untrue (RFC 9111 §4.4): its own URL, and those of the same host that the answer names. */
function invalidate(services: Services, exchange: Exchange, response: ResponseMessage): void {
  const { method, url } = exchange.request;
  if (safeMethods.has(method) || response.status < 200 || response.status >= 400) return;
  const named = ["location", "content-location"].flatMap((name) => getAllHeaders(response.headers, name).slice(0, 1));
  const urls = named
    .filter((reference) => URL.canParse(reference, url.href))
    .map((reference) => parseWireUrl(new URL(reference, url.href).href))
    .filter((other) => other !== null && other.host === url.host && other.scheme === url.scheme);
  for (const changed of [url, ...urls]) {
    if (changed === null) continue;
    const { key } = keyedPlace(exchange, changed);
    const { cache, collapser, clock, disk, news } = services;
    const now = clock.now();
    const isFilling = collapser.asked.has(key) || disk?.isBusy(key) === true;
    cache.invalidate(key, { now, isFilling });
    news?.invalidated({ key, at: now });
    if (disk !== null) services.background.add("disk.delete", disk.delete(key));
  }
}

/** The cache's own. */
function wholeBody(body: Exclude<Body, { kind: "stream" }>): Uint8Array {
  switch (body.kind) {
    case "text":
      return ownBytes(Buffer.from(body.text));
    case "bytes":
      return ownBytes(body.bytes);
    default:
      return new Uint8Array();
  }
}
