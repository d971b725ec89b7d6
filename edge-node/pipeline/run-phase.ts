/**
 * Runs the rules of one phase that match, the larger priority first, each on what the one before left.
 *
 * Which rules match is decided once, on the path at the beginning of the phase: a function that rewrites the path cannot make a later access
 * check of the same phase disappear.
 */
import type { Phase } from "../../sdk/phase.ts";
import { ruleFor, type RoutedRule } from "../routing/routing.ts";
import type { Exchange, RequestMessage, ResponseMessage } from "./exchange.ts";
import { runRule, type RuleInput } from "./run-rule.ts";
import type { Services } from "./services.ts";
import type { WireUrl } from "./wire-url.ts";
import type { SocketAnswer } from "./upgrade.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";

export type PhaseResult =
  | { readonly kind: "request"; readonly request: RequestMessage }
  | { readonly kind: "response"; readonly response: ResponseMessage }
  /** Request phases only. */
  | ({ readonly kind: "upgrade" } & SocketAnswer)
  | { readonly kind: "failed"; readonly code: ErrorCode };

const NO_RULES: readonly RoutedRule[] = [];

/** Their rules may keep requests from an origin, which may read a path more leniently than it is written. */
const GUARDING: ReadonlySet<Phase> = new Set(["clientRequest", "originPull"]);

/** The rules of a phase that match a path, in order; those that may guard it also match what lenient origins read it as. */
export function matchingRules(exchange: Exchange, phase: Phase, url: WireUrl): readonly RoutedRule[] {
  const rules = exchange.domain?.rules[phase];
  if (rules === undefined || rules.length === 0) return NO_RULES;
  const { match, lenientMatch } = url;
  if (match === lenientMatch || !GUARDING.has(phase)) return rules.filter((rule) => rule.matches(match));
  return rules.filter((rule) => rule.matches(match) || rule.matches(lenientMatch));
}

/** Request phases: the request goes on, or a function answered. */
export async function runRequestPhase(
  services: Services,
  exchange: Exchange,
  phase: { readonly rules: readonly RoutedRule[]; readonly request: RequestMessage },
): Promise<PhaseResult> {
  let input: RuleInput = { request: phase.request, response: null };
  for (const named of phase.rules) {
    const rule = ruleFor(named, exchange, services.random);
    const result = await runRule(services, exchange, { rule, input });
    if (result.kind === "response" || result.kind === "upgrade" || result.kind === "failed") return result;
    // What a function may not connect to it may not have the node connect to either.
    if (result.kind === "request" && result.request.url.host !== input.request.url.host) exchange.egress = rule.egress;
    input = result.kind === "request" ? { request: result.request, response: null } : result.input;
    if (rule.stop) break;
  }
  return { kind: "request", request: input.request };
}

/** Response phases: there is always a response at the end, unless a function failed. */
export async function runResponsePhase(
  services: Services,
  exchange: Exchange,
  phase: {
    readonly rules: readonly RoutedRule[];
    readonly request: RequestMessage;
    readonly response: ResponseMessage;
  },
): Promise<Exclude<PhaseResult, { kind: "request" | "upgrade" }>> {
  let { response } = phase;
  for (const named of phase.rules) {
    const rule = ruleFor(named, exchange, services.random);
    const result = await runRule(services, exchange, { rule, input: { request: phase.request, response } });
    if (result.kind === "failed") return result;
    if (result.kind === "response") ({ response } = result);
    else if (result.kind !== "request" && result.kind !== "upgrade" && result.input.response !== null)
      ({ response } = result.input);
    if (rule.stop) break;
  }
  return { kind: "response", response };
}
