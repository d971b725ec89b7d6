/**
 * Header fields that belong to one connection and end at each hop (RFC 9110 §7.6.1), and the framing fields every hop writes anew.
 */
import { filterHeaders, getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";

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

/** `headers` without hop-by-hop fields and without those that Connection names; the same text when there are none. */
export function removeHopByHop(headers: HeaderText): HeaderText {
  if (!mayHoldHopByHop(headers)) return headers;
  const options = connectionOptions(headers);
  return filterHeaders(headers, (name) => !hopByHopNames.has(name) && !options.has(name));
}

/** How the names begin. */
const FIRST_LETTERS = "ckptu";

/** Looks at lengths and first letters: most messages hold no such field, and looking all names up takes longer than all the rest. */
function mayHoldHopByHop(headers: HeaderText): boolean {
  for (let at = 0; at < headers.length; at = headers.indexOf("\n", at) + 1) {
    if (!FIRST_LETTERS.includes(headers.charAt(at))) continue;
    if (hopByHopNames.has(headers.slice(at, headers.indexOf(":", at)))) return true;
  }
  return false;
}

function connectionOptions(headers: HeaderText): ReadonlySet<string> {
  const names = getAllHeaders(headers, "connection").flatMap((line) => line.split(","));
  return new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => !neverConnectionOption.has(name)));
}
