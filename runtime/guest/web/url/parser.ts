/**
 * The core's door to the URL parser, which is a part: most requests see ordinary URLs alone (fast-url.ts). Every function loads it.
 */
import { loadPart } from "../../parts/load-part.ts";
import type { StateOverride, UrlRecord } from "../../parts/url-parser/main.ts";

export type { StateOverride, UrlRecord };

/** Null when `input` is no URL. `base` must be valid. */
export function parseUrl(input: string, base: UrlRecord | null = null): UrlRecord | null {
  return loadPart("url-parser").parseUrl(input, base);
}

/** Parses `input` into one part of `record`, as the setters do; what is invalid leaves the record as it was and gives false. */
export function parsePart(record: UrlRecord, input: string, part: StateOverride): boolean {
  return loadPart("url-parser").parsePart(record, input, part);
}

export function serializeUrl(record: UrlRecord): string {
  return loadPart("url-parser").serializeUrl(record);
}

export function originOf(record: UrlRecord): string {
  return loadPart("url-parser").originOf(record);
}

export function hostnameOf(record: UrlRecord): string {
  return loadPart("url-parser").hostnameOf(record);
}

export function pathOf(record: UrlRecord): string {
  return loadPart("url-parser").pathOf(record);
}

export function cannotHaveCredentialsOrPort(record: UrlRecord): boolean {
  return loadPart("url-parser").cannotHaveCredentialsOrPort(record);
}

export function hasOpaquePath(record: UrlRecord): boolean {
  return loadPart("url-parser").hasOpaquePath(record);
}

export function setUsername(record: UrlRecord, username: string): void {
  loadPart("url-parser").setUsername(record, username);
}

export function setPassword(record: UrlRecord, password: string): void {
  loadPart("url-parser").setPassword(record, password);
}
