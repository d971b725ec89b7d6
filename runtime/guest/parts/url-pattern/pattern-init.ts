/** URLPatternInit: reading it, and filling it up from a base URL (https://urlpattern.spec.whatwg.org/#process-a-urlpatterninit). */
import { toDictionary, toUsvString } from "../../web/core/webidl.ts";
import { hasOpaquePath, hostnameOf, parseUrl, pathOf, type UrlRecord } from "../../web/url/parser.ts";
import {
  canonicalHash,
  canonicalHostname,
  canonicalOpaquePathname,
  canonicalPassword,
  canonicalPathname,
  canonicalPort,
  canonicalProtocol,
  canonicalSearch,
  canonicalUsername,
  specialSchemes,
} from "./canonicalize.ts";
import { escapePattern } from "./generate.ts";

export const componentNames = [
  "protocol",
  "username",
  "password",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;
export type ComponentName = (typeof componentNames)[number];

export type PatternInit = { readonly [Name in ComponentName | "baseURL"]?: string };
export type Components = Record<ComponentName, string>;
type SomeComponents = { [Name in ComponentName]?: string };

/** `pattern`: components are patterns and stay as written; `url`: they are brought into the form a URL has. */
export type InitKind = "pattern" | "url";

/** Reads the members in the order Web IDL has for dictionaries. */
export function readInit(value: unknown): PatternInit {
  const dictionary = toDictionary(value, "URLPattern");
  const init: { [Name in ComponentName | "baseURL"]?: string } = {};
  for (const name of ["baseURL", ...componentNames.toSorted()] as const) {
    const member = dictionary[name];
    if (member !== undefined) init[name] = toUsvString(member);
  }
  return init;
}

/** The components of `init`, with what it inherits from its base URL. @throws TypeError when a component cannot be in a URL. */
export function processInit(init: PatternInit, kind: InitKind, start: Readonly<SomeComponents>): SomeComponents {
  const result: SomeComponents = { ...start };
  const base = init.baseURL === undefined ? null : parseUrl(init.baseURL);
  if (init.baseURL !== undefined && base === null) {
    throw new TypeError(`Cannot use the base URL ${JSON.stringify(init.baseURL)}: it is not a URL`);
  }
  if (base !== null) inherit(result, { init, base, kind });
  const isPattern = kind === "pattern";
  const { protocol, username, password, hostname, port, search, hash } = init;
  if (protocol !== undefined) {
    const scheme = protocol.replace(/:$/, "");
    result.protocol = isPattern ? scheme : canonicalProtocol(scheme);
  }
  if (username !== undefined) result.username = isPattern ? username : canonicalUsername(username);
  if (password !== undefined) result.password = isPattern ? password : canonicalPassword(password);
  if (hostname !== undefined) result.hostname = isPattern ? hostname : canonicalHostname(hostname);
  const scheme = result.protocol ?? "";
  if (port !== undefined) result.port = isPattern ? port : canonicalPort(port, scheme);
  if (init.pathname !== undefined) {
    const pathname = resolvePathname(init.pathname, base, kind);
    result.pathname = isPattern ? pathname : canonicalPathnameOf(pathname, scheme);
  }
  if (search !== undefined)
    result.search = isPattern ? search.replace(/^\?/, "") : canonicalSearch(search.replace(/^\?/, ""));
  if (hash !== undefined) result.hash = isPattern ? hash.replace(/^#/, "") : canonicalHash(hash.replace(/^#/, ""));
  return result;
}

/** Whatever `init` names, it no longer inherits what comes after that in a URL. */
function inherit(
  result: SomeComponents,
  { init, base, kind }: { readonly init: PatternInit; readonly base: UrlRecord; readonly kind: InitKind },
): void {
  const names = (...components: readonly ComponentName[]): boolean =>
    components.some((name) => init[name] !== undefined);
  const take = (text: string): string => (kind === "pattern" ? escapePattern(text) : text);
  if (!names("protocol")) result.protocol = take(base.scheme);
  if (kind === "url") {
    if (!names("protocol", "hostname", "port", "username")) result.username = base.username;
    if (!names("protocol", "hostname", "port", "username", "password")) result.password = base.password;
  }
  if (names("protocol", "hostname")) return;
  result.hostname = take(hostnameOf(base));
  if (names("port")) return;
  result.port = base.port === null ? "" : String(base.port);
  if (names("pathname")) return;
  result.pathname = take(pathOf(base));
  if (names("search")) return;
  result.search = take(base.query ?? "");
  if (!names("hash")) result.hash = take(base.fragment ?? "");
}

/** A relative path continues the base's folder. */
function resolvePathname(pathname: string, base: UrlRecord | null, kind: InitKind): string {
  if (base === null || hasOpaquePath(base) || isAbsolute(pathname, kind)) return pathname;
  const basePath = kind === "pattern" ? escapePattern(pathOf(base)) : pathOf(base);
  return basePath.slice(0, basePath.lastIndexOf("/") + 1) + pathname;
}

function isAbsolute(pathname: string, kind: InitKind): boolean {
  return pathname.startsWith("/") || (kind === "pattern" && /^[\\{]\//.test(pathname));
}

function canonicalPathnameOf(pathname: string, scheme: string): string {
  return scheme === "" || specialSchemes.includes(scheme)
    ? canonicalPathname(pathname)
    : canonicalOpaquePathname(pathname);
}
