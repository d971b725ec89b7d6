/**
 * Every bound of the system in one place: numbers with units in their names, ranges and defaults.
 * Nothing here is behaviour; each bound is enforced by the folder that owns the thing it bounds.
 */

/** An adjustable bound: the default and the range an author or operator may choose from, both ends included. */
export interface Range {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** What one function version may use. Set in its manifest (`limits`), frozen with the version. */
export const functionLimitRanges = {
  /** Heap of one instance (isolate memory limit). */
  memoryMiB: { default: 128, min: 8, max: 1024 },
  /** CPU time of one invocation, across awaits. */
  cpuMs: { default: 50, min: 1, max: 30_000 },
  /** Wall time of one invocation of a hook, until its answer's head. */
  wallMs: { default: 5_000, min: 1, max: 300_000 },
  /** Wall time of one invocation of `fetch`, until its answer's head; and of every hook until the first byte of an answer that is a stream. */
  fetchWallMs: { default: 30_000, min: 1, max: 900_000 },
  /** Wall time of one invocation with an event, until its result. Callers that wait do so for at most `eventLimits.waitMsMax`. */
  eventWallMs: { default: 30_000, min: 1, max: 259_200_000 },
  /** Wall time of an event function's initializer. */
  initializerWallMs: { default: 10_000, min: 1_000, max: 300_000 },
  /** Requests one instance serves at once. */
  concurrency: { default: 100, min: 1, max: 1_000 },
  /** Instances of one version in one isolate host. */
  instancesMax: { default: 16, min: 1, max: 1_000 },
  /** Invocations waiting for an instance; one more is refused with 429. */
  queueMax: { default: 1_000, min: 0, max: 100_000 },
  /** Calls of `fetch`, of services and of caches in one invocation. */
  subrequestsMax: { default: 50, min: 0, max: 1_000 },
  /** One body that is read as a whole (`text()`, `json()`, `arrayBuffer()`, …); a larger one can be read as a stream. */
  bufferedBodyMiB: { default: 6, min: 1, max: 256 },
} as const;

/** The limits of one function version, each within `functionLimitRanges`. */
export type FunctionLimits = { readonly [K in keyof typeof functionLimitRanges]: number };

/** The limits of a function that sets none. */
export const defaultFunctionLimits: FunctionLimits = Object.fromEntries(
  Object.entries(functionLimitRanges).map(([key, range]) => [key, range.default]),
) as FunctionLimits;

/** Bounds of what a function goes on with after its answer. */
export const waitUntilLimits = {
  /**
   * An invocation that was answered may go on (`waitUntil`, fetches with `keepalive`) for its version's `wallMs`, but at least this long, milliseconds. It counts
   * from the answer, or from the end of its body's stream or of its last WebSocket. Then it is abandoned and logged with FUNCTION_WALL_LIMIT.
   */
  msMin: 30_000,
} as const;

/** Bounds of messages, fixed for the whole system. */
export const messageLimits = {
  /** Request target as received, bytes. Beyond: 414. */
  urlBytesMax: 16_384,
  /** All request or response header lines together, bytes. Beyond: 431 from clients, 502 from origins, 500 from functions. */
  headerBytesMax: 65_536,
  /** Header lines of one message. */
  headerLinesMax: 256,
  /** Streamed request body, bytes. Beyond: 413. */
  requestBodyBytesMax: 104_857_600,
  /** A body that a front or the cache holds in memory as a whole, bytes. Functions have a limit of their own. */
  bufferedBodyBytesMax: 6_291_456,
  /** Bytes of one body in flight between two processes before the sender waits. */
  bodyWindowBytes: 262_144,
  /** Largest body chunk that crosses a boundary, bytes; larger ones are cut. */
  bodyChunkBytesMax: 262_144,
  /** Log lines of one invocation together, characters; the rest is dropped and counted. */
  logCharsMax: 65_536,
  /** One log line, characters; the rest of the line is cut. */
  logLineCharsMax: 16_384,
} as const;

/** Bounds of what an instance says to its front in one go. What is within them fits in a message between two processes. */
export const batchLimits = {
  /** A body's text that is longer crosses as bytes, in characters. */
  bodyTextCharsMax: 65_536,
  /** From here on what was said leaves without waiting for more, in characters and in bytes of buffers. */
  flushCharsMin: 1_048_576,
  flushBytesMin: 16_777_216,
  /** All frames together, characters. Beyond: the instance is stopped. */
  charsMax: 67_108_864,
  /** All buffers together, bytes. Beyond: the instance is stopped. */
  bytesMax: 335_544_320,
  buffersMax: 131_072,
} as const;

/** Bounds of the caches that functions use (Cache API), in each front. */
export const functionCacheLimits = {
  /** All functions together, bytes; the function whose caches were used longest ago loses entries first. */
  bytesMax: 134_217_728,
  /** One function, bytes; its least recently used entries go first. A body is bounded by `bufferedBodyBytesMax`. */
  bytesPerFunctionMax: 33_554_432,
  entriesPerFunctionMax: 10_000,
  /** Named caches of one function. */
  cachesPerFunctionMax: 100,
  /** A cache's name. */
  nameCharsMax: 256,
  /** Stored responses to one URL that differ by Vary; the oldest goes first. */
  variantsPerUrlMax: 64,
  /** Names in Vary; a response with more is not stored. */
  varyNamesMax: 16,
  /** URLs and headers that keys() or matchAll() may answer at once, bytes; the bodies of matchAll() are bounded by `bufferedBodyBytesMax`. */
  listingBytesMax: 1_048_576,
  /** Bodies on their way into caches, bytes: all functions together, and one function. */
  arrivingBytesMax: 67_108_864,
  arrivingBytesPerFunctionMax: 16_777_216,
} as const;

/** Bounds of the lists that say where a function may connect to. */
export const egressLimits = {
  /** Of each list. */
  entriesMax: 64,
  /** A host name of 253 characters, with "*." and a port. */
  entryCharsMax: 261,
  /** All entries of both lists together. */
  charsMax: 4_096,
} as const;

/** Bounds of event functions (interfaces.md §1.3, §3.7). */
export const eventLimits = {
  /** An event and a result, bytes. */
  bytesMax: 6_291_456,
  /** What waits for a result gives up after this time, even if the function may run longer. */
  waitMsMax: 900_000,
  /** Requests an instance of an event function serves at once where nobody said. */
  concurrencyDefault: 1,
  /** CPU time of one event where nobody said, its initializer's included. */
  cpuMsDefault: 5_000,
} as const;

/** Bounds of functions that call functions by binding. */
export const serviceLimits = {
  /** Services of one version. */
  perFunctionMax: 20,
  /** A service's name in `env`. */
  nameCharsMax: 64,
  /** Calls within calls; one more is refused, which cuts loops. */
  depthMax: 8,
  /** Calls that one client request may cause in all, however they branch. */
  callsPerRequestMax: 1_000,
} as const;

/** Bounds of CompressionStream and DecompressionStream in one instance. */
export const compressionLimits = {
  /** Streams with data under way; one more fails with QuotaExceededError. */
  codecsMax: 128,
  /** Bytes that go in, or come out of the codec, at once. */
  chunkBytesMax: 65_536,
} as const;

/**
 * Bounds of what a host's few threads compute for functions (four: libuv's), which all instances of the host share. Lanes keep apart what takes
 * microseconds from what takes up to a second: long operations leave a thread to brief ones. Groups are function versions; they have their turns in rotation.
 */
export const threadPoolLimits = {
  lanes: {
    /** WebCrypto but for what is long. */
    brief: { runningMax: 32, runningPerGroupMax: 8 },
    /** Steps of CompressionStream and DecompressionStream. */
    compression: { runningMax: 4, runningPerGroupMax: 2 },
    /** Derivations from passwords, new RSA keys, large RSA keys, much data. */
    long: { runningMax: 3, runningPerGroupMax: 2 },
  },
  /** Operations of one instance that wait in one lane; one more fails. */
  waitingPerInstanceMax: 1_000,
} as const;

/** Bounds of WebSockets, those of clients and those that functions open. */
export const socketLimits = {
  /** One message, payload bytes; fragments are counted together. Beyond: close code 1009. */
  messageBytesMax: 1_048_576,
  /** Bytes a function sent that its peer has not taken yet. Beyond: the socket fails (1006 at both ends). */
  sendBufferBytesMax: 4_194_304,
  /** Bytes that came for a function and were not handled yet. Beyond: close code 1013 for clients, which cannot be slowed down. */
  receiveBufferBytesMax: 4_194_304,
  /** Bytes that came from a server a function connected to and were not handled yet: from here on the server has to wait. */
  receiveWindowBytes: 262_144,
  /** Open sockets of one instance, both kinds together. One more is refused. */
  perInstanceMax: 1_000,
  /** Open client sockets of one front. Beyond: 503. */
  perFrontMax: 10_000,
  /** Nothing, not even an answer to a ping, came from the peer for this time: the connection is lost (1006). 8..960. */
  idleSeconds: 120,
  /** Until a server that a function connects to has answered. */
  handshakeMs: 30_000,
  /** A closing handshake that the peer does not finish is broken off after this time. */
  closeMs: 10_000,
  /**
   * An invocation that holds a socket has its CPU time anew for each message it handles, and this long after it got it last, if the function
   * is not in the middle of something.
   */
  cpuRenewalMs: 1_000,
} as const;

/** Bounds of a node. */
export const nodeLimits = {
  /** Requests in flight in one front. Beyond: 503. */
  requestsMax: 20_000,
  /** Base instances kept ready in one isolate host, not yet bound to a function. */
  sparesDefault: 2,
  /** Instances in one isolate host over all functions; the least recently used idle one is evicted. */
  instancesPerHostMax: 2_000,
  /** What is started on a guess (`Driver.prewarm`) finds fewer instances than so many in its host: guesses evict nobody. */
  prewarmBelowInstances: 1_000,
  /** An idle instance is disposed after this time. */
  instanceIdleMs: 300_000,
  /** A stopped isolate's thread that is away longer, plus 1 ms for each MiB of the isolate's limit, does not come back: its host is replaced. */
  threadReturnMs: 500,
  /** What others run in a host that is to be ended may go on this long. */
  condemnedHostMs: 2_000,
  /** Isolate hosts of one front for single function versions: suspects, quarantined and dedicated ones. */
  apartHostsMax: 8,
  /** Invocations of one front that wait for an isolate host to start. */
  hostWaitersMax: 2_000,
  /** How long they wait. Beyond: 503. */
  hostWaitMs: 5_000,
  /** Looks at the isolate hosts: memory, signs of life. */
  hostCheckMs: 500,
  /** Looks in a row without a sign of life, after which a host is killed. */
  hostSilentChecksMax: 6,
  /** Waits for in-flight requests after SIGTERM. */
  drainMs: 30_000,
  /** Revision frames, artifacts and log records waiting to be sent to the control plane. */
  logRecordsQueueMax: 10_000,
  /** Artifact bytes kept on a node's disk beyond those in use. */
  artifactCacheBytesMax: 2_147_483_648,
} as const;

/** Bounds of a front's connections with clients. Those of its TLS port beyond these are `tlsLimits`. */
export const connectionLimits = {
  /** Connections of one front, both ports together. One more is closed at once. */
  perFront: { default: 20_000, min: 1, max: 1_000_000 },
  /** Connections with one client address (IPv6: one /64 network), both ports together; trusted proxies may have more. */
  perAddress: { default: 1_000, min: 1, max: 1_000_000 },
  /** Looks at the system's table of connections are at least this far apart. */
  censusMs: 1_000,
  /** Addresses counted between two looks. */
  addressesMax: 100_000,
  /** Requests of the plain port that one turn of the event loop takes; others wait for the next, pipelined ones end their connection. */
  requestsPerTurnMax: 512,
  /** A client that takes no byte of an answer for this time is given up. */
  stalledMs: 60_000,
  /** A client that was asked to leave has this long to do so. */
  leaveMs: 5_000,
  /** Answers without a body that a client has not read may pile up to this many bytes of its connection, on average. */
  unreadHeadBytes: 262_144,
} as const;

/** Bounds of sources and artifacts. */
export const publishLimits = {
  /** All source files of one function together. */
  sourceBytesMax: 67_108_864,
  sourceFilesMax: 20_000,
  /** One function's bundle. */
  bundleBytesMax: 10_485_760,
  /** Inline source in one JSON request. */
  inlineBytesMax: 1_048_576,
  /** The JSON body of one REST request. */
  requestBytesMax: 16_777_216,
  /** Bundling one function. */
  bundleMs: 30_000,
  /** Evaluating one function's top level (wall time), in the builder. */
  evaluateMs: 5_000,
  /** Making one startup snapshot, in the builder. */
  snapshotMs: 20_000,
  /** Resident memory of one builder process; beyond, it is killed. */
  builderRssMiBMax: 1_024,
  /** Where nobody said: a bundle from this size on gets a snapshot; a smaller one starts faster in a prepared isolate. */
  snapshotBundleBytesMin: 65_536,
  /** A user snapshot larger than this is not used. */
  snapshotBytesMax: 67_108_864,
  /** Builders at work at once; further publishes wait in a queue of this length. */
  buildersMax: 2,
  buildQueueMax: 100,
} as const;

/** Bounds of WebAssembly. All memories of one instance together may grow to the function's `memoryMiB`. */
export const webAssemblyLimits = {
  /** One module, imported or compiled by a function. */
  moduleBytesMax: 8_388_608,
  /** Modules that one version imports; all of them and the bundle together stay within `publishLimits.bundleBytesMax`. */
  modulesMax: 16,
  /** Functions of one module, imports included. */
  functionsMax: 100_000,
  /** Living memories of one instance. */
  memoriesMax: 64,
  /** Elements of a table, and of all tables that a module declares when they are made, for each MiB of the function's `memoryMiB`. */
  tableElementsPerMiB: 8_192,
  /** Living modules of one instance, imported ones included, and their bytes together, each function counted as 100 more. */
  compiledModulesMax: 1_000,
  compiledBytesMax: 33_554_432,
} as const;

/** Bounds of stored things. */
export const storeLimits = {
  functionNameCharsMax: 60,
  versionNameCharsMax: 42,
  aliasNameCharsMax: 63,
  descriptionCharsMax: 512,
  versionsPerFunctionMax: 1_000,
  aliasesPerFunctionMax: 100,
  /** All environment keys and values of one function together, characters. */
  environmentCharsMax: 4_096,
  environmentKeysMax: 20,
  rulesPerDomainMax: 40,
  rulePriorityMin: 1,
  rulePriorityMax: 100,
  /** Suffixes or directories in one rule. */
  ruleMatchListMax: 20,
  /** All of one rule's match content, characters. */
  ruleMatchContentCharsMax: 2_048,
  sourcesPerDomainMax: 50,
  cacheRulesPerDomainMax: 60,
  /** Actions in one of a domain's header lists. */
  headerActionsPerDomainMax: 50,
  /** One configured header value, characters. */
  headerValueCharsMax: 4_096,
  /** Match values or parameter names of one cache rule, characters. */
  cacheRuleValueCharsMax: 2_048,
  /** Lifetime in the cache, seconds: 365 days. */
  cacheTtlSecondsMax: 31_536_000,
  domainsMax: 10_000,
  nodesMax: 1_000,
} as const;

/** Bounds of an alias's grey release. */
export const greyLimits = {
  rulesMax: 20,
  /** Of a header field or a cookie, characters. */
  nameCharsMax: 128,
  /** One rule's value or list, characters. */
  valueCharsMax: 2_048,
} as const;

/** What the control plane keeps of nodes' counters of functions. */
export const statisticsLimits = {
  /** Seconds that can be looked back. */
  windowSeconds: 60,
  versionsMax: 10_000,
  /** Front processes of the whole fleet. */
  frontsMax: 10_000,
  /** Function versions in one report of a front. */
  reportVersionsMax: 10_000,
  /** Fronts in one report of a node. */
  reportFrontsMax: 64,
  /** How long what a front said about its instances holds, milliseconds. */
  gaugeMs: 15_000,
} as const;

/** Bounds of a rollout in steps. */
export const stagedRolloutLimits = {
  stepsMax: 20,
  everySecondsMin: 1,
  everySecondsMax: 86_400,
  conditionsMax: 10,
  /** Rollouts that are kept, over all functions; those that run are among them. */
  keptMax: 1_000,
  /** At once, over all functions. */
  runningMax: 100,
} as const;

/** Bounds of the node's stream to the control plane. */
export const controlLinkLimits = {
  /** Results of invocations in one message from a node, and their bytes; one alone may be larger. */
  resultsMax: 128,
  resultsBytesMax: 1_048_576,
  /** The control plane sends a heartbeat this often. */
  heartbeatMs: 5_000,
  /** A stream silent for this long is dropped and opened again. */
  silenceMs: 15_000,
  reconnectMsMin: 100,
  reconnectMsMax: 10_000,
} as const;
