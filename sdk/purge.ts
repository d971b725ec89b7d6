/**
 * Purges and preheats as they are asked for, kept, told to nodes and shown. Types only.
 *
 * A purge says that what was stored before it must not be served any more (hard), or only as a stale answer may be (soft). Purges are
 * numbered without gaps in the order they were accepted. A preheat asks every connected node to fetch URLs into its cache.
 */

export type PurgeType = "url" | "directory" | "tag" | "all";
export type PurgeMode = "soft" | "hard";

/** One thing that is purged. `domain` is the name of a configured domain, which may be a wildcard: then all of its hosts are meant. */
export type PurgeTarget =
  /** Path and query. Both schemes and every variant; without a query only what was stored without one. */
  | { readonly kind: "url"; readonly domain: string; readonly url: string }
  /** A path that ends with "/": it and everything below it. */
  | { readonly kind: "directory"; readonly domain: string; readonly path: string }
  /** Null: in every domain. */
  | { readonly kind: "tag"; readonly domain: string | null; readonly tag: string }
  | { readonly kind: "all"; readonly domain: string | null };

/** A place in the line of purges: the number and the id of the last one that was taken. Number 0 with id "": none yet. */
export interface PurgePosition {
  readonly sequence: number;
  readonly id: string;
}

/** One purge as nodes are told it. */
export interface PurgeTask {
  readonly sequence: number;
  readonly mode: PurgeMode;
  readonly targets: readonly PurgeTarget[];
}

/**
 * Sent over a node's stream, before its first state and whenever there are new purges; also the answer of
 * `GET /v1/nodes/purges?position=SEQUENCE.ID`.
 */
export interface PurgesMessage {
  readonly kind: "purges";
  /** Every purge after this number up to `position` is in `purges`. */
  readonly since: number;
  readonly position: PurgePosition;
  /** The control plane cannot tell what the node missed: it purges everything and goes on from `position`. */
  readonly everything: boolean;
  readonly purges: readonly PurgeTask[];
}

/** `POST /v1/nodes/purge-acks`: what was purged up to here is neither served by any front of the node nor forgotten by a restart. */
export interface PurgeAck extends PurgePosition {
  readonly node: string;
  /** From receiving the purges to having done them, milliseconds. */
  readonly applyMs: number;
}

/** Sent over a node's stream. */
export interface PreheatMessage {
  readonly kind: "preheat";
  readonly id: string;
  readonly urls: readonly string[];
}

/** What became of one URL on one node; of several fronts the one that did worst. */
export interface PreheatResult {
  readonly url: string;
  /** Status of the answer; 0: there was none in time. */
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  /** The answer's Cache-Status. */
  readonly cacheStatus: string;
  readonly ms: number;
}

/** `POST /v1/nodes/preheat-results`. */
export interface PreheatReport {
  readonly id: string;
  readonly node: string;
  readonly results: readonly PreheatResult[];
}

/** `POST /v1/purges` → 201 PurgeResource, once every connected node did it or `waitSeconds` are over. */
export interface PurgeInput {
  readonly type: PurgeType;
  /** Default hard. */
  readonly mode?: PurgeMode;
  /** `url`: absolute http or https URLs of configured domains. `directory`: the same, ending with "/". 1..100. */
  readonly urls?: readonly string[];
  /** `tag`: 1..100. */
  readonly tags?: readonly string[];
  /** `tag` and `all`: only in this domain. Default: in every domain. */
  readonly domain?: string;
  /** 0..30, default 10. */
  readonly waitSeconds?: number;
}

/** `GET /v1/purges` → {purges}, newest first; `GET /v1/purges/:id?waitSeconds=N`. */
export interface PurgeResource {
  readonly id: string;
  readonly sequence: number;
  readonly createdAt: string;
  readonly type: PurgeType;
  readonly mode: PurgeMode;
  readonly targets: readonly PurgeTarget[];
  /** Connected nodes when asked. */
  readonly nodesConnected: number;
  /** Connected nodes that did it. */
  readonly nodesDone: number;
  /** From the purge's creation to the last acknowledgement, milliseconds; null while not all connected nodes did it. */
  readonly completeMs: number | null;
  /** Every registered node. One that is away does it before it serves again after its start, or when it is connected again. */
  readonly nodes: readonly PurgeNode[];
}

export interface PurgeNode {
  readonly node: string;
  readonly connected: boolean;
  /** From the purge's creation to the node's acknowledgement, milliseconds; null: not acknowledged yet. */
  readonly doneMs: number | null;
}

/** `POST /v1/preheats` → 201 PreheatResource, once every node asked has reported or `waitSeconds` are over. */
export interface PreheatInput {
  /** Absolute http or https URLs of configured domains, 1..100. */
  readonly urls: readonly string[];
  /** 0..30, default 10. */
  readonly waitSeconds?: number;
}

/** `GET /v1/preheats` → {preheats}, newest first; `GET /v1/preheats/:id`. Kept in memory: they do not survive a restart. */
export interface PreheatResource {
  readonly id: string;
  readonly createdAt: string;
  readonly urls: readonly string[];
  /** Nodes that were connected when it was asked for. */
  readonly nodes: readonly PreheatNode[];
  readonly nodesDone: number;
  /** From its creation to the last report, milliseconds; null while a node has neither reported nor gone away. */
  readonly completeMs: number | null;
}

export interface PreheatNode {
  readonly node: string;
  readonly state: "running" | "done" | "lost";
  readonly results: readonly PreheatResult[];
}
