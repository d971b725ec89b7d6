/**
 * The grammars of texts in a domain's configuration, as predicates with the words that explain them.
 *
 * Pure; knows no key. Invariant: what is accepted here can stand in a header or a request line without changing its framing.
 */
import { isIP } from "node:net";
import { isHeaderValue } from "../header-text.ts";
import { isHostName } from "../host-name.ts";
import { domainLimits } from "../cdn-limits.ts";
import { storeLimits } from "../limits.ts";

/** Visible ASCII without what ends or separates a URL's path. */
const PATH = /^\/[!-"$-~]*$/;

export const pathText: string = `a path that starts with one "/", visible ASCII without "?" and "#", at most ${domainLimits.targetCharsMax} characters`;

export function isPath(value: string): boolean {
  return (
    value.length <= domainLimits.targetCharsMax && PATH.test(value) && !value.startsWith("//") && !value.includes("?")
  );
}

export const pathAndQueryText: string = `a path that starts with one "/", with or without a query, visible ASCII without "#", at most ${domainLimits.targetCharsMax} characters`;

export function isPathAndQuery(value: string): boolean {
  return value.length <= domainLimits.targetCharsMax && PATH.test(value) && !value.startsWith("//");
}

export const absoluteUrlText: string = `an absolute http or https URL in ASCII without user name, at most ${domainLimits.targetCharsMax} characters`;

export function isAbsoluteUrl(value: string): boolean {
  if (value.length > domainLimits.targetCharsMax || !/^https?:\/\/[!-~]+$/.test(value)) return false;
  const url = URL.parse(value);
  return url !== null && url.username === "" && url.password === "" && url.hostname !== "";
}

export const originText: string =
  'scheme and host such as "https://www.example.com", with or without port, without path';

export function isOrigin(value: string): boolean {
  const match = /^https?:\/\/([^/:]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/.exec(value);
  return match !== null && (isHostName(match[1] ?? "") || isBracketedIPv6(match[1] ?? "")) && isPort(match[2]);
}

function isBracketedIPv6(value: string): boolean {
  return value.startsWith("[") && isIP(value.slice(1, -1)) === 6;
}

function isPort(text: string | undefined): boolean {
  return text === undefined || (Number(text) >= 1 && Number(text) <= 65_535);
}

export const networksText: string = `IPv4 and IPv6 addresses and networks such as 10.0.0.0/8, separated by ",", 1..${domainLimits.addressesMax}`;

export function areNetworks(value: string): boolean {
  const entries = splitList(value, ",");
  return entries.length <= domainLimits.addressesMax && entries.every(isNetwork);
}

/** An address in its usual form, with or without prefix length; no zones, no octal or shortened IPv4. */
function isNetwork(entry: string): boolean {
  const [address = "", prefix, ...more] = entry.split("/");
  const family = address.includes("%") ? 0 : isIP(address);
  if (family === 0 || more.length > 0) return false;
  if (prefix === undefined) return true;
  return /^(?:0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

export const refererHostsText: string = `host names in lower case with "*" for any characters, with or without port, separated by ";", 1..${domainLimits.refererHostsMax}`;

export function areRefererHosts(value: string): boolean {
  const entries = splitList(value, ";");
  return entries.length <= domainLimits.refererHostsMax && entries.every(isRefererHost);
}

function isRefererHost(entry: string): boolean {
  if (entry.length > domainLimits.patternCharsMax) return false;
  const match = /^([a-z0-9*._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/.exec(entry);
  return match !== null && isPort(match[2]);
}

export const userAgentText: string = `1..${domainLimits.patternCharsMax} visible ASCII characters and blanks, "*" for any characters`;

export function isUserAgentPattern(value: string): boolean {
  return value.length <= domainLimits.patternCharsMax && /^[ -~]+$/.test(value) && value.trim() !== "";
}

export const headerValueText: string = `at most ${storeLimits.headerValueCharsMax} Latin-1 characters without line breaks and surrounding blanks`;

export function isConfiguredHeaderValue(value: string): boolean {
  return value.length <= storeLimits.headerValueCharsMax && isHeaderValue(value) && value === value.trim();
}

export const hostNameText: string = "a host name in lower case, without scheme, port and path";

export const parameterNamesText: string = `parameter names separated by ";", without blanks, "&", "=", "?" and "#", at most ${storeLimits.cacheRuleValueCharsMax} characters`;

export function areParameterNames(value: string): boolean {
  return (
    value.length <= storeLimits.cacheRuleValueCharsMax && value.split(";").every((name) => /^[^\s&=?#]+$/.test(name))
  );
}

/** Entries of a list in one text; blanks around them do not count, an empty entry stays and is nobody's grammar. */
export function splitList(value: string, separator: "," | ";"): readonly string[] {
  return value.split(separator).map((entry) => entry.trim());
}
