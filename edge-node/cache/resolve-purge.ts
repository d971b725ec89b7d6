/**
 * Brings what is purged to the form that cache entries have: the path canonical, the query as the domain's cache rules key it, both spelled for purges.
 *
 * A URL is purged as it was given and as each known set of rules keys it, so that entries stored before and after a change of the rules are
 * reached. Pure.
 */
import type { PurgeTarget } from "../../sdk/purge.ts";
import { parseWireUrl } from "../pipeline/wire-url.ts";
import { findCacheRule, type CompiledCacheRule } from "./cache-rule.ts";
import { purgePath, purgeQuery } from "./purge-spelling.ts";

/** Gives each set of cache rules by which the domain's entries may be keyed. */
export type CacheRulesOf = (domain: string) => readonly (readonly CompiledCacheRule[])[];

/** Nothing for a path that no entry can have. */
export function resolvePurge(target: PurgeTarget, rulesOf: CacheRulesOf): readonly PurgeTarget[] {
  switch (target.kind) {
    case "tag":
    case "all":
      return [target];
    case "directory": {
      const url = parseWireUrl(ANY_HOST + target.path);
      if (url === null) return [];
      const path = purgePath(url.path);
      return [{ ...target, path: path.endsWith("/") ? path : `${path}/` }];
    }
    case "url": {
      const url = parseWireUrl(ANY_HOST + target.url);
      if (url === null) return [];
      const whole = purgeQuery(url.query);
      const keyed = rulesOf(target.domain).map((rules) => {
        const rule = whole === "" ? undefined : findCacheRule(rules, url.match);
        return rule === undefined ? whole : rule.keyQuery(whole);
      });
      return [...new Set([whole, ...keyed])].map((query) => ({ ...target, url: purgePath(url.path) + query }));
    }
  }
}

/** A cache knows paths by domain; which of the domain's hosts does not matter. */
const ANY_HOST = "http://purge.invalid";
