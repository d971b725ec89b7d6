/**
 * Access control and rewriting by the configuration, key by key.
 *
 * Invariants: requests per second are neither counted nor judged, since they depend on what else comes; no key of a signature is shown.
 */
import type { ExplainStep } from "../../sdk/explain.ts";
import { dropAnswer } from "../pipeline/access-step.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import { failExchange } from "../pipeline/fail-exchange.ts";
import { steps } from "../pipeline/steps.ts";
import type { AccessPolicy } from "../policy/domain-policy.ts";
import { explained, type ExplainContext } from "./explainer.ts";

/** In the order of policy/judge-access.ts. */
export function explainAccess({ services, exchange }: ExplainContext): ExplainStep | null {
  const access = exchange.domain?.policy?.access;
  if (access === undefined) return null;
  const { refusedBy, facts } = judge(access, exchange, services.clock.now());
  if (refusedBy === null) return explained("access", "ok", { text: "the client may ask", facts });
  dropAnswer(services, exchange);
  failExchange(exchange, "ACCESS_DENIED");
  return explained("access", "stop", { text: `403 ACCESS_DENIED by ${refusedBy}`, facts });
}

function judge(
  access: AccessPolicy,
  exchange: Exchange,
  nowMs: number,
): { readonly refusedBy: string | null; readonly facts: Readonly<Record<string, string>> } {
  const { client, clientIp } = exchange;
  const facts: Record<string, string> = {};
  let refusedBy: string | null = null;
  const tell = (key: string, allows: boolean | undefined, about: string): void => {
    if (allows === undefined) return;
    facts[key] = `${allows ? "allows" : "refuses"} ${about}`;
    if (!allows) refusedBy ??= key;
  };
  tell("ip_filter", access.allowsAddress?.(clientIp), clientIp);
  if (access.qps !== undefined) facts["ip_frequency_limit"] = `${access.qps} requests a second; not counted here`;
  tell("referer", access.allowsReferer?.(client.headers), "the Referer field");
  tell("user_agent_filter", access.allowsUserAgent?.(client.headers), "the User-Agent field");
  const proved = access.judgeUrl?.(client.url, nowMs);
  tell("url_auth", proved === undefined ? undefined : proved !== null, "the URL");
  if (proved === undefined || proved === null || refusedBy !== null) return { refusedBy, facts };
  const { url, strip } = proved;
  if (strip !== null && url !== client.url) {
    const { request } = exchange;
    exchange.request = { ...request, url: request.url === client.url ? url : strip(request.url) };
    exchange.askedUrl = url;
  }
  return { refusedBy, facts };
}

/** The real step changes nothing but the exchange. Whatever answered before, the request ends here. */
export async function explainRewrite(context: ExplainContext): Promise<ExplainStep | null> {
  const { services, exchange } = context;
  const { request, response, failure } = exchange;
  if (failure === null) await steps.requestRewrite(services, exchange);
  if (exchange.response !== null) context.reach = "answer";
  const text = (change: string): string => `${change} (request_url_rewrite)`;
  if (exchange.response !== response && exchange.response !== null) {
    return explained("requestRewrite", "stop", { text: text(`${exchange.response.status} to another URL`) });
  }
  if (exchange.request.url === request.url) return null;
  return explained("requestRewrite", "ok", { text: text("another path"), facts: { url: exchange.request.url.href } });
}
