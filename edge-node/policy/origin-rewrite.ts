/**
 * The key origin_request_url_rewrite, compiled: the path that the origin is asked for.
 *
 * Pure. The whole path becomes the target, except with file_path, where the part that matched does. Invariant: expressions are matched in linear
 * time (sdk/domain-regex.ts).
 */
import type { OriginRequestUrlRewrite } from "../../sdk/domain-policy.ts";
import { compileDomainRegex } from "../../sdk/domain-regex.ts";
import { changeUrl, type WireUrl } from "../pipeline/wire-url.ts";
import { byPriority } from "../rules/path-condition.ts";
import { captureRest, captureWildcard, fillTemplate } from "./path-template.ts";

/** The URL for the origin, the same one when no rule matches; null: the target has no canonical form with what the client wrote. */
export type OriginRewriter = (url: WireUrl) => WireUrl | null;

/** Undefined: no URL is rewritten. */
export function compileOriginRewrites(rewrites: readonly OriginRequestUrlRewrite[] = []): OriginRewriter | undefined {
  if (rewrites.length === 0) return undefined;
  const compiled = byPriority(rewrites, ({ priority }) => priority).map(compileTarget);
  return (url) => {
    for (const target of compiled) {
      const path = target(url);
      if (path !== null) return changeUrl(url, { path });
    }
    return url;
  };
}

/** The new path, or null when the rule does not match. */
type Target = (url: WireUrl) => string | null;

const targets: Readonly<Record<OriginRequestUrlRewrite["match_type"], (source: string, template: string) => Target>> = {
  all: (_source, template) => () => template,
  file_path: (source, template) => {
    const rest = captureRest(source);
    return (url) => {
      const kept = rest(url);
      return kept === null ? null : `${template}${kept}`;
    };
  },
  // A `*` in it is a character like others.
  full_path: (source, template) => {
    const rest = captureRest(source);
    return (url) => (rest(url) === "" ? template : null);
  },
  wildcard: (source, template) => {
    const capture = captureWildcard(source);
    return (url) => fill(template, capture(url));
  },
  regex: (source, template) => {
    const compiled = compileDomainRegex(source);
    return (url) => (compiled.ok ? fill(template, compiled.value.match(url.path)) : null);
  },
};

function compileTarget(rewrite: OriginRequestUrlRewrite): Target {
  return targets[rewrite.match_type](rewrite.source_url ?? "", rewrite.target_url);
}

function fill(template: string, captured: readonly string[] | null): string | null {
  return captured === null ? null : fillTemplate(template, captured);
}
