/** Strict-Transport-Security as the domain configures it (RFC 6797 §7): on every answer over https, never over http, whoever else set it. */
import { deleteHeader } from "../../sdk/header-text.ts";
import type { Exchange } from "./exchange.ts";

const FIELD = "strict-transport-security";

/** For a domain whose `hsts` is on. */
export function tellTransportSecurity(exchange: Exchange): void {
  const hsts = exchange.domain?.config.hsts;
  const { response } = exchange;
  if (hsts === undefined || response === null) return;
  const rest = deleteHeader(response.headers, FIELD);
  const subdomains = hsts.include_subdomains === "on" ? "; includeSubDomains" : "";
  const line = exchange.client.url.scheme === "https" ? `${FIELD}:max-age=${hsts.max_age}${subdomains}\n` : "";
  exchange.response = { ...response, headers: rest + line };
}
