/**
 * The key browser_cache_rules, compiled: what clients are told about keeping an answer.
 *
 * Pure; the node's own cache decided before. Only answers that are no errors are changed. Invariant: what an origin or function called private
 * stays so: a lifetime is then for the client's own cache alone.
 */
import type { BrowserCacheRule } from "../../sdk/domain-policy.ts";
import { deleteHeader, getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";
import { byPriority, compilePathCondition } from "../rules/path-condition.ts";

export interface BrowserAnswer {
  /** The `match` form of the path that the client asked for. */
  readonly path: string;
  readonly status: number;
  readonly nowMs: number;
}

/** The fields as the client gets them. */
export type BrowserCache = (headers: HeaderText, answer: BrowserAnswer) => HeaderText;

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Undefined: clients are told what origin and functions said. */
export function compileBrowserCache(rules: readonly BrowserCacheRule[] = []): BrowserCache | undefined {
  if (rules.length === 0) return undefined;
  const compiled = byPriority(rules, ({ condition }) => condition.priority).map((rule) => ({
    matches: compilePathCondition(rule.condition),
    type: rule.cache_type,
    seconds: (rule.ttl ?? 0) * unitSeconds[rule.ttl_unit ?? "s"],
  }));
  return (headers, { path, status, nowMs }) => {
    if (status >= 400) return headers;
    const rule = compiled.find(({ matches }) => matches(path));
    if (rule === undefined || rule.type === "follow_origin") return headers;
    const others = without(headers, ["cache-control", "expires", "pragma"]);
    if (rule.type === "never") return `${others}cache-control:no-store\n`;
    // The lifetime counts from now, so the time that the answer spent in the node's cache must not be taken off.
    const fresh = deleteHeader(others, "age");
    const scope = isPrivate(headers) ? "private, " : "";
    const expires = new Date(nowMs + rule.seconds * 1_000).toUTCString();
    return `${fresh}cache-control:${scope}max-age=${rule.seconds}\nexpires:${expires}\n`;
  };
}

function isPrivate(headers: HeaderText): boolean {
  return getAllHeaders(headers, "cache-control").some((value) => /\b(?:private|no-store)\b/i.test(value));
}

function without(headers: HeaderText, names: readonly string[]): HeaderText {
  return names.reduce((text, name) => deleteHeader(text, name), headers);
}
