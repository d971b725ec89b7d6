/**
 * The key request_url_rewrite, compiled: what a client asked for becomes another URL, by an answer or within the node.
 *
 * Pure. Judges the client's own URL, whatever a function made of the request: so configuration wins. Invariants: a redirect never leads to the
 * URL that was asked for; what comes out has a canonical form.
 */
import type { RequestUrlRewrite } from "../../sdk/domain-policy.ts";
import { changeUrl, type WireUrl } from "../pipeline/wire-url.ts";
import { byPriority, compilePathCondition } from "../rules/path-condition.ts";
import { splitMatchList } from "../rules/path-match.ts";
import { captureWildcard, fillTemplate, type PathCapture } from "./path-template.ts";

export type RewriteResult =
  | { readonly kind: "redirect"; readonly status: RequestUrlRewrite["redirect_status_code"]; readonly location: string }
  /** The path within the node; scheme, host and query stay those of the request. */
  | { readonly kind: "path"; readonly path: string }
  /** The target has no canonical form with what the client wrote. */
  | { readonly kind: "malformed" };

/** What becomes of the URL; null: it stays. */
export type RequestRewriter = (asked: WireUrl) => RewriteResult | null;

/** Undefined: no URL is rewritten. */
export function compileRequestRewrites(rewrites: readonly RequestUrlRewrite[] = []): RequestRewriter | undefined {
  if (rewrites.length === 0) return undefined;
  const compiled = byPriority(rewrites, ({ condition }) => condition.priority).map((rewrite) => ({
    rewrite,
    capture: compileCapture(rewrite),
  }));
  return (asked) => {
    for (const { rewrite, capture } of compiled) {
      const captured = capture(asked);
      if (captured !== null) return apply(rewrite, { asked, captured });
    }
    return null;
  };
}

function compileCapture({ condition }: RequestUrlRewrite): PathCapture {
  if (condition.match_type !== "full_path") {
    const matches = compilePathCondition(condition);
    return ({ match }) => (matches(match) ? [] : null);
  }
  const patterns = splitMatchList(condition.match_value ?? "", ";").map(captureWildcard);
  return (url) => {
    for (const capture of patterns) {
      const captured = capture(url);
      if (captured !== null) return captured;
    }
    return null;
  };
}

function apply(
  rewrite: RequestUrlRewrite,
  { asked, captured }: { readonly asked: WireUrl; readonly captured: readonly string[] },
): RewriteResult | null {
  const [template = "", ...query] = rewrite.redirect_url.split("?");
  const changed = changeUrl(asked, { path: fillTemplate(template, captured) });
  if (changed === null) return { kind: "malformed" };
  if (rewrite.execution_mode === "break") return { kind: "path", path: changed.path };
  const target = query.length === 0 ? asked.query : `?${fillTemplate(query.join("?"), captured)}`;
  const location = `${rewrite.redirect_host ?? `${asked.scheme}://${asked.host}`}${changed.path}${target}`;
  return location === asked.href ? null : { kind: "redirect", status: rewrite.redirect_status_code, location };
}
