/**
 * The cache's part of the pipeline: where an answer may be, whether it is there, and whether a new one stays.
 *
 * Invariants: a request that waits for another's answer waits for one at a time; an answer that broke off is not in the cache; the key holds
 * the domain, so that one domain's functions can never fill another domain's cache.
 */
import type { Body } from "../../runtime/body.ts";
import { deleteHeader, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { decideCaching, type NotStoredReason } from "../cache/cache-decision.ts";
import { findCacheRule } from "../cache/cache-rule.ts";
import type { CacheLookup, StoredAnswer } from "../cache/memory-cache.ts";
import { SharedBody } from "../cache/shared-body.ts";
import { bodyLengthBytes } from "./body-length.ts";
import type { CacheDetail, ForwardReason } from "./cache-note.ts";
import type { CachePlace, Exchange, ResponseMessage } from "./exchange.ts";
import type { FillResult } from "./collapser.ts";
import { failExchange } from "./fail-exchange.ts";
import type { Services } from "./services.ts";
import type { StepName } from "./steps.ts";

/** A request waits for others' answers this often before it asks alone. */
const LOOKUPS_MAX = 3;

/** Where an answer to the request may be; requests the cache does not serve go on to the origin. */
export function placeInCache(_services: Services, exchange: Exchange): StepName {
  const { method, url, headers, body } = exchange.request;
  if (method !== "GET" && method !== "HEAD") return forward(exchange, { reason: "method", detail: null });
  // A body changes what a GET means to some origins, and it is not part of the key.
  if (body.kind !== "empty") return forward(exchange, { reason: "bypass", detail: "REQUEST_BODY" });
  if (exchange.socketProtocols !== null) return forward(exchange, { reason: "bypass", detail: "UPGRADE" });
  const domain = exchange.domain?.config.domain ?? "";
  const rules = exchange.domain?.cacheRules ?? [];
  const rule = rules.length === 0 ? undefined : findCacheRule(rules, url.match);
  const plain = rule === undefined || url.query === "";
  const query = plain ? url.query : rule.keyQuery(url.query);
  const address = plain ? url.href : `${url.scheme}://${url.host}${url.path}${query}`;
  exchange.cachePlace = { key: `${domain} ${address}`, domain, query, rule, special: specialRequest(headers) };
  return "lookup";
}

/** A stored answer, or who asks the origin: this request, or one that is on its way already. */
export function lookUp(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const place = exchange.cachePlace;
  if (place === null) return "originConfiguration";
  const { method } = exchange.request;
  const now = services.clock.now();
  exchange.requestedAt = now;
  const found = lookUpUnpurged(services, exchange, { place, now });
  if (found.kind === "hit") return hit(exchange, found.answer, now);
  if (place.special !== null) return forward(exchange, { reason: "request", detail: place.special });
  const reason = found.kind === "miss" ? found.reason : "uri-miss";
  if (method === "HEAD" || found.kind === "uncacheable" || exchange.lookups++ >= LOOKUPS_MAX) {
    return forward(exchange, { reason, detail: null });
  }
  const joined = services.collapser.join(found.variantKey);
  forward(exchange, { reason, detail: null });
  if (joined.kind === "lead") {
    exchange.ticket = joined.ticket;
    return "originConfiguration";
  }
  return waitForOther(exchange, joined.result);
}

/** A purged answer is forgotten when it is found. */
function lookUpUnpurged(
  services: Services,
  { request }: Exchange,
  { place, now }: { readonly place: CachePlace; readonly now: number },
): CacheLookup {
  const { cache, purges } = services;
  const found = cache.lookup(place.key, request.headers, now);
  if (found.kind !== "hit" || purges.isEmpty) return found;
  const { variantKey, answer } = found;
  const { domain, query } = place;
  const entry = { domain, path: request.url.path, query, tags: [], requestedAt: answer.requestedAt };
  if (purges.judge(entry) === "kept") return found;
  cache.remove(variantKey, answer);
  return { kind: "miss", variantKey, reason: "stale" };
}

async function waitForOther(exchange: Exchange, found: Promise<FillResult>): Promise<StepName> {
  const result = await found;
  if (result.kind === "failed") {
    failExchange(exchange, result.code);
    return "clientResponse";
  }
  return result.kind === "stored" ? "lookup" : "originConfiguration";
}

/** Keeps the answer when it may be kept, and tells those who wait. */
export function storeAnswer(services: Services, exchange: Exchange): StepName {
  const { response, cachePlace: place, cacheNote: note } = exchange;
  if (response === null || place === null || note.kind !== "forward" || place.special !== null) return "clientResponse";
  const now = services.clock.now();
  const decision = decideCaching({
    method: exchange.originRequest?.method === "HEAD" ? "HEAD" : exchange.request.method,
    requestHeaders: exchange.request.headers,
    status: response.status,
    responseHeaders: response.headers,
    rule: place.rule,
    now,
  });
  const tooLarge = (bodyLengthBytes(response.body) ?? 0) > messageLimits.bufferedBodyBytesMax;
  if (!decision.store || tooLarge) {
    return notStored(services, exchange, decision.store ? "BODY_TOO_LARGE" : decision.reason);
  }
  const answer: StoredAnswer = {
    kind: "answer",
    status: response.status,
    headers: deleteHeader(response.headers, "age"),
    body: new Uint8Array(),
    bodyBytes: bodyLengthBytes(response.body) ?? 0,
    storedAt: now,
    requestedAt: exchange.requestedAt,
    ageMs: decision.ageMs,
    freshUntil: now + decision.freshMs,
  };
  exchange.cacheNote = { ...note, stored: true };
  if (response.body.kind === "stream") storeStream(services, exchange, { answer, place, response });
  else {
    services.cache.store(place.key, exchange.request.headers, { ...answer, body: wholeBody(response.body) });
    exchange.ticket?.settle({ kind: "stored" });
  }
  return "clientResponse";
}

function hit(exchange: Exchange, answer: StoredAnswer, now: number): StepName {
  const ageSeconds = Math.floor((answer.ageMs + now - answer.storedAt) / 1_000);
  const body: Body =
    answer.body instanceof SharedBody
      ? { kind: "stream", chunks: answer.body.read(), lengthBytes: answer.bodyBytes }
      : { kind: "bytes", bytes: answer.body };
  exchange.response = { status: answer.status, headers: `${answer.headers}age:${ageSeconds}\n`, body };
  const waited = exchange.cacheNote;
  exchange.cacheNote =
    waited.kind === "forward"
      ? { ...waited, collapsed: true }
      : { kind: "hit", ttlSeconds: Math.floor((answer.freshUntil - now) / 1_000) };
  return "clientResponse";
}

function forward(
  exchange: Exchange,
  why: { readonly reason: ForwardReason; readonly detail: CacheDetail | null },
): StepName {
  exchange.cacheNote = { kind: "forward", stored: false, collapsed: false, ...why };
  return "originConfiguration";
}

function notStored(services: Services, exchange: Exchange, reason: NotStoredReason): StepName {
  const { cachePlace: place, cacheNote: note } = exchange;
  if (note.kind === "forward") exchange.cacheNote = { ...note, detail: reason };
  if (place !== null && reason !== "METHOD") {
    services.cache.markUncacheable(place.key, services.clock.now());
    exchange.ticket?.settle({ kind: "uncacheable" });
  }
  return "clientResponse";
}

/**
 * The client and the cache read one body. Of known length it is in the cache at once and serves others while it arrives; of unknown length it
 * gets there when it is complete, since it may yet turn out too large.
 */
function storeStream(
  services: Services,
  exchange: Exchange,
  filling: { readonly answer: StoredAnswer; readonly place: CachePlace; readonly response: ResponseMessage },
): void {
  const { answer, place, response } = filling;
  if (response.body.kind !== "stream") return;
  const { headers } = exchange.request;
  const { ticket } = exchange;
  const { lengthBytes } = response.body;
  // A body without an end in sight may never come to one.
  const isWorthKeeping = (): boolean => lengthBytes !== undefined || (ticket?.waiters ?? 0) > 0;
  const bytesMax = messageLimits.bufferedBodyBytesMax;
  const shared = new SharedBody(response.body.chunks, { bytesMax, isWorthKeeping });
  const arriving = { ...answer, body: shared };
  const variantKey = lengthBytes === undefined ? null : services.cache.store(place.key, headers, arriving);
  if (variantKey !== null) ticket?.settle({ kind: "stored" });
  services.background.add(
    "cache.fill",
    finishFill(services, exchange, { answer, arriving, shared, variantKey, place }),
  );
  exchange.response = { ...response, body: { kind: "stream", chunks: shared.read(), lengthBytes } };
}

async function finishFill(
  services: Services,
  exchange: Exchange,
  fill: {
    readonly answer: StoredAnswer;
    readonly arriving: StoredAnswer;
    readonly shared: SharedBody;
    /** Where the answer stands already, or null when it is not in the cache yet. */
    readonly variantKey: string | null;
    readonly place: CachePlace;
  },
): Promise<void> {
  const { answer, arriving, variantKey, place } = fill;
  const { ticket } = exchange;
  const end = await fill.shared.ended;
  switch (end.kind) {
    case "complete":
      if (variantKey !== null) services.cache.complete(variantKey, arriving, end.bytes);
      else {
        const whole = { ...answer, body: end.bytes, bodyBytes: end.bytes.byteLength };
        services.cache.store(place.key, exchange.request.headers, whole);
      }
      ticket?.settle({ kind: "stored" });
      return;
    case "overflow":
      services.cache.markUncacheable(place.key, services.clock.now());
      ticket?.settle({ kind: "uncacheable" });
      return;
    default:
      if (variantKey !== null) services.cache.remove(variantKey, arriving);
      ticket?.settle({ kind: "failed", code: "ORIGIN_TRUNCATED" });
  }
}

function wholeBody(body: Exclude<Body, { kind: "stream" }>): Uint8Array {
  switch (body.kind) {
    case "text":
      return Buffer.from(body.text);
    case "bytes":
      return body.bytes;
    default:
      return new Uint8Array();
  }
}

/** Requests whose answer is not the resource as it is: not shared with others, and no answer to them is stored. */
function specialRequest(headers: HeaderText): "RANGE" | "CONDITIONAL" | null {
  if (!headers.includes("range:") && !headers.includes("\nif-") && !headers.startsWith("if-")) return null;
  if (hasHeader(headers, "range")) return "RANGE";
  const conditions = ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since"];
  return conditions.some((name) => hasHeader(headers, name)) ? "CONDITIONAL" : null;
}
