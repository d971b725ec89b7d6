/**
 * A domain's configuration, with the key names of the CDN configuration API being implemented (snake_case).
 * Types only; `parseDomain` in domain-parser.ts fills in the defaults and reports all problems together.
 */

export type OriginProtocol = "follow" | "http" | "https";

/** One origin. */
export interface DomainSource {
  readonly origin_type: "ipaddr" | "domain";
  /** IP address or host name, without scheme and port. */
  readonly origin_addr: string;
  /** 1..100; the larger is tried first, lower ones are backups. Default 70. */
  readonly priority: number;
  /** 1..100; share among origins of one priority. Default 50. */
  readonly weight: number;
  /** Default 80. */
  readonly http_port: number;
  /** Default 443. */
  readonly https_port: number;
  /** Host header and TLS server name; default: the client's host. */
  readonly host_name?: string;
}

export interface HeaderAction {
  readonly name: string;
  readonly value?: string;
  readonly action: "set" | "delete";
}

export interface CacheRule {
  readonly match_type: "all" | "file_extension" | "catalog" | "full_path" | "home_page";
  /** `;`-separated; absent for `all` and `home_page`. */
  readonly match_value?: string;
  readonly ttl: number;
  readonly ttl_unit: "s" | "m" | "h" | "d";
  /** 1..100, unique; the larger decides. */
  readonly priority: number;
  /** `off`: ttl decides. `on`: the origin's headers decide. `min_ttl`: the smaller of both. Default off. */
  readonly follow_origin: "off" | "on" | "min_ttl";
  /** Default full_url. */
  readonly url_parameter_type: "del_params" | "reserve_params" | "ignore_url_params" | "full_url";
  /** `;`-separated parameter names. */
  readonly url_parameter_value?: string;
}

export interface DomainConfig {
  /** Exact host name or `*.example.com`, lower case, without port. */
  readonly domain: string;
  readonly enabled: boolean;
  readonly sources: readonly DomainSource[];
  /** Default http. */
  readonly origin_protocol: OriginProtocol;
  /** Seconds until the origin's first byte, 1..300. Default 30. */
  readonly origin_receive_timeout: number;
  readonly origin_request_header: readonly HeaderAction[];
  readonly http_response_header: readonly HeaderAction[];
  readonly cache_rules: readonly CacheRule[];
  /** Redirects http to https. Default off. */
  readonly force_redirect: { readonly status: "on" | "off"; readonly redirect_code: 301 | 302 };
}
