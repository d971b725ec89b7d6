/**
 * The fields a request carries to the origin: what the domain configures, what a proxy must say about itself and its client.
 */
import type { HeaderAction } from "../../sdk/domain.ts";
import { deleteHeader, getAllHeaders, hasHeader, setHeader, type HeaderText } from "../../sdk/header-text.ts";
import type { Exchange } from "./exchange.ts";
import { removeHopByHop } from "./hop-headers.ts";
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

/**
 * The fields as they go out. X-Forwarded-* say what this node saw, since a client's own were dropped at the border; a function's or the
 * configuration's stand. CDN-Loop and Via are never theirs to change (RFC 8586 §2, RFC 9110 §7.6.3).
 */
export function outgoingHeaders(exchange: Exchange, headers: HeaderText): HeaderText {
  let result = deleteHeader(removeHopByHop(headers), "expect");
  const { url } = exchange.client;
  if (exchange.clientIp !== "" && !hasHeader(result, "x-forwarded-for"))
    result += `x-forwarded-for:${exchange.clientIp}\n`;
  if (!hasHeader(result, "x-forwarded-proto")) result += `x-forwarded-proto:${url.scheme}\n`;
  if (!hasHeader(result, "x-forwarded-host")) result += `x-forwarded-host:${url.host}\n`;
  if (!hasHeader(result, "x-request-id")) result += `x-request-id:${exchange.requestId}\n`;
  result = setHeader(result, "cdn-loop", nextCdnLoop(exchange.cdnLoop));
  const via = getAllHeaders(exchange.client.headers, "via").join(", ");
  return setHeader(result, "via", via === "" ? "1.1 selvage" : `${via}, 1.1 selvage`);
}
