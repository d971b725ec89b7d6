/** Origins given as URLs, as the configuration of a domain. */
import { isIP } from "node:net";
import type { DomainConfig, DomainSource } from "../domain.ts";
import { CliError, exitCodes } from "./exit-code.ts";

export interface OriginOptions {
  /** Tried when the others fail. */
  readonly backups?: readonly URL[];
  readonly hostName?: string | undefined;
}

type SourceInput = Pick<DomainSource, "origin_type" | "origin_addr"> & Partial<DomainSource>;

const BACKUP_PRIORITY = 30;

/** `scheme://host[:port]` and nothing else. */
export function parseOrigin(text: string): URL {
  const url = URL.parse(text);
  const isBare = url !== null && url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
  if (isBare && /^https?:$/.test(url.protocol)) return url;
  throw new CliError(exitCodes.usage, `origin: received ${text}, allowed: http or https, host and port only`);
}

/** Keys for `PUT /v1/domains/…`. All URLs must have one scheme. */
export function originSources(
  urls: readonly URL[],
  { backups = [], hostName }: OriginOptions = {},
): { readonly sources: readonly SourceInput[]; readonly origin_protocol: DomainConfig["origin_protocol"] } {
  const protocols = new Set([...urls, ...backups].map(({ protocol }) => protocol));
  if (protocols.size > 1) throw new CliError(exitCodes.usage, "origins: received http and https, allowed: one of them");
  const rest = hostName === undefined ? {} : { host_name: hostName };
  return {
    sources: [
      ...urls.map((url) => ({ ...sourceOf(url), ...rest })),
      ...backups.map((url) => ({ ...sourceOf(url), ...rest, priority: BACKUP_PRIORITY })),
    ],
    origin_protocol: protocols.has("https:") ? "https" : "http",
  };
}

function sourceOf(url: URL): SourceInput {
  const address = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port);
  return {
    origin_type: isIP(address) === 0 ? "domain" : "ipaddr",
    origin_addr: address,
    ...(url.port === "" ? {} : url.protocol === "https:" ? { https_port: port } : { http_port: port }),
  };
}
