/**
 * What each frame kind means: the whole language between front (F), engine (E) and guest (G), one constant a line.
 *
 * Payloads are listed in reading order; `body` is a body descriptor (body-frame.ts). Ids of invocations are given by the front, ids of
 * subrequests, streams, sockets, calls and timers by the guest; the engine adds the instance number, so no guest can name another's.
 * A subrequest that asks for a WebSocket and gets one (its response is a 101) leaves its id to the socket.
 */

/** F → E, about versions. */
export const toEngine = {
  /** request id, version number, see load-frame.ts; a buffer for the snapshot, or none, and one for each WebAssembly module. → `done` */
  load: "L",
  /** version number */
  unload: "U",
  /** request id, version number, count, number of the host's instances from which on none is started → `done` */
  warm: "W",
  /** request id, version number, count of instances to keep from now on → `done` when they are there, with JSON of the failure when one did not start */
  reserve: "R",
  /** request id → `done` with JSON of the statistics */
  stats: "Z",
  /** F → E → G: version number, invocation id, see invocation-frame.ts */
  invoke: "I",
  /** invocation id: the client went away (also forwarded E → G) */
  cancel: "X",
  /** instance number, then frames for that guest */
  toInstance: "g",
  /** request id → `done`: the engine's event loop is alive */
  ping: "?",
} as const;

/** E → F. */
export const toFront = {
  /** request id, JSON (or empty) */
  done: "D",
  /** instance number, then frames of that guest: outcome, ended, log, readBody, cancelBody, subrequest, abortSubrequest, chunk, end, fail */
  fromInstance: "G",
  /** instance number: it is gone with all its subrequests and streams */
  instanceGone: "V",
  /** instance number: none of its invocations runs any more, and it had made subrequests */
  instanceIdle: "Y",
  /** reason (condemnedReasons), key of a version: a thread of this process does not come back from it, and the process should end */
  condemned: "!",
} as const;

/** `stuck`: the isolate was stopped and its thread went on; `catastrophe`: V8 gave the isolate up. */
export const condemnedReasons = ["stuck", "catastrophe"] as const;
export type CondemnedReason = (typeof condemnedReasons)[number];

/** → G, beside `invoke` and `cancel`. */
export const toGuest = {
  /** body reference; 1 buffer */
  bodyChunk: "B",
  /** body reference */
  bodyEnd: "E",
  /** body reference, message */
  bodyFailed: "F",
  /** subrequest id, status, status text, headers, has body 0|1, length + 1 or 0, url, redirected 0|1 */
  response: "R",
  /** subrequest id, message */
  noResponse: "N",
  /** call id, JSON; n buffers */
  callDone: "C",
  /** call id, error name, message */
  callFailed: "c",
  /** timer id */
  timer: "T",
  /** stream id, number of further chunks that may be sent */
  credit: "P",
  /** stream id: nobody reads it any more */
  stop: "S",
  /** number: whether the instance is well → `heartbeat` */
  heartbeat: "H",
  /** error name, message, stack: a promise was rejected and nobody handled it */
  unhandledRejection: "J",
  /** socket id, invocation id: the socket is open, and counts as that invocation's from now on */
  socketOpened: "O",
  /** socket id, text 0 or bytes 1, text; 1 buffer when bytes */
  socketMessage: "M",
  /** socket id: the oldest message that was on its way has left its buffers */
  socketSent: "Q",
  /** socket id, close code, reason, clean 0|1: nothing more comes or goes */
  socketClosed: "K",
} as const;

/** G → E or F. */
export const fromGuest = {
  /** invocation id, ended 0|1, outcome kind, see outcome-frame.ts */
  outcome: "o",
  /** invocation id: nothing of it goes on any more (waitUntil, body) */
  ended: "d",
  /** invocation id, level 0..3, message */
  log: "l",
  /** body reference */
  readBody: "q",
  /** body reference */
  cancelBody: "k",
  /** subrequest id, invocation id, target (subrequest-target.ts), method, url, headers, redirect 0..2, body */
  subrequest: "s",
  /** subrequest id */
  abortSubrequest: "a",
  /** stream id; 1 buffer */
  chunk: "b",
  /** stream id */
  end: "e",
  /** stream id, message */
  fail: "f",
  /** call id, operation, JSON; n buffers (ends in the engine) */
  call: "h",
  /** timer id, delay in ms (ends in the engine) */
  startTimer: "t",
  /** timer id (ends in the engine) */
  clearTimer: "u",
  /** number of the question, well 0|1, why not (ends in the engine) */
  heartbeat: "v",
  /** socket id, text 0 or bytes 1, text; 1 buffer when bytes */
  socketMessage: "m",
  /** socket id: its oldest message was handled */
  socketTaken: "n",
  /** socket id, close code (1005: none, 1006: no closing handshake), reason */
  socketClose: "x",
} as const;

/** Kinds of guest frames that go on to the front unread. */
export const forwardedToFront: ReadonlySet<string> = new Set([
  fromGuest.log,
  fromGuest.readBody,
  fromGuest.cancelBody,
  fromGuest.subrequest,
  fromGuest.abortSubrequest,
  fromGuest.chunk,
  fromGuest.end,
  fromGuest.fail,
  fromGuest.socketMessage,
  fromGuest.socketTaken,
  fromGuest.socketClose,
]);

/** Kinds of frames that a guest waits for once it asked. */
export const answersTheGuest: ReadonlySet<string> = new Set([
  toGuest.bodyChunk,
  toGuest.bodyEnd,
  toGuest.bodyFailed,
  toGuest.response,
  toGuest.noResponse,
]);

/** What a body reference names: the owner's kind, then its id. */
export const bodyOwner = { request: 0, response: 1, subrequest: 2 } as const;
export type BodyOwner = (typeof bodyOwner)[keyof typeof bodyOwner];

/** Body descriptors: kind, then: text | (1 buffer) | stream id | owner and id. `host` bodies coming to a guest carry length + 1 or 0. */
export const bodyKind = { empty: 0, text: 1, bytes: 2, stream: 3, host: 4 } as const;

export const outcomeKind = { continue: 0, request: 1, response: 2, failed: 3, upgrade: 4 } as const;

export const logLevels = ["debug", "info", "warn", "error"] as const;
export const redirectModes = ["follow", "error", "manual"] as const;
