/**
 * The cache's part of the pipeline before the origin: where an answer may be, whether it is there and may be used, and who asks the origin.
 *
 * Invariants: a request that waits for another's answer waits for one at a time; the key holds the domain, so that one domain's functions can
 * never fill another domain's cache.
 */
import { filterHeaders, getHeader, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { isFromStart } from "../cache/byte-range.ts";
import { findCacheRule } from "../cache/cache-rule.ts";
import { hasPrecondition, isCondition, validatorsOf } from "../cache/conditional.ts";
import type { DiskTier } from "../cache/disk-tier.ts";
import type { CacheLookup } from "../cache/memory-cache.ts";
import { purgePath, purgeQuery } from "../cache/purge-spelling.ts";
import { readRequestControl } from "../cache/request-control.ts";
import { judgeReuse } from "../cache/reuse.ts";
import type { StoredAnswer } from "../cache/stored-answer.ts";
import { forwardNote, type CacheDetail, type ForwardReason } from "./cache-note.ts";
import type { FillWait } from "./collapser.ts";
import type { CachePlace, Exchange, KeyedPlace, RequestMessage } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import { hopsOf } from "./loop-guard.ts";
import { presentStored } from "./present-answer.ts";
import type { RoutedDomain } from "../routing/routing.ts";
import type { Services } from "./services.ts";
import { answerFailure } from "./stale-answers.ts";
import type { StepName } from "./steps.ts";
import type { WireUrl } from "./wire-url.ts";

/** A request waits for others' answers this often before it asks alone. */
const LOOKUPS_MAX = 3;

/** Where an answer to the request may be; requests the cache does not serve go on to the origin. */
export function placeInCache(_services: Services, exchange: Exchange): StepName {
  const { method, url, body } = exchange.request;
  if (method !== "GET" && method !== "HEAD") return forward(exchange, "method", null);
  // A body changes what a GET means to some origins, and it is not part of the key.
  if (body.kind !== "empty") return forward(exchange, "bypass", "REQUEST_BODY");
  if (exchange.socketProtocols !== null) return forward(exchange, "bypass", "UPGRADE");
  if (url !== exchange.client.url) exchange.request = withChangedSite(exchange);
  const { headers } = exchange.request;
  const isConditional = mentionsCondition(headers);
  if (isConditional && hasPrecondition(headers)) return forward(exchange, "request", "CONDITIONAL");
  const { key, rule, domain, path, query } = keyedPlace(exchange, url);
  exchange.cachePlace = {
    key,
    rule,
    domain,
    path,
    query,
    isConditional,
    asked: headers,
    control: readRequestControl(headers),
  };
  return "lookup";
}

/**
 * The node tells the origin the scheme and host that its client asked for. Where a function changed them they are not in the key, and lookups have to see
 * them for answers that vary with them.
 */
function withChangedSite({ client, request }: Exchange): RequestMessage {
  const { url, headers } = request;
  const { scheme, host } = client.url;
  let told = "";
  if (url.scheme !== scheme && !hasHeader(headers, "x-forwarded-proto")) told = `x-forwarded-proto:${scheme}\n`;
  if (url.host !== host && !hasHeader(headers, "x-forwarded-host")) told += `x-forwarded-host:${host}\n`;
  return told === "" ? request : { ...request, headers: headers + told };
}

/** Where answers to a URL of the exchange's domain stand, before what they vary with. */
export function keyedPlace({ domain }: Pick<Exchange, "domain">, url: WireUrl): KeyedPlace {
  const { derived } = url;
  const known = derived?.keyed;
  if (known !== null && known?.url === url && known.domain === domain) return known.place;
  const place = keyPlace(domain, url);
  if (derived !== null && domain !== undefined) derived.keyed = { url, domain, place };
  return place;
}

function keyPlace(routed: RoutedDomain | undefined, url: WireUrl): KeyedPlace {
  const domain = routed?.config.domain ?? "";
  const rules = routed?.cacheRules ?? [];
  const rule = rules.length === 0 ? undefined : findCacheRule(rules, url.match);
  const path = purgePath(url.path);
  const spelled = purgeQuery(url.query);
  if (rule === undefined || url.query === "") {
    return { key: `${domain} ${url.href}`, rule, domain, path, query: spelled };
  }
  const keyed = rule.keyQuery(url.query);
  const query = spelled === url.query ? keyed : rule.keyQuery(spelled);
  return { key: `${domain} ${url.scheme}://${url.host}${url.path}${keyed}`, rule, domain, path, query };
}

/** A stored answer, or who asks the origin: this request, or one that is on its way already. */
export function lookUp(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const place = exchange.cachePlace;
  if (place === null) return "originConfiguration";
  const now = services.clock.now();
  const found = services.cache.lookup(place.key, exchange.request.headers, now);
  if (exchange.onDisk !== null) return lookAtDisk(services, exchange, { found, onDisk: exchange.onDisk, now });
  if (found.kind !== "answer") return missed(services, exchange, found);
  return use(services, exchange, { answer: found, now, detail: null });
}

/** What the disk had, unless memory has something newer by now or its URL was invalidated meanwhile. */
function lookAtDisk(
  services: Services,
  exchange: Exchange,
  { found, onDisk, now }: { readonly found: CacheLookup; readonly onDisk: StoredAnswer; readonly now: number },
): StepName | Promise<StepName> {
  exchange.onDisk = null;
  if (found.kind === "answer" && found.requestedAt > onDisk.requestedAt) {
    return use(services, exchange, { answer: found, now, detail: null });
  }
  const key = exchange.cachePlace?.key ?? "";
  if (services.cache.accepts(key, onDisk.requestedAt)) {
    return use(services, exchange, { answer: onDisk, now, detail: "DISK" });
  }
  if (found.kind === "answer") return use(services, exchange, { answer: found, now, detail: null });
  return missed(services, exchange, found);
}

interface Hit {
  readonly answer: StoredAnswer;
  readonly now: number;
  readonly detail: CacheDetail | null;
}

/** A stored answer as far as it may be used for this request. */
function use(services: Services, exchange: Exchange, hit: Hit): StepName | Promise<StepName> {
  const { answer, now } = hit;
  // What a client wants of an answer is met by one that it waited for.
  const control = exchange.lookups > 0 ? null : (exchange.cachePlace?.control ?? null);
  const reuse = judgeReuse(answer, { now, control, purges: services.purges });
  switch (reuse) {
    case "fresh":
      return serve(services, exchange, hit);
    case "stale-while-revalidate":
      services.renewals.start(services, exchange, answer);
      return serve(services, exchange, { ...hit, detail: "STALE_WHILE_REVALIDATE" });
    case "stale-accepted":
      return serve(services, exchange, { ...hit, detail: "STALE_ACCEPTED" });
    case "gone": {
      const variantKey = variantKeyOf(services, exchange);
      services.cache.remove(variantKey, answer);
      if (hit.detail === "DISK" && services.disk !== null) {
        services.background.add("disk.delete", services.disk.delete(variantKey));
      }
      return missed(services, exchange, { kind: "miss", variantKey, reason: "uri-miss" });
    }
    default:
      exchange.stale = answer;
      return ask(services, exchange, {
        reason: reuse === "stale" ? "stale" : "request",
        variantKey: variantKeyOf(services, exchange),
      });
  }
}

function variantKeyOf(services: Services, exchange: Exchange): string {
  return services.cache.variantKey(exchange.cachePlace?.key ?? "", exchange.request.headers);
}

function serve(services: Services, exchange: Exchange, hit: Hit): StepName {
  const { answer, now, detail } = hit;
  const written = services.disk?.used(answer) ?? null;
  if (written !== null) services.background.add("disk.keep", written);
  exchange.response = presentStored(services, exchange, hit);
  const ttlSeconds = Math.floor((answer.freshUntil - now) / 1_000);
  const waited = exchange.cacheNote;
  exchange.cacheNote =
    waited.kind === "forward"
      ? { ...waited, collapsed: true, ttlSeconds, detail }
      : { kind: "hit", ttlSeconds, detail };
  return "clientResponse";
}

function missed(
  services: Services,
  exchange: Exchange,
  found: Exclude<CacheLookup, StoredAnswer>,
): StepName | Promise<StepName> {
  const { variantKey } = found;
  if (found.kind === "uncacheable") {
    return ask(services, exchange, { reason: "uri-miss", variantKey, isUncacheable: true });
  }
  const { disk } = services;
  if (disk !== null && !exchange.hasSoughtDisk) {
    const onDisk = disk.findNow({ key: exchange.cachePlace?.key ?? "", variantKey }, exchange.request.headers);
    if (onDisk !== undefined) {
      exchange.hasSoughtDisk = true;
      return use(services, exchange, { answer: onDisk, now: services.clock.now(), detail: "DISK" });
    }
    if (disk.mayHave(variantKey)) return seekOnDisk(disk, exchange, variantKey);
  }
  return ask(services, exchange, { reason: found.reason, variantKey });
}

/** What the disk has is looked at like what memory has: after all that came while it was read. */
async function seekOnDisk(disk: DiskTier, exchange: Exchange, variantKey: string): Promise<StepName> {
  exchange.hasSoughtDisk = true;
  const { cachePlace: place, request } = exchange;
  if (place !== null) exchange.onDisk = (await disk.find({ key: place.key, variantKey }, request.headers)) ?? null;
  return "lookup";
}

interface Asking {
  readonly reason: ForwardReason;
  readonly variantKey: string;
  /** The last answer could not be stored. */
  readonly isUncacheable?: boolean;
}

/** The origin is needed: alone, for others, too, or by waiting for one who asks already. */
function ask(services: Services, exchange: Exchange, asking: Asking): StepName | Promise<StepName> {
  const place = exchange.cachePlace;
  const { method, headers } = exchange.request;
  const { reason, variantKey, isUncacheable = false } = asking;
  if (place?.control?.onlyIfCached === true) return notCached(exchange);
  const waited = exchange.cacheNote.kind === "forward" && exchange.lookups > 0;
  if (!waited) forward(exchange, reason, isUncacheable ? "UNCACHEABLE" : null);
  const isOwn = method === "HEAD" || place === null || leavesToOrigin(exchange, place, asking);
  if (isOwn) return "originConfiguration";
  exchange.fetch = "whole";
  // Their answers are for them alone, unless the origin says otherwise.
  const isPersonal = headers.includes("authorization:") && hasHeader(headers, "authorization");
  const isAlone = isUncacheable || isPersonal || place.control?.noStore === true;
  if (isAlone || exchange.stale?.isAlwaysValidated === true || exchange.lookups++ >= LOOKUPS_MAX) {
    return askWhole(services, exchange);
  }
  const isCurrent = (begunAt: number): boolean => isTrueStill(services, place, begunAt);
  const joined = services.collapser.join(variantKey, { hops: hopsOf(exchange.cdnLoop), isCurrent });
  if (joined.kind === "wait") return waitForOther(services, exchange, joined.wait);
  if (joined.kind === "lead") exchange.lead(joined.ticket);
  return askWhole(services, exchange);
}

/** The URL was neither purged nor changed since; the tags of what is on its way are not known. */
function isTrueStill({ cache, purges }: Services, place: CachePlace, begunAt: number): boolean {
  if (!cache.accepts(place.key, begunAt)) return false;
  return purges.isEmpty || purges.judge({ ...place, tags: [], requestedAt: begunAt }) === "kept";
}

/** A part that the origin is asked for as it is, and all conditions on answers that are not stored anyway. */
function leavesToOrigin(exchange: Exchange, place: CachePlace, asking: Asking): boolean {
  if (!place.isConditional || exchange.stale !== null) return false;
  if (asking.isUncacheable === true) return true;
  const range = getHeader(place.asked, "range");
  if (range === undefined || isFromStart(range) || exchange.domain?.origins.passesRange !== true) return false;
  forward(exchange, "uri-miss", "RANGE");
  return true;
}

/**
 * The request as it goes to the origin: for all of the answer, unless the stored one still stands. One that was purged while this request waited
 * for another is not asked about: a 304 would bring its body back as one that came after the purge.
 */
export function askWhole({ collapser, purges }: Services, exchange: Exchange): StepName {
  if (exchange.stale !== null && !purges.isEmpty && purges.judge(exchange.stale) === "gone") exchange.stale = null;
  const { request, stale, cachePlace: place } = exchange;
  if (place !== null && exchange.askedKey === null) {
    exchange.askedKey = place.key;
    collapser.asked.begin(place.key);
  }
  const plain =
    place?.isConditional === true ? filterHeaders(place.asked, (name) => !isCondition(name)) : request.headers;
  const validators = stale === null ? "" : validatorsOf(stale.headers);
  if (validators !== "" || plain !== request.headers) exchange.request = { ...request, headers: plain + validators };
  exchange.asksToConfirm = validators !== "";
  return "originConfiguration";
}

/** The exchange is over, and nothing that it asked for fills the cache afterwards. */
export function endAsking({ collapser }: Services, exchange: Exchange): void {
  if (exchange.askedKey !== null) collapser.asked.end(exchange.askedKey);
  exchange.askedKey = null;
}

async function waitForOther(services: Services, exchange: Exchange, wait: FillWait): Promise<StepName> {
  exchange.running({ cancel: () => wait.leave() });
  const result = await wait.result;
  exchange.running(null);
  // There is nobody to answer, which ends the pipeline.
  if (result.kind === "left") return "deliver";
  if (result.kind === "failed") return answerFailure(services, exchange, result.code);
  if (result.kind === "uncacheable") return askWhole(services, exchange);
  // Memory may have been too small for it.
  exchange.hasSoughtDisk = false;
  return "lookup";
}

function notCached(exchange: Exchange): StepName {
  failExchange(exchange, "NOT_CACHED");
  exchange.cacheNote = { kind: "local", detail: "ONLY_IF_CACHED" };
  return "clientResponse";
}

function forward(exchange: Exchange, reason: ForwardReason, detail: CacheDetail | null): StepName {
  exchange.cacheNote = forwardNote(reason, detail);
  return "originConfiguration";
}

function mentionsCondition(headers: HeaderText): boolean {
  if (!headers.includes("range:") && !headers.includes("\nif-") && !headers.startsWith("if-")) return false;
  let found = false;
  filterHeaders(headers, (name) => {
    found ||= isCondition(name);
    return true;
  });
  return found;
}
