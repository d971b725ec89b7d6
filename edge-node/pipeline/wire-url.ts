/**
 * A request's URL in the pieces the pipeline works with. Invariant: `href` is exactly scheme, host, canonical path and query put together.
 */
import type { RoutedDomain } from "../routing/routing.ts";
import { canonicalPath } from "../rules/canonical-path.ts";
import { lenientPath } from "../rules/lenient-path.ts";
import type { KeyedPlace } from "./exchange.ts";

export interface WireUrl {
  readonly href: string;
  readonly scheme: "http" | "https";
  /** Lower case, with the port when it is not the scheme's own. */
  readonly host: string;
  /** `host` without the port and without a dot at the end. */
  readonly hostname: string;
  /** Canonical (rules/canonical-path.ts). */
  readonly path: string;
  /** "" or `?…`, as received. */
  readonly query: string;
  /** The form of the path that rules are compared with. */
  readonly match: string;
  /** The same as lenient origins read it (rules/lenient-path.ts): what guards `match` guards this, too. Mostly the same text. */
  readonly lenientMatch: string;
  /** The path as it was written before it got its canonical spelling: for signatures over it, and nothing else. */
  readonly writtenPath: string;
  /** Where what follows from the URL is kept; null: it is not worth it, the URL is seen once. */
  readonly derived: DerivedFromUrl | null;
}

/** Each fact names what it follows from, so that it is never taken for another URL's or another configuration's. */
export interface DerivedFromUrl {
  keyed: { readonly url: WireUrl; readonly domain: RoutedDomain; readonly place: KeyedPlace } | null;
}

const QUERY = /^[\x21\x24-\x3b\x3d\x3f-\x7e]*$/;

/** From the parts of a request as received; null when path or query are outside the grammar. */
export function wireUrl(parts: {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly hostname: string;
  readonly path: string;
  readonly query: string;
}): WireUrl | null {
  const { scheme, host, hostname, query } = parts;
  const canonical = canonicalPath(parts.path);
  if (canonical === null || (query !== "" && !QUERY.test(query))) return null;
  const { path, match } = canonical;
  return {
    href: `${scheme}://${host}${path}${query}`,
    scheme,
    host,
    hostname,
    path,
    query,
    match,
    lenientMatch: lenientPath(match),
    writtenPath: parts.path,
    derived: null,
  };
}

/** The URL with another path or query; null when they have no canonical form. */
export function changeUrl(url: WireUrl, change: { readonly path?: string; readonly query?: string }): WireUrl | null {
  const { scheme, host, hostname } = url;
  return wireUrl({ scheme, host, hostname, path: change.path ?? url.path, query: change.query ?? url.query });
}

/** The same under another scheme, whose own port goes without saying. */
export function changeScheme(url: WireUrl, scheme: "http" | "https"): WireUrl {
  const host = url.host === `${url.hostname}:${scheme === "https" ? 443 : 80}` ? url.hostname : url.host;
  return { ...url, scheme, host, href: `${scheme}://${host}${url.path}${url.query}`, derived: null };
}

/** From a URL that a function chose; null when it is not an http or https URL, or its path has no canonical form. */
export function parseWireUrl(href: string): WireUrl | null {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  if (url.username !== "" || url.password !== "") return null;
  const scheme = url.protocol === "https:" ? "https" : "http";
  // The URL standard leaves a few bytes raw that the request grammar does not have.
  const path = url.pathname.replace(/[^\x21-\x7e]|["<>\\{}`]/g, (byte) => encodeURIComponent(byte));
  const query = url.search.replace(/["<>]/g, (byte) => encodeURIComponent(byte));
  return wireUrl({ scheme, host: url.host, hostname: hostnameOf(url.hostname), path, query });
}

/** A host name as domains are looked up by: without the root's dot. */
export function hostnameOf(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}
