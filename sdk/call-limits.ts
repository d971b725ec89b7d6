/** Bounds of asynchronous calls and of who is told of them. */

/** Bounds of asynchronous calls (functions.md, "Invocation"). */
export const callLimits = {
  /** The event of one call as JSON, bytes. */
  eventBytesMax: 262_144,
  /** A result that a destination gets, bytes; a larger one arrives empty. */
  resultBytesMax: 262_144,
  /** Further attempts of a call that failed. */
  retries: { default: 1, min: 0, max: 3 },
  /** From acceptance until a call is not tried any more, seconds. */
  maxAgeSeconds: { default: 86_400, min: 1, max: 86_400 },
  /** Wait before the second attempt; each further wait is four times as long. */
  retryMs: 1_000,
  /** Destinations that are functions, one after the other; one more is not called, which cuts loops. */
  depthMax: 8,
  /** How often a call is run again because what ran it was lost, beside its retries. */
  lossesMax: 5,
  /** Calls that wait. One more is refused. */
  waitingMax: 1_000_000,
  /** Calls that have ended are shown this long, and at most so many. */
  keptMs: 86_400_000,
  keptMax: 500_000,
  /** The same in a queue that several control planes share: each has them in memory, and reads them when it starts. */
  keptSharedMax: 100_000,
  /** Rows removed in one transaction. */
  purgeMax: 1_000,
  /** Calls shown in one page. */
  pageMax: 1_000,
  /** Why a call ended as it did, characters. */
  messageCharsMax: 1_024,
  /** Calls that one node has at once, and their events together, bytes. */
  perNodeMax: 256,
  bytesPerNodeMax: 16_777_216,
  /** Calls in one message to a node or results in one from it, and their bytes; one call alone may be larger. */
  batchMax: 128,
  batchBytesMax: 1_048_576,
  /** A node's calls are run again so long after its connection ended: those it had finished are told meanwhile. */
  lostMs: 3_000,
  /** What a node may take beyond a function's own time: waiting for an instance, both ways. */
  slackMs: 30_000,
} as const;

/** Bounds of what is sent to destinations of asynchronous calls. */
export const destinationLimits = {
  /** Attempts to send; the wait before each further one is `callLimits.retryMs`, then four times as long as the one before. */
  attemptsMax: 4,
  /** An HTTP destination must have answered by then. */
  answerMs: 10_000,
  /** HTTP requests at once, and to one origin. */
  requestsMax: 64,
  requestsPerOriginMax: 8,
  /** Of an HTTP destination. */
  urlCharsMax: 2_048,
  /** Sendings that wait; one more is dropped, and its call says so. */
  waitingMax: 100_000,
  /** Queues, a queue's name, and what one queue holds: one more message is dropped, and its call says so. */
  queuesMax: 1_000,
  queueNameCharsMax: 64,
  messagesPerQueueMax: 100_000,
  /** Messages read at once. */
  messagesPageMax: 1_000,
} as const;
