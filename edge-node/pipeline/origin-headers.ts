/**
 * The fields a request carries to the origin: what the domain configures, what a proxy must say about itself and its client.
 */
import type { HeaderAction } from "../../sdk/domain.ts";
import { deleteHeader, getAllHeaders, hasHeader, setHeader, type HeaderText } from "../../sdk/header-text.ts";
import type { Exchange } from "./exchange.ts";
import { hopByHopNames, removeHopByHop } from "./hop-headers.ts";
import { nextCdnLoop } from "./loop-guard.ts";

/** Applies a domain's header actions in order. */
export function applyHeaderActions(headers: HeaderText, actions: readonly HeaderAction[]): HeaderText {
  let result = headers;
  for (const action of actions) {
    const name = action.name.toLowerCase();
    result = action.action === "delete" ? deleteHeader(result, name) : setHeader(result, name, action.value ?? "");
  }
  return result;
}

/** What becomes of a field that the node has a word about: it goes, or its bit says that it stands. */
const DROPPED = 0;
const [HOST, FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST, REQUEST_ID] = [1, 2, 4, 8, 16] as const;

const fates: ReadonlyMap<string, number> = new Map<string, number>([
  ...[...hopByHopNames, "expect", "cdn-loop", "via"].map((name): [string, number] => [name, DROPPED]),
  ["host", HOST],
  ["x-forwarded-for", FORWARDED_FOR],
  ["x-forwarded-proto", FORWARDED_PROTO],
  ["x-forwarded-host", FORWARDED_HOST],
  ["x-request-id", REQUEST_ID],
]);
/** How their names begin, a bit for each letter: most fields need not be looked up. */
const FIRST_LETTERS = [...fates.keys()].reduce((bits, name) => bits | letterBit(name.charCodeAt(0)), 0);

/**
 * The fields as they go out. X-Forwarded-* say what this node saw, since a client's own were dropped at the border; a function's or the
 * configuration's stand. CDN-Loop and Via are never theirs to change (RFC 8586 §2, RFC 9110 §7.6.3).
 */
export function outgoingHeaders(
  exchange: Exchange,
  headers: HeaderText,
  { host }: { readonly host: "passed" | "left-out" },
): HeaderText {
  const given = headers.includes("connection:") ? removeHopByHop(headers) : headers;
  let stands = 0;
  let kept = "";
  let keptTo = 0;
  for (let at = 0; at < given.length;) {
    const end = given.indexOf("\n", at) + 1;
    const fate = (FIRST_LETTERS & letterBit(given.charCodeAt(at))) === 0 ? undefined : fateOf(given, at);
    if (fate === DROPPED || (fate === HOST && host === "left-out")) {
      kept += given.slice(keptTo, at);
      keptTo = end;
    } else if (fate !== undefined) stands |= fate;
    at = end;
  }
  kept = keptTo === 0 ? given : kept + given.slice(keptTo);
  return kept + ownFields(exchange, stands);
}

/**
 * Whether the node writes this field into a request with these fields, with a value that neither the cache key nor the fields tell. What it
 * writes of scheme and host is in the key, or among the fields where a function changed them (cache-steps.ts).
 */
export function isWrittenPerRequest(name: string, headers: HeaderText): boolean {
  if (name === "via" || name === "cdn-loop") return true;
  return (name === "x-forwarded-for" || name === "x-request-id") && !hasHeader(headers, name);
}

function ownFields(exchange: Exchange, stands: number): HeaderText {
  const { client, clientIp, requestId } = exchange;
  const { url } = client;
  const forwardedFor = clientIp === "" || (stands & FORWARDED_FOR) !== 0 ? "" : `x-forwarded-for:${clientIp}\n`;
  const forwardedProto = (stands & FORWARDED_PROTO) !== 0 ? "" : `x-forwarded-proto:${url.scheme}\n`;
  const forwardedHost = (stands & FORWARDED_HOST) !== 0 ? "" : `x-forwarded-host:${url.host}\n`;
  const id = (stands & REQUEST_ID) !== 0 ? "" : `x-request-id:${requestId}\n`;
  const before = client.headers.includes("via:") ? getAllHeaders(client.headers, "via").join(", ") : "";
  const via = before === "" ? "" : `${before}, `;
  const loop = nextCdnLoop(exchange.cdnLoop);
  return `${forwardedFor}${forwardedProto}${forwardedHost}${id}cdn-loop:${loop}\nvia:${via}1.1 selvage\n`;
}

function fateOf(headers: HeaderText, at: number): number | undefined {
  return fates.get(headers.slice(at, headers.indexOf(":", at)));
}

/** Other characters than letters share a letter's bit, which costs a look at the name. */
function letterBit(code: number): number {
  return 1 << (code - 97);
}
