/** Components in the form that a parsed URL has them (https://urlpattern.spec.whatwg.org/#canon-encoding-callbacks). */
import { hostnameOf, parsePart, parseUrl, pathOf, setPassword, setUsername } from "../../web/url/parser.ts";
import type { StateOverride, UrlRecord } from "../../web/url/parser.ts";

export const specialSchemes: readonly string[] = ["ftp", "file", "http", "https", "ws", "wss"];

export function canonicalProtocol(value: string): string {
  if (value === "") return value;
  const record = parseUrl(`${value}://dummy.invalid/`);
  if (record === null) throw refusal("protocol", value);
  return record.scheme;
}

export function canonicalUsername(value: string): string {
  const record = dummy();
  setUsername(record, value);
  return record.username;
}

export function canonicalPassword(value: string): string {
  const record = dummy();
  setPassword(record, value);
  return record.password;
}

export function canonicalHostname(value: string): string {
  return value === "" ? value : hostnameOf(parsed("hostname", value, "hostname"));
}

export function canonicalIPv6Hostname(value: string): string {
  if (!/^[0-9a-fA-F[\]:]*$/.test(value)) throw refusal("hostname", value);
  return value.toLowerCase();
}

/** `protocol` decides which port is the default one, which is left out. */
export function canonicalPort(value: string, protocol: string = ""): string {
  if (value === "") return value;
  const record = dummy();
  if (protocol !== "") record.scheme = protocol;
  if (!parsePart(record, value, "port")) throw refusal("port", value);
  return record.port === null ? "" : String(record.port);
}

export function canonicalPathname(value: string): string {
  if (value === "") return value;
  // Without a slash before it the parser would add one.
  const isAbsolute = value.startsWith("/");
  const record = dummy();
  record.path = [];
  if (!parsePart(record, isAbsolute ? value : `/-${value}`, "path start")) throw refusal("pathname", value);
  return isAbsolute ? pathOf(record) : pathOf(record).slice(2);
}

export function canonicalOpaquePathname(value: string): string {
  if (value === "") return value;
  const record = dummy();
  record.path = "";
  if (!parsePart(record, value, "opaque path")) throw refusal("pathname", value);
  return pathOf(record);
}

export function canonicalSearch(value: string): string {
  if (value === "") return value;
  const record = dummy();
  record.query = "";
  if (!parsePart(record, value, "query")) throw refusal("search", value);
  return record.query;
}

export function canonicalHash(value: string): string {
  if (value === "") return value;
  const record = dummy();
  record.fragment = "";
  if (!parsePart(record, value, "fragment")) throw refusal("hash", value);
  return record.fragment;
}

function parsed(what: string, value: string, state: StateOverride): UrlRecord {
  const record = dummy();
  if (!parsePart(record, value, state)) throw refusal(what, value);
  return record;
}

function dummy(): UrlRecord {
  const record = parseUrl("https://dummy.invalid/");
  if (record === null) throw new Error("Cannot parse the dummy URL");
  return record;
}

function refusal(what: string, value: string): TypeError {
  return new TypeError(`Cannot use ${JSON.stringify(value)} as a ${what}: a URL cannot have it`);
}
