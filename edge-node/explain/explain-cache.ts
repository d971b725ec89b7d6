/** The cache's steps: the key, and what stands there now, in memory or on the disk. Looks without touching: what is shown is not used more lately for it. */
import type { CacheRule } from "../../sdk/domain.ts";
import type { ExplainStep } from "../../sdk/explain.ts";
import { getHeader } from "../../sdk/header-text.ts";
import type { CacheLookup } from "../cache/memory-cache.ts";
import { judgeReuse, type Reuse } from "../cache/reuse.ts";
import { ageSeconds, type StoredAnswer } from "../cache/stored-answer.ts";
import { placeInCache } from "../pipeline/cache-steps.ts";
import { byPriority } from "../rules/path-condition.ts";
import type { CachePlace, Exchange } from "../pipeline/exchange.ts";
import { explained, type ExplainContext } from "./explainer.ts";

export function explainCacheKey(context: ExplainContext): ExplainStep {
  const { services, exchange } = context;
  placeInCache(services, exchange);
  const { cachePlace: place, cacheNote: note } = exchange;
  if (place === null) {
    context.reach = "origin";
    const detail = note.kind === "forward" && note.detail !== null ? ` (${note.detail})` : "";
    const reason = note.kind === "forward" ? note.reason : "bypass";
    return explained("cacheKey", "ok", { text: `past the cache: ${reason}${detail}` });
  }
  return explained("cacheKey", "ok", {
    text: "the cache is asked",
    facts: { key: place.key, rule: describeRule(exchange, place), "client's control": describeControl(place) },
  });
}

function describeRule({ domain }: Exchange, { rule }: CachePlace): string {
  if (domain === undefined || rule === undefined) return "none: the origin's headers decide";
  // Compiled in this very order (cache-rule.ts).
  const written = byPriority(domain.config.cache_rules, ({ priority }) => priority);
  const config = written[domain.cacheRules.indexOf(rule)];
  return config === undefined ? "" : describeCacheRule(config);
}

function describeCacheRule(rule: CacheRule): string {
  const match = rule.match_value === undefined ? rule.match_type : `${rule.match_type} ${rule.match_value}`;
  const query = [rule.url_parameter_type, rule.url_parameter_value].filter((part) => part !== undefined).join(" ");
  return `${match}, priority ${rule.priority}, ttl ${rule.ttl}${rule.ttl_unit}, follow_origin ${rule.follow_origin}, ${query}`;
}

function describeControl({ control, isConditional }: CachePlace): string {
  const parts: string[] = [];
  if (control?.noCache === true) parts.push("no-cache");
  if (control?.noStore === true) parts.push("no-store");
  if (control?.onlyIfCached === true) parts.push("only-if-cached");
  if (isConditional) parts.push("condition or range");
  return parts.join(", ");
}

/** As the real step does: memory, then the disk, unless memory knows that nothing can be stored. */
export async function explainLookup(context: ExplainContext): Promise<ExplainStep> {
  const { services, exchange } = context;
  const { cachePlace: place, request } = exchange;
  if (place === null) return explained("lookup", "note", { text: "not asked" });
  const found = services.cache.peek(place.key, request.headers, services.clock.now());
  const inMemory = found.kind === "answer" ? found : null;
  if (inMemory !== null) {
    const step = explainFound(context, { place, answer: inMemory, tier: MEMORY });
    if (step !== null) return step;
  }
  const { key } = place;
  const variantKey = found.kind === "answer" ? services.cache.variantKey(key, request.headers) : found.variantKey;
  const isAsked = services.disk !== null && found.kind !== "uncacheable";
  const onDisk = isAsked ? await services.disk?.peek({ key, variantKey }, request.headers) : undefined;
  if (onDisk !== undefined) {
    const step = explainFound(context, { place, answer: onDisk, tier: DISK });
    if (step !== null) return step;
  }
  const purged = inMemory ?? onDisk;
  if (purged === undefined)
    return explainMiss(context, { found, place, tier: isAsked ? `${MEMORY}, then ${DISK}` : MEMORY });
  askOrigin(context, place);
  const facts = storedFacts(context, purged, inMemory === null ? DISK : MEMORY);
  return explained("lookup", "ok", { text: "miss: what is there was purged", facts });
}

type Seen = Omit<StoredAnswer, "body">;

/** Null: it is not used at all. */
function explainFound(
  context: ExplainContext,
  { place, answer, tier }: { readonly place: CachePlace; readonly answer: Seen; readonly tier: string },
): ExplainStep | null {
  const { services } = context;
  const reuse = judgeReuse(answer, { now: services.clock.now(), control: place.control, purges: services.purges });
  if (reuse === "gone") return null;
  const said = reuses[reuse];
  if (said.isUsed) context.reach = "answer";
  else askOrigin(context, place);
  const facts = storedFacts(context, answer, tier);
  return explained("lookup", said.isUsed ? "stop" : "ok", { text: said.text, facts });
}

const reuses: Readonly<Record<Exclude<Reuse, "gone">, { readonly text: string; readonly isUsed: boolean }>> = {
  fresh: { text: "hit: a fresh answer is sent", isUsed: true },
  "stale-while-revalidate": { text: "hit: a stale answer is sent and renewed in the background", isUsed: true },
  "stale-accepted": { text: "hit: a stale answer is sent, as the client takes one", isUsed: true },
  stale: { text: "stale: the origin is asked whether it still stands", isUsed: false },
  "client-asked": { text: "there, but the client wants the origin's word", isUsed: false },
};

function explainMiss(
  context: ExplainContext,
  { found, place, tier }: { readonly found: CacheLookup; readonly place: CachePlace; readonly tier: string },
): ExplainStep {
  const text =
    found.kind === "uncacheable"
      ? "miss: the last answer could not be stored, so nobody waits for others"
      : found.kind === "miss" && found.reason === "vary-miss"
        ? "miss: answers are there, but none for these request fields (Vary)"
        : "miss: nothing is stored";
  const { collapser } = context.services;
  const variantKey = found.kind === "answer" ? place.key : found.variantKey;
  const waits = collapser.has(variantKey) ? "for another request that asks the origin now" : undefined;
  const isRefused = place.control?.onlyIfCached === true;
  askOrigin(context, place);
  return explained("lookup", isRefused ? "stop" : "ok", {
    text: isRefused ? "504: nothing is stored, and the client takes nothing else" : text,
    facts: { tier, waits, variant: variantOf(variantKey) },
  });
}

function askOrigin(context: ExplainContext, place: CachePlace): void {
  context.reach = place.control?.onlyIfCached === true ? "answer" : "origin";
}

/** Each front has a memory of its own. */
const MEMORY = "memory of the front that was asked";
const DISK = "the node's disk";
/** Stored fields that say something about caching; others may be a tenant's own business. */
const shownFields = [
  "cache-control",
  "cdn-cache-control",
  "content-encoding",
  "content-type",
  "date",
  "etag",
  "expires",
  "last-modified",
  "vary",
];

function storedFacts(
  { services }: ExplainContext,
  answer: Seen,
  tier: string,
): Readonly<Record<string, string | number | undefined>> {
  const now = services.clock.now();
  const purged = services.purges.isEmpty ? "kept" : services.purges.judge(answer);
  const until = (time: number): string | undefined =>
    time > answer.freshUntil ? `${seconds(time - now)} s more` : undefined;
  return {
    tier,
    status: answer.status,
    bytes: answer.bodyBytes,
    age: `${ageSeconds(answer, now)} s`,
    "fresh for": `${seconds(answer.freshUntil - now)} s`,
    "stale while revalidated": until(answer.staleWhileRevalidateUntil),
    "stale if the origin answers with an error": until(answer.staleIfErrorUntil),
    "stale if the origin does not answer": until(answer.staleOnFailureUntil),
    purged: purged === "kept" ? undefined : purged === "stale" ? "softly: it is stale" : "it is gone",
    tags: answer.tags.join(", "),
    ...Object.fromEntries(shownFields.map((name) => [name, getHeader(answer.headers, name)])),
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** What the stored answers vary with, as this request has it. */
function variantOf(variantKey: string): string {
  const [, ...lines] = variantKey.split("\n");
  return lines.filter((line) => !line.startsWith("@")).join("; ");
}
