/**
 * What becomes of a stored answer that is not fresh when the origin was asked about it: confirmed, or used because the origin fails.
 *
 * Invariants: a confirmed answer keeps its body, and takes no later one's place; a stale one is sent only within the time that its terms give (RFC 5861 §4, RFC 9111 §4.2.4).
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import { filterHeaders, getHeader, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { cacheLimits } from "../../sdk/cdn-limits.ts";
import { decideCaching, isAboutRequest } from "../cache/cache-decision.ts";
import { describesSame } from "../cache/conditional.ts";
import { storedAnswer, updatedHeaders, type StoredAnswer } from "../cache/stored-answer.ts";
import { discardBody } from "./discard-body.ts";
import type { CachePlace, Exchange, ResponseMessage } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import { hasNewerAnswer } from "./newer-answer.ts";
import { presentStored } from "./present-answer.ts";
import { matchingRules } from "./run-phase.ts";
import type { Services } from "./services.ts";
import type { StepName } from "./steps.ts";
import { variesUnseen } from "./unseen-variance.ts";

/** No answer came: the stored one, while its time for that lasts, or the failure. */
export function answerFailure(services: Services, exchange: Exchange, code: ErrorCode): StepName {
  const { stale } = exchange;
  if (stale !== null && isUsable(services, stale, stale.staleOnFailureUntil))
    return useStale(services, exchange, stale);
  failExchange(exchange, code);
  return "clientResponse";
}

/** The origin answered with an error of its own: the stored answer instead, while its time for that lasts; null when it does not. */
export function answerServerError(services: Services, exchange: Exchange, response: ResponseMessage): StepName | null {
  const { stale } = exchange;
  if (response.status < 500 || stale === null || !isUsable(services, stale, stale.staleIfErrorUntil)) return null;
  services.background.add("body.discard", discardBody(response.body));
  return useStale(services, exchange, stale);
}

function isUsable(services: Services, stale: StoredAnswer, until: number): boolean {
  if (services.clock.now() >= until) return false;
  return services.purges.isEmpty || services.purges.judge(stale) !== "gone";
}

/** For some seconds nobody waits for this origin any more: the answer goes out stale and is renewed in the background. */
function useStale(services: Services, exchange: Exchange, stale: StoredAnswer): StepName {
  const now = services.clock.now();
  const { cachePlace: place, cacheNote: note } = exchange;
  const renewUntil = Math.min(now + cacheLimits.failureBackOffMs, stale.staleOnFailureUntil);
  const isWorthKeeping = renewUntil > stale.staleWhileRevalidateUntil && !hasNewerAnswer(services, exchange, stale);
  if (place !== null && isWorthKeeping) {
    services.cache.store(place.key, exchange.request.headers, { ...stale, staleWhileRevalidateUntil: renewUntil });
  }
  exchange.response = presentStored(services, exchange, { answer: stale, now });
  if (note.kind === "forward") {
    exchange.cacheNote = { ...note, ttlSeconds: ttlSeconds(stale, now), detail: "STALE_IF_ERROR" };
  }
  exchange.ticket?.settle({ kind: "stored" });
  return "clientResponse";
}

/** The origin said that the stored answer still stands (RFC 9111 §4.3.4). */
export function answerConfirmed(
  services: Services,
  exchange: Exchange,
  { response, stale }: { readonly response: ResponseMessage; readonly stale: StoredAnswer },
): StepName {
  if (!describesSame(stale.headers, response.headers)) return "askAgain";
  const now = services.clock.now();
  const { cachePlace: place, cacheNote: note } = exchange;
  if (place === null) return "clientResponse";
  const renewed = renew(services, exchange, { headers: response.headers, stale, place });
  const { answer } = renewed;
  exchange.response = presentStored(services, exchange, { answer, now });
  if (note.kind === "forward") {
    exchange.cacheNote = { ...note, ttlSeconds: renewed.isStored ? ttlSeconds(answer, now) : null };
  }
  const isShared = renewed.isStored && !answer.isAlwaysValidated;
  exchange.ticket?.settle({ kind: renewed.isOutdated ? "outdated" : isShared ? "stored" : "uncacheable" });
  return "clientResponse";
}

/** An answer to HEAD tells whether the stored answer to GET still stands (RFC 9111 §4.3.5). */
export function learnFromHead(services: Services, exchange: Exchange, response: ResponseMessage): void {
  const { stale, cachePlace: place } = exchange;
  if (stale === null || place === null || response.status !== 200) return;
  // What one user is told says nothing about what all others get.
  if (hasHeader(exchange.request.headers, "authorization")) return;
  const length = getHeader(response.headers, "content-length");
  const isSame = length === undefined || Number(length) === stale.bodyBytes;
  if (isSame && describesSame(stale.headers, response.headers)) {
    renew(services, exchange, { headers: response.headers, stale, place });
  } else {
    forget(services, exchange, { stale, place });
  }
}

interface Renewed {
  readonly answer: StoredAnswer;
  readonly isStored: boolean;
  /** The URL was changed or purged meanwhile, or a later answer came. */
  readonly isOutdated: boolean;
}

function renew(
  services: Services,
  exchange: Exchange,
  {
    headers: fresh,
    stale,
    place,
  }: { readonly headers: HeaderText; readonly stale: StoredAnswer; readonly place: CachePlace },
): Renewed {
  const now = services.clock.now();
  const { requestedAt } = exchange;
  const headers = updatedHeaders(stale, whatCounts(exchange, fresh));
  const decision = decideCaching({
    method: "GET",
    requestHeaders: exchange.request.headers,
    status: stale.status,
    responseHeaders: headers + filterHeaders(fresh, (name) => name === "age"),
    rule: place.rule,
    requestNoStore: place.control?.noStore === true,
    now,
    requestedAt,
  });
  if (!decision.store || variesUnseen(exchange, headers)) {
    // What one client says of itself takes the answer from nobody else.
    const isForAll = decision.store || !isAboutRequest(decision.reason);
    if (isForAll) forget(services, exchange, { stale, place });
    return { answer: { ...stale, headers, bornAt: now }, isStored: false, isOutdated: false };
  }
  const { status, body, bodyBytes } = stale;
  const answer = storedAnswer({ status, headers, body, bodyBytes, terms: decision, place, requestedAt, now });
  if (!services.purges.isEmpty && services.purges.judge(answer) === "gone") {
    forget(services, exchange, { stale, place });
    return { answer, isStored: false, isOutdated: true };
  }
  if (hasNewerAnswer(services, exchange, answer)) return { answer, isStored: false, isOutdated: true };
  const stored = services.cache.store(place.key, exchange.request.headers, answer);
  if (stored !== null && services.disk !== null) {
    services.background.add("disk.renew", services.disk.renew(stored, answer));
  }
  return { answer, isStored: stored !== null, isOutdated: stored === null };
}

function forget(
  services: Services,
  exchange: Exchange,
  { stale, place }: { readonly stale: StoredAnswer; readonly place: CachePlace },
): void {
  if (hasNewerAnswer(services, exchange, { headers: stale.headers, requestedAt: exchange.requestedAt })) return;
  const variantKey = services.cache.variantKey(place.key, exchange.request.headers);
  services.cache.remove(variantKey, stale);
  if (services.disk !== null) services.background.add("disk.delete", services.disk.delete(variantKey));
}

/**
 * What of the origin's word changes the stored answer. Where functions made the answer what it is, their verdict on the same answer is the same:
 * it stands, and only its time begins anew.
 */
function whatCounts(exchange: Exchange, fresh: HeaderText): HeaderText {
  const hasFunctions = matchingRules(exchange, "originResponse", exchange.request.url).length > 0;
  return hasFunctions ? filterHeaders(fresh, (name) => name === "date") : fresh;
}

function ttlSeconds(answer: StoredAnswer, now: number): number {
  return Math.floor((answer.freshUntil - now) / 1_000);
}
