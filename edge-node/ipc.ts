/**
 * What the supervisor and its fronts say to each other over the child's IPC channel, as JSON.
 *
 * The supervisor owns the control link, the node's token and the disk; a front owns sockets and isolate hosts. Invariants: a front
 * never receives the token; a `state` is whole, and everything it names in `versions` has a manifest whose signature was checked.
 */
import type { Digest } from "../sdk/artifact.ts";
import type { PreheatMessage, PreheatResult } from "../sdk/purge.ts";
import type { DesiredState, InvokeMessage, InvokeResult, LogRecord, VersionFailure } from "../sdk/desired-state.ts";
import type { ExplainMessage, ExplainReport } from "../sdk/explain.ts";
import type { FrontStatistics } from "../sdk/statistics.ts";
import type { VersionStats } from "../runtime/driver.ts";
import type { AccessLogPlace } from "./access-log/access-log-place.ts";
import type { CacheNews } from "./cache/cache-news.ts";
import type { Purge } from "./cache/purge-table.ts";
import type { ServingCertificate } from "./front/server-certificates.ts";
import type { QuarantinedVersion } from "./hosts/containment-report.ts";
import type { LogThreshold } from "./logger.ts";

/** How a front runs; fixed for its life. */
export interface FrontSettings {
  readonly node: string;
  /** 0 for the first front. */
  readonly index: number;
  /** How many there are. */
  readonly fronts: number;
  readonly dataFolder: string;
  readonly driver: "process" | "in-process";
  /** Isolate hosts of this front (process driver). */
  readonly hosts: number;
  /** Resident memory of an isolate host without instances; beyond, it is replaced. */
  readonly hostMemoryMiB: number;
  /** For reserved instances of the whole node, each counted with its memory limit. */
  readonly reservedMemoryMiB: number;
  /** What stands around isolate hosts; `required`: without gaps, or the front does not start. */
  readonly sandbox: "auto" | "required" | "off";
  /** Of one core that restarts of this front's isolate hosts may take: the fronts of a node share one. */
  readonly restartShare: number;
  /** Instances of a version started before it is routed, 0..16. */
  readonly warmInstances: number;
  /** Prepared isolates in each host, 0..64. */
  readonly spareInstances: number;
  /** Off: every instance runs its version's code. */
  readonly snapshots: "on" | "off";
  /** Memory of this front's cache. */
  readonly cacheBytesMax: number;
  /** The disk of the cache, the same for all fronts; null: none. Both in bytes. */
  readonly diskCache: DiskCacheSettings | null;
  /** CIDR blocks beyond public addresses that functions may reach. */
  readonly egressAllowNetworks: readonly string[];
  /** CIDR blocks beyond public addresses that origins may be in. */
  readonly originAllowNetworks: readonly string[];
  /** CIDR blocks of proxies that are believed about their clients. */
  readonly trustedProxyNetworks: readonly string[];
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly logLevel: LogThreshold;
  readonly accessLog: AccessLogPlace;
  /** Used when the front is told to stop by a signal of its own. */
  readonly drainMs: number;
}

export interface DiskCacheSettings {
  readonly folder: string;
  readonly bytesMax: number;
  readonly objectBytesMax: number;
  /** An answer that memory holds is written with its so-manieth use. */
  readonly minUses: number;
}

/** A version whose blobs are on the disk and whose manifest was verified. */
export interface FrontVersion {
  /** The driver's key: equal only when code, limits and environment are. */
  readonly key: string;
  readonly function: string;
  readonly version: string;
  readonly manifest: Digest;
  /** Variables and opened secrets together. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Everything a front needs to serve one revision. */
export interface FrontState {
  /** With every `sealedSecrets` null, and without certificates. */
  readonly state: DesiredState;
  readonly versions: readonly FrontVersion[];
  /** With opened keys. */
  readonly certificates: readonly ServingCertificate[];
  /** Versions of the state that are not in `versions`, and why. */
  readonly failures: readonly VersionFailure[];
}

/** The outcome of one front serving a state. */
export interface FrontApplied {
  readonly failures: readonly VersionFailure[];
  /** Blobs whose bytes on the disk were missing or do not match their digest. */
  readonly damaged: readonly Digest[];
}

/** Where fronts listen; several share each port. */
export interface FrontAddress {
  readonly host: string;
  readonly port: number;
  /** Absent: no TLS. */
  readonly tls?: { readonly host: string; readonly port: number };
}

export type ToFront =
  | { readonly kind: "start"; readonly settings: FrontSettings }
  | { readonly kind: "state"; readonly id: number; readonly state: FrontState }
  | ({ readonly kind: "listen" } & FrontAddress)
  /** Base64; sent before the first state, and with each new key. */
  | { readonly kind: "ticketKey"; readonly key: string }
  | { readonly kind: "ping"; readonly id: number }
  | { readonly kind: "metrics"; readonly id: number }
  | { readonly kind: "invoke"; readonly message: InvokeMessage }
  | { readonly kind: "explain"; readonly message: ExplainMessage }
  /** All purges so far; sent before the first state, and only when there are any. */
  | { readonly kind: "purgeTable"; readonly purges: readonly Purge[] }
  /** Further purges. */
  | { readonly kind: "purge"; readonly id: number; readonly purges: readonly Purge[] }
  | { readonly kind: "preheat"; readonly message: PreheatMessage }
  /** Of another front. */
  | { readonly kind: "cacheNews"; readonly news: CacheNews }
  /** Stop accepting, end what is in flight within `timeoutMs`, exit 0. */
  | { readonly kind: "drain"; readonly timeoutMs: number };

export type FromFront =
  | { readonly kind: "started"; readonly runtimeKey: string }
  | ({ readonly kind: "applied"; readonly id: number } & FrontApplied)
  /** The state as a whole cannot be routed; the front serves what it had. */
  | { readonly kind: "refused"; readonly id: number; readonly message: string }
  | { readonly kind: "listening"; readonly port: number }
  | {
      readonly kind: "pong";
      readonly id: number;
      readonly requestsInFlight: number;
      readonly rssBytes: number;
      /** Since the front's start. */
      readonly logsDropped: number;
      /** Function versions that run in a process of their own because they brought others down. */
      readonly quarantined: readonly QuarantinedVersion[];
    }
  | ({ readonly kind: "metrics"; readonly id: number } & FrontMetrics)
  /** About once a second while functions run. */
  | { readonly kind: "statistics"; readonly report: Omit<FrontStatistics, "front"> }
  | { readonly kind: "logs"; readonly records: readonly FrontLogRecord[] }
  | { readonly kind: "invoked"; readonly result: InvokeResult }
  | { readonly kind: "explained"; readonly report: ExplainReport }
  /** From now on the front serves nothing that was purged. */
  | { readonly kind: "purged"; readonly id: number }
  /** For the node's other fronts. */
  | { readonly kind: "cacheNews"; readonly news: CacheNews }
  /** `id`: the preheat's. */
  | { readonly kind: "preheated"; readonly id: string; readonly results: readonly PreheatResult[] }
  /** The front cannot go on and exits. */
  | { readonly kind: "failed"; readonly message: string };

/** One front's counters. */
export interface FrontMetrics {
  /** As prom-client's `getMetricsAsJSON` gives them. */
  readonly metrics: readonly object[];
  readonly versions: readonly VersionStats[];
}

/** A log record before the supervisor adds the node's name. */
export type FrontLogRecord = Omit<LogRecord, "node">;
