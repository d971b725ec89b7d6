/** The origin's steps: which sources would be asked in which order, and how they are. None is asked. */
import type { DomainSource } from "../../sdk/domain.ts";
import type { ExplainStep } from "../../sdk/explain.ts";
import type { CompiledSource } from "../origin/domain-origins.ts";
import { originScheme, sourcePlace } from "../origin/origin-target.ts";
import { explained, type ExplainContext } from "./explainer.ts";
import { hasFetchRule } from "./explain-rules.ts";

export function explainOrigin({ services, exchange }: ExplainContext): ExplainStep | null {
  const { domain, request, client } = exchange;
  if (domain === undefined || hasFetchRule(exchange)) return null;
  const { origins, config } = domain;
  const sources = [...origins.sourcesFor(request.url.match)].sort((a, b) => b.source.priority - a.source.priority);
  if (sources.length === 0) return explained("origin", "stop", { text: "fails: ORIGIN_NOT_CONFIGURED" });
  const to = { scheme: originScheme(origins.protocol, client.url.scheme), host: request.url.host };
  const healthOf = (source: CompiledSource): string => {
    const state = services.origins.known(source)?.health.state(services.clock.monotonicMs());
    return state === undefined ? "well (not asked yet)" : state;
  };
  const entries = sources.map((source, index) => {
    const place = sourcePlace(source.source, to);
    const share = shareOf(source.source, sources);
    const parts = [place.origin, `Host ${place.host}`, `priority ${source.source.priority}`, share, healthOf(source)];
    return [`source ${index + 1}`, parts.filter((part) => part !== "").join(", ")] as const;
  });
  const target = domain.policy?.rewriteOrigin?.(request.url);
  const rewritten =
    target === undefined || target === request.url ? undefined : (target?.path ?? "has no canonical form: fails");
  const fields = config.origin_request_header.map(({ name, action }) => `${action} ${name}`).join(", ");
  return explained("origin", "note", {
    text: sources.length === 1 ? "the source would be asked" : "the first well source would be asked, then the next",
    facts: { path: rewritten, ...Object.fromEntries(entries), "request fields": fields },
  });
}

/** Sources of one priority take turns by weight. */
function shareOf(source: DomainSource, all: readonly CompiledSource[]): string {
  const group = all.filter((other) => other.source.priority === source.priority);
  if (group.length === 1) return "";
  const sum = group.reduce((total, other) => total + other.source.weight, 0);
  return `first in ${Math.round((100 * source.weight) / sum)} % of requests`;
}
