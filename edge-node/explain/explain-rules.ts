/** The steps in which functions run: which rules match, in which order, and, when the asker wants it, what clientRequest functions do. */
import type { ExplainStep } from "../../sdk/explain.ts";
import { headerEntries, type HeaderText } from "../../sdk/header-text.ts";
import type { Phase } from "../../sdk/phase.ts";
import { discardBody } from "../pipeline/discard-body.ts";
import type { Exchange, RequestMessage } from "../pipeline/exchange.ts";
import { failExchange } from "../pipeline/fail-exchange.ts";
import { matchingRules, runRequestPhase } from "../pipeline/run-phase.ts";
import type { RoutedRule } from "../routing/routing.ts";
import { explained, type ExplainContext } from "./explainer.ts";

export function explainClientRequest(context: ExplainContext): ExplainStep | null | Promise<ExplainStep> {
  const { exchange, runs } = context;
  const rules = matchingRules(exchange, "clientRequest", exchange.client.url);
  if (rules.length === 0) return null;
  if (runs === "yes") return runClientRequest(context, rules);
  const text = `${counted(rules.length, "function")} would run; not run here, and taken to change nothing`;
  return explained("clientRequest", "note", { text, facts: factsOf(rules) });
}

async function runClientRequest(context: ExplainContext, rules: readonly RoutedRule[]): Promise<ExplainStep> {
  const { services, exchange } = context;
  const before = exchange.request;
  const result = await runRequestPhase(services, exchange, { rules, request: before });
  const facts = factsOf(rules);
  switch (result.kind) {
    case "request":
      exchange.request = result.request;
      return explained("clientRequest", "ok", {
        text: `${counted(rules.length, "function")} ran`,
        facts: { ...facts, ...changes(before, result.request) },
      });
    case "response":
      exchange.response = { ...result.response, body: { kind: "empty" } };
      await discardBody(result.response.body);
      return explained("clientRequest", "stop", { text: `a function answers with ${result.response.status}`, facts });
    case "upgrade":
      result.socket.close({ code: 1001, reason: "", wasClean: true });
      exchange.response = { status: 101, headers: "", body: { kind: "empty" } };
      return explained("clientRequest", "stop", { text: "a function takes the WebSocket", facts });
    default:
      failExchange(exchange, result.code);
      return explained("clientRequest", "stop", { text: `a function fails: ${result.code}`, facts });
  }
}

/** The rules of a later phase. */
export function explainPhase(phase: Exclude<Phase, "clientRequest" | "fetch">) {
  return ({ exchange }: ExplainContext): ExplainStep | null => {
    const { url } = phase === "clientResponse" ? exchange.client : exchange.request;
    const rules = matchingRules(exchange, phase, url);
    if (rules.length === 0) return null;
    return explained(phase, "note", { text: `${counted(rules.length, "function")} would run`, facts: factsOf(rules) });
  };
}

export function explainFetch({ exchange }: ExplainContext): ExplainStep | null {
  const [rule] = matchingRules(exchange, "fetch", exchange.request.url);
  if (rule === undefined) return null;
  const text = "a function answers instead of an origin";
  return explained("fetch", "note", { text, facts: factsOf([rule]) });
}

/** Whether a function stands in for the origin. */
export function hasFetchRule(exchange: Exchange): boolean {
  return matchingRules(exchange, "fetch", exchange.request.url).length > 0;
}

function factsOf(rules: readonly RoutedRule[]): Readonly<Record<string, string>> {
  const entries = rules.map((rule, index) => [`rule ${index + 1}`, describeRule(rule)] as const);
  const stop = rules.findIndex((rule) => rule.stop);
  const ended = stop >= 0 && stop < rules.length - 1 ? { after: `rule ${stop + 1} ends the phase` } : {};
  return { ...Object.fromEntries(entries), ...ended };
}

function describeRule(rule: RoutedRule): string {
  const version = rule.version === "" ? "(no such version)" : rule.version;
  const parts = [`${rule.function}@${version}`, `priority ${rule.priority}`];
  if (rule.grey !== null) parts.push(`for some requests ${rule.grey.rule.version} instead`);
  if (rule.stop) parts.push("stop");
  if (rule.key === null) parts.push(`not loaded on this node: ${rule.onError === "fail" ? "fails" : "is left out"}`);
  return parts.join(", ");
}

/** What became of the request. Values of fields stay with the function: they may be secrets. */
function changes(before: RequestMessage, after: RequestMessage): Readonly<Record<string, string | undefined>> {
  const [old, present] = [fieldsOf(before.headers), fieldsOf(after.headers)];
  const set = [...present].filter(([name, value]) => old.get(name) !== value).map(([name]) => name);
  const deleted = [...old.keys()].filter((name) => !present.has(name));
  return {
    method: before.method === after.method ? undefined : after.method,
    url: before.url.href === after.url.href ? undefined : after.url.href,
    "fields set": set.join(", "),
    "fields deleted": deleted.join(", "),
  };
}

function fieldsOf(headers: HeaderText): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of headerEntries(headers)) fields.set(name, `${fields.get(name) ?? ""}\n${value}`);
  return fields;
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
