/**
 * The filters that name whom they mean in a list: client addresses, Referer, User-Agent. Black refuses whom the list names, white refuses
 * everybody else.
 *
 * Pure. What clients write about themselves proves nothing; these two filters keep honest browsers and programs away. Invariant: a client whose
 * address is not known passes no address filter.
 */
import type { IpFilter, RefererFilter, UserAgentFilter } from "../../sdk/domain-policy.ts";
import { getAllHeaders, getHeader, type HeaderText } from "../../sdk/header-text.ts";
import { splitMatchList } from "../rules/path-match.ts";
import { compileWildcard } from "../rules/wildcard.ts";
import { createAddressSet } from "./address-set.ts";

/** Whether a client address may ask; undefined: everybody may. */
export function compileIpFilter(filter: IpFilter | undefined): ((address: string) => boolean) | undefined {
  if (filter === undefined || filter.type === "off") return undefined;
  const named = createAddressSet(splitMatchList(filter.value, ","));
  const whenNamed = filter.type === "white";
  return (address) => address !== "" && named.has(address) === whenNamed;
}

/** Whether requests with these fields may pass; undefined: all may. */
export type HeaderFilter = ((headers: HeaderText) => boolean) | undefined;

export function compileRefererFilter(filter: RefererFilter | undefined): HeaderFilter {
  if (filter === undefined || filter.type === "off") return undefined;
  const hosts = splitMatchList(filter.value, ";").map(compileHost);
  const isNamed = (url: URL): boolean => hosts.some((matches) => matches(url));
  const { type, include_empty: namesEmpty } = filter;
  return (headers) => {
    const urls = getAllHeaders(headers, "referer").map(readReferer);
    // What is no URL of a page says as much as no Referer.
    const pages = urls.filter((url) => url !== null);
    const isEmpty = pages.length < urls.length || urls.length === 0;
    if (type === "black") return !(isEmpty && namesEmpty) && !pages.some(isNamed);
    return (!isEmpty || namesEmpty) && pages.every(isNamed);
  };
}

export function compileUserAgentFilter(filter: UserAgentFilter | undefined): HeaderFilter {
  if (filter === undefined || filter.type === "off") return undefined;
  const patterns = filter.ua_list.map((pattern) => compileWildcard(pattern.trim().toLowerCase()));
  const { type, include_empty: namesEmpty } = filter;
  return (headers) => {
    const agent = (getHeader(headers, "user-agent") ?? "").toLowerCase();
    const isNamed = agent === "" ? namesEmpty : patterns.some((matches) => matches(agent) !== null);
    return isNamed === (type === "white");
  };
}

function readReferer(value: string): URL | null {
  const url = URL.parse(value);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") ? url : null;
}

/** An entry with a port means that port only. */
function compileHost(entry: string): (url: URL) => boolean {
  const [, name = "", port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  const matches = compileWildcard(name);
  return (url) => {
    if (port !== undefined && Number(port) !== portOf(url)) return false;
    return matches(url.hostname.replace(/\.$/, "")) !== null;
  };
}

function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}
