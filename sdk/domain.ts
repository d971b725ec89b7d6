/**
 * A domain's configuration, with the key names of the CDN configuration API being implemented (snake_case); keys marked as ours are not in it.
 * Types only; `parseDomain` in domain-parser.ts fills in the defaults and reports all problems together. An optional part that is absent is off.
 */
import type {
  AccessLog,
  BrowserCacheRule,
  Compress,
  ErrorCodeCache,
  ErrorCodeRedirectRule,
  ErrorPage,
  Hsts,
  IpFilter,
  IpFrequencyLimit,
  OnOff,
  OriginRequestUrlRewrite,
  RefererFilter,
  RequestLimitRule,
  RequestUrlRewrite,
  UrlAuth,
  UserAgentFilter,
} from "./domain-policy.ts";

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
  /** Connections of one front to it, open WebSockets among them, 1..10,000; further requests wait. Default 1,024. Ours. */
  readonly max_connections?: number;
}

/** Requests that ask an origin whether it is well: ours. A source that is not is asked last. */
export interface HealthCheck {
  readonly status: OnOff;
  /** Path and query. Default `/`. */
  readonly path: string;
  readonly method: "GET" | "HEAD";
  /** Host field; absent: the source's host_name, else the domain. */
  readonly host?: string;
  /** Seconds between two, 1..300. Default 10. */
  readonly interval: number;
  /** Seconds until an answer, 1..60. Default 5. */
  readonly timeout: number;
  /** Statuses of a well origin, as numbers or classes such as `2xx`. Default `2xx,3xx`. */
  readonly expected_status: string;
  /** Successes in a row until it counts as well again, 1..10. Default 2. */
  readonly healthy_after: number;
  /** Failures in a row until it counts as ill, 1..10. Default 3. */
  readonly unhealthy_after: number;
}

/** Other sources for some paths; the first match by priority decides, and `sources` serve the rest. */
export interface FlexibleOrigin {
  /** file_path: directories. */
  readonly match_type: "all" | "file_extension" | "file_path";
  /** `;`-separated, absent for `all`. */
  readonly match_pattern?: string;
  /** 1..100, unique. */
  readonly priority: number;
  readonly back_sources: readonly DomainSource[];
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

  // Origins.
  readonly flexible_origin?: readonly FlexibleOrigin[];
  /** Seconds until a connection is there, 1..60. Default 5. Ours. */
  readonly origin_connect_timeout?: number;
  /** Seconds between two pieces of an answer, 1..300. Default 30. Ours. */
  readonly origin_idle_timeout?: number;
  /** Whether redirects of the origin are followed by the node, at most five of them. Default off: the client gets them. */
  readonly origin_follow302_status?: OnOff;
  /** Whether the Range of a request goes to the origin; off: the whole is fetched, kept, and cut. Default off. */
  readonly origin_range_status?: OnOff;
  /** Whether an https origin must prove who it is. Default on; off trusts whoever answers. Ours. */
  readonly origin_verify_certificate?: OnOff;
  readonly health_check?: HealthCheck;
  readonly origin_request_url_rewrite?: readonly OriginRequestUrlRewrite[];

  // Cache.
  readonly error_code_cache?: readonly ErrorCodeCache[];
  /** Whether a fill goes on when its only client leaves before the end. Default continue. Ours. */
  readonly client_abort?: "continue" | "stop";

  // Access and limits.
  readonly ip_filter?: IpFilter;
  readonly referer?: RefererFilter;
  readonly user_agent_filter?: UserAgentFilter;
  readonly url_auth?: UrlAuth;
  readonly ip_frequency_limit?: IpFrequencyLimit;
  readonly request_limit_rules?: readonly RequestLimitRule[];

  // Requests and answers.
  readonly request_url_rewrite?: readonly RequestUrlRewrite[];
  readonly browser_cache_rules?: readonly BrowserCacheRule[];
  readonly error_code_redirect_rules?: readonly ErrorCodeRedirectRule[];
  readonly error_pages?: readonly ErrorPage[];
  readonly compress?: Compress;
  readonly hsts?: Hsts;
  /** Whether requests for a WebSocket go to the origin when no function takes them. Default on. Ours. */
  readonly websocket?: { readonly status: OnOff };
  readonly access_log?: AccessLog;
}
