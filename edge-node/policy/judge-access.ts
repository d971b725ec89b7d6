/**
 * Whether a request may be served, by the client's own request alone: what functions made of it makes no difference.
 *
 * Order: address, number of requests, Referer, User-Agent, signature; so a refused address takes no place in the table of counted ones, and
 * guessing signatures is counted.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { RequestMessage } from "../pipeline/exchange.ts";
import type { WireUrl } from "../pipeline/wire-url.ts";
import type { AccessPolicy } from "./domain-policy.ts";
import type { RequestRates } from "./request-rates.ts";

export interface AskingClient {
  readonly domain: string;
  readonly address: string;
  readonly request: RequestMessage;
}

export type AccessResult =
  | { readonly kind: "denied"; readonly code: Extract<ErrorCode, "ACCESS_DENIED" | "REQUEST_RATE_LIMITED"> }
  /** The client's URL without what only proves its signature, and the same for a URL that a function made. */
  | { readonly kind: "allowed"; readonly url: WireUrl; readonly strip: ((other: WireUrl) => WireUrl) | null };

export interface AccessTools {
  readonly rates: RequestRates;
  /** Since the epoch. */
  readonly nowMs: number;
  readonly monotonicMs: number;
}

export function judgeAccess(policy: AccessPolicy, client: AskingClient, tools: AccessTools): AccessResult {
  const { domain, address, request } = client;
  const { url, headers } = request;
  if (policy.allowsAddress?.(address) === false) return denied;
  if (policy.qps !== undefined) {
    const counted = { address, qps: policy.qps, nowMs: tools.monotonicMs };
    if (!tools.rates.take(domain, counted)) return { kind: "denied", code: "REQUEST_RATE_LIMITED" };
  }
  if (policy.allowsReferer?.(headers) === false || policy.allowsUserAgent?.(headers) === false) return denied;
  if (policy.judgeUrl === undefined) return { kind: "allowed", url, strip: null };
  const proved = policy.judgeUrl(url, tools.nowMs);
  return proved === null ? denied : { kind: "allowed", url: proved.url, strip: proved.strip };
}

const denied: AccessResult = { kind: "denied", code: "ACCESS_DENIED" };
