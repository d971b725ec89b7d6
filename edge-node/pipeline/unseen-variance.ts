/**
 * Whether an answer varies with a request field whose value lookups do not see: the one variant they would find is for nobody else.
 *
 * Lookups see `request`; towards the origin originPull functions change fields, and the node writes some itself. What the configuration sets there is
 * the same for everybody.
 */
import { getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";
import { varyNames } from "../cache/vary.ts";
import type { Exchange } from "./exchange.ts";
import { isWrittenPerRequest } from "./origin-headers.ts";

export function variesUnseen(exchange: Exchange, responseHeaders: HeaderText): boolean {
  if (!responseHeaders.includes("vary:")) return false;
  const { headersBeforePull: before } = exchange;
  const { headers: sent } = exchange.originRequest ?? exchange.request;
  return varyNames(responseHeaders).some(
    (name) => isWrittenPerRequest(name, sent) || (before !== null && valueOf(before, name) !== valueOf(sent, name)),
  );
}

/** An absent field is not an empty one. */
function valueOf(headers: HeaderText, name: string): string | undefined {
  const lines = getAllHeaders(headers, name);
  return lines.length === 0 ? undefined : lines.join(",");
}
