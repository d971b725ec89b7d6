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
import {
  askOrigin,
  type OriginAnswer,
  type OriginAsk,
  type OriginResult,
  type RunningOriginRequest,
} from "./origin-client.ts";

/** How a redirect to `url` is asked for, with `headers` as they may be sent there. */
export type RouteRedirect = (url: WireUrl, headers: HeaderText) => OriginAsk;

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const credentials = ["authorization", "cookie", "proxy-authorization"];

/** As `askOrigin`, until the answer is no redirect. `ask` is a GET or HEAD without body. */
export function askFollowing(
  ask: OriginAsk,
  route: RouteRedirect,
  settle: (result: OriginResult) => void,
): RunningOriginRequest {
  const following = new Following(route, settle);
  following.ask(ask);
  return following;
}

class Following implements RunningOriginRequest {
  readonly #route: RouteRedirect;
  readonly #settle: (result: OriginResult) => void;
  #running: RunningOriginRequest | null = null;
  #isCancelled = false;
  #redirects = 0;

  constructor(route: RouteRedirect, settle: (result: OriginResult) => void) {
    this.#route = route;
    this.#settle = settle;
  }

  ask(ask: OriginAsk): void {
    const running = askOrigin(ask, (result) => this.#answered(ask, result));
    // One that failed at once leads nowhere, so that there is no later one here.
    this.#running = running;
    if (this.#isCancelled) running.cancel();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#running?.cancel();
  }

  #answered(asked: OriginAsk, result: OriginResult): void {
    const isRedirect = result.kind === "response" && redirectStatuses.has(result.status);
    const location = isRedirect ? getHeader(result.headers, "location") : undefined;
    if (result.kind === "failed" || location === undefined) {
      this.#settle(result);
      return;
    }
    const from = askedUrl(asked, result);
    const url = URL.canParse(location, from) ? parseWireUrl(new URL(location, from).href) : null;
    const isLast = this.#redirects++ === originLimits.redirectsMax;
    const goOn = (): void => {
      if (url === null || isLast) this.#settle(leadsNowhere);
      else this.ask(this.#route(url, headersFor(asked.request.headers, { from, url })));
    };
    discardBody(result.body).then(goOn, goOn);
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
