/**
 * Bounds of what makes a node a CDN: origins, domain documents, the disk tier, purges, TLS. The rest is in limits.ts.
 * Nothing here is behaviour; each bound is enforced by the folder that owns the thing it bounds.
 */

/** Bounds of what one front asks origins. */
export const originLimits = {
  /** Times one client request is sent to sources of its domain, the first included; each redirect that is followed has as many. */
  attemptsMax: 3,
  /** Requests of a domain that are sent once more although a source may have seen them: this share of its requests within `retryWindowMs`, … */
  retryShare: 0.2,
  /** … but this many in any case. */
  retriesMin: 10,
  retryWindowMs: 10_000,
  /** Connections to one source when its `max_connections` does not say. */
  connectionsDefault: 1_024,
  /** Requests that wait for a connection to one source; one more is refused. They wait as long as the domain's connect timeout. */
  waitingMax: 1_000,
  /** Redirects of an origin that are followed for one request. */
  redirectsMax: 5,
  /** Informational answers (1xx) before one answer. */
  informationalMax: 16,
  /** A connection that is not used for this time is closed, unless its server named a time. */
  keepAliveMs: 15_000,
  /** Seconds when the domain does not say. */
  connectTimeoutDefaultS: 5,
  idleTimeoutDefaultS: 30,
  /** Requests in a row that found a source not there or silent until it is put aside, and for how long; twice as long each further time. */
  failuresUntilAside: 3,
  asideMsMin: 1_000,
  asideMsMax: 60_000,
  /** Sources that health checks ask; further ones are judged by requests alone. */
  checkedSourcesMax: 2_000,
  /** Health checks under way at once; one more is made later. */
  checksAtOnceMax: 50,
  /** What is read of a health check's answer so that its connection can be used again, bytes. */
  checkBodyBytesMax: 65_536,
} as const;

/** Bounds of the disk tier of a node's HTTP cache, shared by all fronts of the node. */
export const diskCacheLimits = {
  /** The whole folder. Segments are a 128th of it, within the two bounds below. */
  bytesMin: 33_554_432,
  bytesMax: 17_592_186_044_416,
  segmentBytesMin: 1_048_576,
  segmentBytesMax: 67_108_864,
  /** One key, UTF-8 bytes. */
  keyBytesMax: 65_536,
  /** What stands beside the body of one entry. */
  headBytesMax: 131_072,
  /** A body up to here stands beside its head and is read with it at once; a longer one is written while it arrives. */
  inlineBodyBytesMax: 262_144,
  /** Body bytes under one checksum: the least that is read for a range. Blocks beyond the first 256 are four times as long. */
  blockBytes: 65_536,
  /** Body bytes read at once. */
  readBytesMax: 262_144,
  /** Until an entry's head is there. Beyond: as if it were not. */
  readMs: 500,
  /** Until the next bytes of a body are there. Beyond: the transfer breaks. */
  bodyReadMs: 5_000,
  /** Bytes of one entry, and of all entries of a front, that the disk has not taken yet. */
  unwrittenBytesMax: 4_194_304,
  unwrittenBytesTotalMax: 67_108_864,
  /** All waits of one entry's writer for the disk together. Beyond, the entry is given up. */
  writeWaitMs: 1_000,
  /** Operations at once, of the four threads that Node.js has for them: a disk that hangs leaves one to others. */
  operationsMax: 3,
  /** Operations waiting for their turn. One more fails. */
  operationsQueueMax: 2_048,
  /** So many failed or slow operations in a row, and the disk is left alone; longer with each time it does not recover. */
  failuresMax: 5,
  slowOperationMs: 500,
  restMsMin: 5_000,
  restMsMax: 60_000,
  /** Segment files a front keeps open. */
  openSegmentsMax: 256,
  /** Places of entries that a front remembers (32 bytes each). */
  rememberedPlacesMax: 262_144,
  /** Bytes in which a front knows which keys are on the disk; a power of two. */
  presentKeysBytesMax: 16_777_216,
  /** The index is looked through anew at most once in so many times as long as that takes. */
  surveyShare: 20,
  /** Deletions that the disk has not taken yet. Beyond, everything on it is dropped. */
  pendingDeletesMax: 100_000,
  /** A front tells that it lives, and looks at the folder anew, this often; one silent for `frontSilentMs` is gone. */
  upkeepMs: 10_000,
  frontSilentMs: 30_000,
  /** Uses are noted on the disk this often, at most so many at once. */
  usesMs: 1_000,
  usesMax: 1_024,
  /** What all fronts of a node together read so lately that the system has it in memory: this share of the machine's, and for no longer than this. */
  recentShare: 16,
  recentMs: 60_000,
  /** What a front remembers of these takes of its own memory at most this share of that. */
  knownShare: 16,
  /** Reads in the event loop: one is slow from `slowReadMs` on; slow ones may take `slowMsMax` at once and `slowMsPerSecond` in the long run, or they pause. */
  synchronous: { slowReadMs: 2, slowMsMax: 200, slowMsPerSecond: 100, pauseMsMin: 10_000, pauseMsMax: 600_000 },
} as const;

/** Bounds of what fronts of one node tell each other of their caches. */
export const cacheNewsLimits = {
  /** News of keys wait this long for others, milliseconds. */
  gatherMs: 20,
  /** Keys of each kind, and changed URLs, in one message. Further ones are not told. */
  keysMax: 16_384,
  invalidatedMax: 1_024,
} as const;

/** Bounds of domain documents and their versions. Ranges of single values stand with their keys in sdk/domain/. */
export const domainLimits = {
  /** One whole document, configuration and rules, characters of JSON. */
  documentCharsMax: 1_048_576,
  /** Versions kept for each domain; the oldest go. */
  versionsPerDomainMax: 100,
  /** A version's comment, characters. */
  commentCharsMax: 512,
  /** Problems of one document that are reported; there may be more. */
  problemsMax: 100,
  /** Conditional parts in one list: rewrites, browser cache rules, flexible origins, speed limits. */
  conditionsPerListMax: 60,
  /** Match values of one condition, characters, and entries in them. */
  matchValueCharsMax: 2_048,
  matchEntriesMax: 100,
  /** A target path, URL or template, characters. */
  targetCharsMax: 2_048,
  /** A regular expression, characters. */
  regexCharsMax: 1_024,
  addressesMax: 500,
  refererHostsMax: 500,
  userAgentsMax: 100,
  /** One pattern of a referer or user agent, characters. */
  patternCharsMax: 256,
  /** One error page's body, characters. */
  errorPageCharsMax: 65_536,
} as const;

/** Bounds of purges and preheats. */
export const purgeLimits = {
  /** URLs, directories or tags of one purge. */
  targetsMax: 100,
  /** A directory's path, characters. A URL is bounded by `messageLimits.urlBytesMax`. */
  directoryCharsMax: 2_048,
  tagCharsMax: 256,
  /** All targets of one purge, characters. */
  taskCharsMax: 65_536,
  /** Purges the control plane keeps, for nodes that were away. A node that misses more purges everything. */
  keptMax: 1_000,
  /** Characters of what one node missed; beyond, it purges everything. */
  catchUpCharsMax: 4_194_304,
  /** Purges in the list that is shown. */
  listedMax: 100,
  /** Acknowledgements kept per node. */
  acksPerNodeMax: 200,
  /** Targets that a node's table holds; the oldest become one purge of their whole domain. */
  tableTargetsMax: 20_000,
  /** Characters of those targets. */
  tableCharsMax: 4_194_304,
  /** Domains with purges of their own in a node's table; the oldest become one purge of everything. */
  tableDomainsMax: 10_000,
  /** How long a purge or preheat is waited for, seconds. */
  waitSecondsDefault: 10,
  waitSecondsMax: 30,
  /** A front that did not confirm a purge by then is replaced. */
  frontMs: 10_000,
  /** How long a node that starts waits for the purges it missed before it serves without them. */
  catchUpMs: 5_000,
  /** URLs of one preheat. */
  preheatUrlsMax: 100,
  /** Preheats the control plane remembers. */
  preheatsKeptMax: 1_000,
  /** Preheats that wait in one front behind the one it works on; one more fails at once. */
  preheatsWaitingMax: 16,
  /** URLs that one front fetches at once for preheats. */
  preheatConcurrency: 4,
  /** One URL of a preheat on one node. */
  preheatUrlMs: 60_000,
} as const;

/** Bounds of TLS certificates and of the listener that serves them. */
export const certificateLimits = {
  /** Certificates in the store; every node holds all of them. */
  certificatesMax: 2_000,
  /** A chain in PEM. */
  chainCharsMax: 65_536,
  /** A private key in PEM. */
  keyCharsMax: 16_384,
  /** Certificates in one chain, the first one included. */
  chainMax: 8,
  /** Host names of one certificate. */
  domainsMax: 1_000,
  issuerCharsMax: 200,
} as const;

/** Bounds of connections over TLS in one front; requests and WebSockets are bounded with all others. */
export const tlsLimits = {
  connectionsMax: 20_000,
  /** Server names of handshakes for which a front may start instances in one second; more start none. */
  prewarmedNamesPerSecond: 10,
  /** Versions started for one server name. */
  prewarmedVersionsMax: 4,
  /** Not again for one domain before. */
  prewarmAgainMs: 30_000,
  /** From the connection to the end of the TLS handshake. */
  handshakeMs: 10_000,
  /** From the first byte of an HTTP/1.1 head to its last. */
  headMs: 30_000,
  /** How often that is looked at. */
  headCheckMs: 5_000,
  /** Requests of an HTTP/1.1 connection that wait for their answers; one more ends it. */
  pipelinedMax: 128,
  /** A connection without a request is closed after this time. */
  idleMs: 60_000,
  /** For its client to close it as well. */
  closeMs: 5_000,
  /** A client that takes no byte of an answer for this time is given up. */
  stalledMs: 60_000,
  /** In each such time a client that is waited for sends so much of a body, or is given up: 500 bytes a second. */
  bodyPeriodMs: 60_000,
  bodyPeriodBytesMin: 30_000,
  /** A key of session tickets is used this long. */
  ticketKeyMs: 43_200_000,
  /** Contexts kept ready; the rest is made anew with the next handshake that needs it. */
  contextsMax: 500,
  /** Of one HTTP/2 connection: requests at once. */
  streamsMax: 128,
  /** Bytes of one request's body, and of all of one connection, that a client may send before it is told to go on. */
  streamWindowBytes: 262_144,
  connectionWindowBytes: 1_048_576,
  /** Streams that a client may reset in a burst, and each second (CVE-2023-44487). Beyond: the connection is closed. */
  resetBurst: 200,
  resetsPerSecond: 33,
  /** Frames that break the protocol, and streams beyond `streamsMax`, until the connection is closed. */
  invalidFramesMax: 50,
  rejectedStreamsMax: 50,
  /** Unanswered PINGs and entries of one SETTINGS frame. */
  pingsMax: 10,
  settingsMax: 32,
  /** Memory of one HTTP/2 connection. */
  sessionMiB: 10,
} as const;

/** Bounds of the HTTP cache in each front. */
export const cacheLimits = {
  /** Stored answers to one URL that differ by Vary; the oldest goes first. */
  variantsPerUrlMax: 256,
  /** Names in Vary; an answer with more is not stored. */
  varyNamesMax: 16,
  /** Names in Vary of all answers to one URL together, each of which every lookup reads; with more of them its variants begin anew. */
  varyNamesPerUrlMax: 64,
  /** Tags of one answer; further ones are left out. */
  tagsPerAnswerMax: 64,
  /** One tag; a longer one is left out. */
  tagCharsMax: 256,
  /** An answer that says nothing of its lifetime is fresh for a tenth of its age (RFC 9111 §4.2.2), and no longer than this. */
  heuristicMsMax: 86_400_000,
  /** An origin that gives no answer at all: a stored one may be this stale, unless the origin said otherwise (RFC 9111 §4.2.4). */
  staleOnFailureMs: 3_600_000,
  /** A URL whose answer could not be stored: requests for it do not wait for each other for this time. */
  uncacheableMs: 120_000,
  /** Requests that wait for one origin request; further ones ask alone. */
  waitersPerFillMax: 10_000,
  /** Until those who wait ask alone. */
  fillWaitMs: 60_000,
  /** Stale answers being renewed in the background at once; beyond, they stay stale until one has ended. */
  renewalsMax: 256,
  /** After a failure of the origin a stale answer is sent at once for this time, and renewed in the background. */
  failureBackOffMs: 10_000,
  /** Ranges in one Range field; one with more is answered with the whole, as is one whose ranges are not in the order of the body. */
  rangesMax: 16,
} as const;

/** Bounds of what a front knows and does for domains' policies. */
export const policyLimits = {
  /** Client addresses that a front counts for limits on requests, shared out among the domains that have one. */
  rateAddressesMax: 131_072,
  /** A domain has at least this many of them. */
  rateAddressesMin: 1_024,
  /** How often a body whose rate is limited goes on, milliseconds. */
  pacingMs: 100,
  /** How long an error's body is read for the cache when its client gets another answer. */
  errorBodyMs: 10_000,
} as const;

/** Bounds of the access log of each front. */
export const accessLogLimits = {
  /** One line: what a pipe takes as a whole (PIPE_BUF). */
  lineBytesMax: 4_096,
  /** Longer paths, queries and header values are cut. */
  pathCharsMax: 1_024,
  queryCharsMax: 1_024,
  headerCharsMax: 512,
  /** Lines wait this long for others, milliseconds. */
  flushMs: 500,
  /** Characters of lines that were not written yet. Beyond, lines are dropped. */
  heldCharsMax: 8_388_608,
  /** A larger file is moved away; it is looked at this often, milliseconds. */
  fileBytesMax: 268_435_456,
  rotateMs: 10_000,
  /** Files that were moved away and stay. */
  filesKept: 4,
} as const;

/** Bounds of compressing answers in one front. Beyond them an answer is sent as it is. */
export const compressionStepLimits = {
  /** Whole bodies compressed at once; Node.js has four threads for all of them. */
  wholeMax: 64,
  /** Streams under way, each with up to about 1 MiB of its coder. */
  streamsMax: 512,
  /** Compressed forms of stored answers. */
  keptBytesMax: 67_108_864,
} as const;

/** Bounds of the use that the cache makes of its disk. What one object and all of them may take is in the node's settings. */
export const diskTierLimits = {
  /** An answer that is fresh for less is not written. */
  freshMsMin: 5_000,
  /** The largest object, bytes; on a small disk it is this share of it. */
  objectBytesMax: 4_294_967_296,
  objectShare: 8,
  /** Bodies on their way from the disk to memory, bytes, beside those that stand with their heads; a further one is read as it is sent. */
  arrivingBytesMax: 67_108_864,
  /** Bytes handed to the disk at once. */
  writeBytes: 1_048_576,
  /** Answers written last, of which a front knows when they were asked for: nothing that was asked for earlier comes to stand over one of them. */
  latestMax: 4_096,
  /** Shorter bodies go from the disk to memory with their first use. */
  shortBytes: 16_384,
  /** Keys whose uses a front counts (5 bytes each); a power of two. */
  useCounts: 131_072,
} as const;
