/**
 * What the pipeline works with, given to it once by the front.
 */
import type { Driver } from "../../runtime/driver.ts";
import type { LogRecord } from "../../sdk/desired-state.ts";
import type { NewsSender } from "../cache/cache-news.ts";
import type { DiskTier } from "../cache/disk-tier.ts";
import type { FunctionCaches } from "../cache/function-cache.ts";
import type { MemoryCache } from "../cache/memory-cache.ts";
import type { PurgeView } from "../cache/purge-view.ts";
import type { Clock } from "../clock.ts";
import type { Compressor } from "../compression/compressor.ts";
import type { Connections } from "../origin/connections.ts";
import type { Origins } from "../origin/origins.ts";
import type { RequestRates } from "../policy/request-rates.ts";
import type { Routing } from "../routing/routing.ts";
import type { BackgroundTasks } from "../supervisor/background-tasks.ts";
import type { Collapser } from "./collapser.ts";
import type { PipelineMetrics } from "./pipeline-metrics.ts";
import type { Renewals } from "./renewals.ts";
import type { ShownHeads } from "./shown-heads.ts";

export type FunctionLog = Omit<LogRecord, "node">;

export interface Services {
  readonly driver: Driver;
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly cache: MemoryCache;
  /** The fields of stored answers as they are sent. */
  readonly shownHeads: ShownHeads;
  /** What memory does not have; null: there is no disk cache. */
  readonly disk: DiskTier | null;
  /** Tells the node's other fronts; null: there are none. */
  readonly news: NewsSender | null;
  /** What functions cache themselves. */
  readonly functionCaches: FunctionCaches;
  /** What this front routes by at the moment: for calls between functions, which follow an alias when it moves. */
  readonly routing: () => Routing;
  readonly collapser: Collapser;
  readonly renewals: Renewals;
  /** What was purged: asked before a stored answer is used. */
  readonly purges: PurgeView;
  /** How often each client address asked, for limits on it. */
  readonly requestRates: RequestRates;
  readonly compressor: Compressor;
  readonly originConnections: Connections;
  /** What is known about the origins of all domains. */
  readonly origins: Origins;
  readonly functionConnections: Connections;
  readonly metrics: PipelineMetrics;
  readonly background: BackgroundTasks;
  /** Lines and failures of functions. */
  readonly onLog: (record: FunctionLog) => void;
  /** A stack of a version (by the driver's key) in positions of the author's sources. */
  readonly mapStack: (key: string, stack: string) => Promise<string>;
}
