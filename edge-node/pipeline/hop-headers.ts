/**
 * Header fields that belong to one connection and end at each hop (RFC 9110 §7.6.1), and the framing fields every hop writes anew.
 */
import { getAllHeaders, headerEntries, type HeaderText } from "../../sdk/header-text.ts";

/** Fields that end at each hop whatever Connection says. */
export const hopByHopNames: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** A Connection field may not take these away: their removal would change what the message means. */
const neverConnectionOption: ReadonlySet<string> = new Set(["host", "content-length", "content-type", "cache-control"]);

/** Whether the field (lower case) ends at this hop whatever Connection says. */
export function isHopByHop(name: string): boolean {
  return hopByHopNames.has(name);
}

/** `headers` without hop-by-hop fields and without those that Connection names. */
export function removeHopByHop(headers: HeaderText): HeaderText {
  const options = connectionOptions(headers);
  let result = "";
  for (const [name, value] of headerEntries(headers)) {
    if (!hopByHopNames.has(name) && !options.has(name)) result += `${name}:${value}\n`;
  }
  return result;
}

function connectionOptions(headers: HeaderText): ReadonlySet<string> {
  const names = getAllHeaders(headers, "connection").flatMap((line) => line.split(","));
  return new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => !neverConnectionOption.has(name)));
}
