/**
 * The parts of a domain's configuration that decide about single requests and answers: access, rewriting, limits, compression, error pages.
 *
 * Types only, with the key names of the CDN configuration API being implemented (snake_case). An absent part is off. Lists inside one string
 * are separated as that API does it, which each field says.
 */

export type OnOff = "on" | "off";

/** Which paths a part applies to. `match_value` is `;`-separated and absent for `all` and `home_page`. */
export interface PathCondition {
  readonly match_type: "all" | "file_extension" | "catalog" | "full_path" | "home_page";
  readonly match_value?: string;
  /** 1..100, unique within its list; the larger decides. */
  readonly priority: number;
}

/** Black refuses whom it names, white refuses everybody else. Checked against the address of the client. */
export interface IpFilter {
  readonly type: "off" | "black" | "white";
  /** `,`-separated IPv4 and IPv6 addresses and CIDR networks, at most 500. */
  readonly value: string;
}

export interface RefererFilter {
  readonly type: "off" | "black" | "white";
  /** `;`-separated host names, with `*` for any characters, with or without port; at most 500. */
  readonly value: string;
  /** Whether a request without Referer is named by the list, too. Default false. */
  readonly include_empty: boolean;
}

export interface UserAgentFilter {
  readonly type: "off" | "black" | "white";
  /** Patterns with `*` for any characters, compared without case; at most 100. */
  readonly ua_list: readonly string[];
  /** Whether a request without User-Agent is named by the list, too. Default false. */
  readonly include_empty: boolean;
}

/**
 * Signed URLs. type_a: `/path?auth_key=TIMESTAMP-RAND-UID-SIGNATURE`; type_b: `/YYYYMMDDHHMM/SIGNATURE/path`; type_c1: `/SIGNATURE/TIMESTAMP/path`;
 * type_c2: `/path?auth_key=SIGNATURE&timestamp=TIMESTAMP`. What only proves the signature is not part of the cache key and does not reach the origin.
 */
export interface UrlAuth {
  readonly status: OnOff;
  readonly type: "type_a" | "type_b" | "type_c1" | "type_c2";
  /** Default md5. */
  readonly sign_method: "md5" | "sha256";
  /** 16..32 letters and digits. Masked where it is shown, sealed on its way to nodes (domain-secrets.ts). */
  readonly key: string;
  /** Accepted beside `key`, for changing it without a gap. */
  readonly backup_key?: string;
  /** Seconds a URL is valid after its timestamp, 0..31,536,000. Default 1,800. */
  readonly expire_time: number;
  /** Name of the parameter that carries the signature (type_a, type_c2). Default auth_key. */
  readonly sign_arg: string;
  /** Name of the parameter that carries the timestamp (type_c2). Default timestamp. */
  readonly time_arg: string;
  /** Whether timestamps are decimal or hexadecimal (type_c1, type_c2). Default dec. */
  readonly time_format: "dec" | "hex";
  /** Paths that need a signature. Default all. */
  readonly match_type: "all" | "catalog" | "file_extension" | "full_path";
  readonly match_value?: string;
}

/** What the client asked for becomes another URL: by an answer (redirect), or within the node (break). The first match by priority decides. */
export interface RequestUrlRewrite {
  readonly condition: PathCondition;
  readonly execution_mode: "redirect" | "break";
  /** Path, with `$1` to `$9` for what each `*` of a full_path pattern stood for; with `redirect`, a query may follow. */
  readonly redirect_url: string;
  /** Default 302; only with `redirect`. */
  readonly redirect_status_code: 301 | 302 | 303 | 307 | 308;
  /** Scheme and host to redirect to, such as `https://example.com`; absent: the client's own. */
  readonly redirect_host?: string;
}

/** The URL that the origin is asked for; the cache key stays that of the client's URL. The first match by priority decides. */
export interface OriginRequestUrlRewrite {
  /** all: every path; file_path: the path begins with source_url; full_path: it equals it; wildcard: `*` stands for any characters; regex: RE2 syntax, matched anywhere (domain-regex.ts). */
  readonly match_type: "all" | "file_path" | "full_path" | "wildcard" | "regex";
  /** Absent for `all`. */
  readonly source_url?: string;
  /** Path; `$1` to `$9` stand for what each `*` or group matched. */
  readonly target_url: string;
  /** 1..100, unique. */
  readonly priority: number;
}

/** What the client is told about keeping the answer; the node's own cache is not affected. The first match by priority decides. */
export interface BrowserCacheRule {
  readonly condition: PathCondition;
  readonly cache_type: "follow_origin" | "ttl" | "never";
  /** With `ttl` only. */
  readonly ttl?: number;
  readonly ttl_unit?: "s" | "m" | "h" | "d";
}

/** How long an error answer of the origin counts as fresh. */
export interface ErrorCodeCache {
  /** 400..599. */
  readonly code: number;
  /** Seconds, 0..31,536,000; 0: not kept. */
  readonly ttl: number;
}

/** Instead of an error answer the client is sent elsewhere. */
export interface ErrorCodeRedirectRule {
  /** 400..599, unique. */
  readonly error_code: number;
  readonly target_code: 301 | 302;
  /** An absolute http or https URL. */
  readonly target_link: string;
}

/** Instead of an error answer's body the client gets a page: ours. */
export interface ErrorPage {
  /** 400..599, unique. */
  readonly error_code: number;
  readonly content_type: string;
  /** At most 65,536 characters. */
  readonly body: string;
}

/** How fast one answer's body is sent. */
export interface RequestLimitRule {
  readonly match_type: "all" | "catalog";
  readonly match_value?: string;
  /** 1..100, unique; the larger decides. */
  readonly priority: number;
  readonly type: "size";
  /** Bytes sent at full speed first, 0..1,073,741,824. */
  readonly limit_rate_after: number;
  /** Bytes per second after that, 1..104,857,600; 0: unlimited. */
  readonly limit_rate_value: number;
}

/** Requests of one client address; more are answered 429 with Retry-After. Counted by each front on its own. */
export interface IpFrequencyLimit {
  readonly status: OnOff;
  /** Per second, 1..100,000; as many may come at once. */
  readonly qps: number;
}

/** Compression by the node where origin and functions did none and the client takes it. */
export interface Compress {
  readonly status: OnOff;
  /** `,`-separated, the preferred first: gzip, br, zstd. Default `br,zstd,gzip`. */
  readonly type: string;
  /** `,`-separated file extensions such as `.js`; absent: by content type (text, JSON, JavaScript, XML, SVG, WebAssembly, fonts that are not compressed). */
  readonly file_type?: string;
  /** Smaller bodies are sent as they are, bytes, 0..1,073,741,824. Default 256. Ours. */
  readonly min_length: number;
}

/** Strict-Transport-Security (RFC 6797), on answers over https. */
export interface Hsts {
  readonly status: OnOff;
  /** Seconds, 0..63,072,000. Default 5,184,000. */
  readonly max_age: number;
  /** Default off. */
  readonly include_subdomains: OnOff;
}

/** One line of JSON for each answer in the node's access log: ours. */
export interface AccessLog {
  readonly status: OnOff;
  /** Share of requests that are logged, 0..1; answers of 500 and more always are. Default 1. */
  readonly sampling: number;
}
