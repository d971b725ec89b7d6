/**
 * Asks an origin and follows its redirects within the node, for GET and HEAD, whose redirects all mean the same here (RFC 9110 §15.4).
 *
 * Knows no domain: `route` says where a redirect leads. Invariants: at most `redirectsMax` redirects; what proves who the client is never
 * goes to another scheme, host or port than before, and never comes back on a later redirect.
 */
import { deleteHeader, getHeader, type HeaderText } from "../../sdk/header-text.ts";
import { originLimits } from "../../sdk/cdn-limits.ts";
import { discardBody } from "../pipeline/discard-body.ts";
import { parseWireUrl, type WireUrl } from "../pipeline/wire-url.ts";
import type { ExchangeFailure } from "./http-exchange.ts";
import { askOrigin, type OriginAnswer, type OriginAsk, type RunningOriginRequest } from "./origin-client.ts";

/** How a redirect to `url` is asked for, with `headers` as they may be sent there. */
export type RouteRedirect = (url: WireUrl, headers: HeaderText) => OriginAsk;

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const credentials = ["authorization", "cookie", "proxy-authorization"];

/** As `askOrigin`, until the answer is no redirect. `ask` is a GET or HEAD without body. */
export function askFollowing(ask: OriginAsk, route: RouteRedirect): RunningOriginRequest {
  let running: RunningOriginRequest | null = null;
  let isCancelled = false;
  const send = (next: OriginAsk): RunningOriginRequest => {
    running = askOrigin(next);
    if (isCancelled) running.cancel();
    return running;
  };
  return {
    result: follow(ask, { send, route }),
    cancel: () => {
      isCancelled = true;
      running?.cancel();
    },
  };
}

async function follow(
  first: OriginAsk,
  by: { readonly send: (ask: OriginAsk) => RunningOriginRequest; readonly route: RouteRedirect },
): Promise<OriginAnswer | ExchangeFailure> {
  let ask = first;
  for (let redirects = 0; ; redirects++) {
    const result = await by.send(ask).result;
    if (result.kind === "failed" || !redirectStatuses.has(result.status)) return result;
    const location = getHeader(result.headers, "location");
    if (location === undefined) return result;
    await discardBody(result.body);
    const from = askedUrl(ask, result);
    const url = URL.canParse(location, from) ? parseWireUrl(new URL(location, from).href) : null;
    if (url === null || redirects === originLimits.redirectsMax) return leadsNowhere;
    ask = by.route(url, headersFor(ask.request.headers, { from, url }));
  }
}

/** The URL that an answer is about, as its source knows it. */
function askedUrl({ request }: OriginAsk, { target }: OriginAnswer): string {
  const scheme = target.origin.startsWith("https:") ? "https" : "http";
  return `${scheme}://${getHeader(request.headers, "host") ?? target.host}${request.target}`;
}

function headersFor(headers: HeaderText, to: { readonly from: string; readonly url: WireUrl }): HeaderText {
  const from = new URL(to.from);
  let result = from.host === to.url.host ? headers : deleteHeader(headers, "host");
  if (from.origin !== `${to.url.scheme}://${to.url.host}`) {
    for (const name of credentials) result = deleteHeader(result, name);
  }
  return result;
}

const leadsNowhere: ExchangeFailure = {
  kind: "failed",
  code: "ORIGIN_REDIRECTS",
  message: "too many redirects, or one to no http or https URL",
  unsent: false,
  dropped: false,
};
