/**
 * The closed list of what can go wrong: each code's source, its HTTP status at the edge, and the one sentence outsiders may read.
 * Nobody parses messages; a code is what logs, metrics, answers and tests share.
 */

/** Who caused a failure. */
export type ErrorSource = "client" | "function" | "origin" | "node" | "control";

export interface ErrorDescription {
  readonly source: ErrorSource;
  /** HTTP status an edge client or REST client gets. */
  readonly status: number;
  /** What outsiders may read; never holds data of the request or the function. */
  readonly text: string;
  /** Whether the same request may succeed when sent again unchanged. */
  readonly retry: boolean;
}

export const errorCodes = {
  // client
  REQUEST_MALFORMED: { source: "client", status: 400, text: "The request is not well-formed HTTP.", retry: false },
  REQUEST_BODY_TOO_LARGE: {
    source: "client",
    status: 413,
    text: "The request body is larger than allowed.",
    retry: false,
  },
  REQUEST_TARGET_TOO_LONG: {
    source: "client",
    status: 414,
    text: "The request target is longer than allowed.",
    retry: false,
  },
  REQUEST_HEADERS_TOO_LARGE: {
    source: "client",
    status: 431,
    text: "The request headers are larger than allowed.",
    retry: false,
  },
  REQUEST_ABORTED: { source: "client", status: 499, text: "The client went away.", retry: false },
  DOMAIN_UNKNOWN: { source: "client", status: 404, text: "This host is not configured here.", retry: false },
  DOMAIN_DISABLED: { source: "client", status: 404, text: "This host is disabled.", retry: false },
  REQUEST_METHOD_REFUSED: { source: "client", status: 405, text: "This method is not served here.", retry: false },
  SOCKET_NOT_OPENED: { source: "client", status: 400, text: "There is no WebSocket at this URL.", retry: false },
  REQUEST_MISDIRECTED: {
    source: "client",
    status: 421,
    text: "This connection's certificate is not for this host.",
    retry: false,
  },
  LOOP_DETECTED: { source: "client", status: 508, text: "The request came back here too often.", retry: false },
  NOT_CACHED: {
    source: "client",
    status: 504,
    text: "The client asked for a stored answer, and there is none.",
    retry: false,
  },
  ACCESS_DENIED: { source: "client", status: 403, text: "Access is not allowed.", retry: false },
  REQUEST_RATE_LIMITED: { source: "client", status: 429, text: "This address asks too often.", retry: true },
  // function
  FUNCTION_THREW: { source: "function", status: 500, text: "The function failed.", retry: false },
  FUNCTION_RESULT_INVALID: {
    source: "function",
    status: 500,
    text: "The function returned something that is not an answer.",
    retry: false,
  },
  FUNCTION_NEVER_SETTLED: {
    source: "function",
    status: 500,
    text: "The function ended without an answer.",
    retry: false,
  },
  FUNCTION_LOAD_FAILED: { source: "function", status: 500, text: "The function could not be loaded.", retry: false },
  FUNCTION_CPU_LIMIT: {
    source: "function",
    status: 503,
    text: "The function used more CPU time than allowed.",
    retry: false,
  },
  FUNCTION_WALL_LIMIT: {
    source: "function",
    status: 504,
    text: "The function took longer than allowed.",
    retry: false,
  },
  FUNCTION_MEMORY_LIMIT: {
    source: "function",
    status: 503,
    text: "The function used more memory than allowed.",
    retry: false,
  },
  FUNCTION_SUBREQUEST_LIMIT: {
    source: "function",
    status: 500,
    text: "The function made more subrequests than allowed.",
    retry: false,
  },
  FUNCTION_HEADERS_TOO_LARGE: {
    source: "function",
    status: 500,
    text: "The function's answer has larger headers than allowed.",
    retry: false,
  },
  FUNCTION_BODY_FAILED: { source: "function", status: 500, text: "The function's answer broke off.", retry: false },
  FUNCTION_OVERLOADED: {
    source: "function",
    status: 429,
    text: "The function is at its concurrency limit.",
    retry: true,
  },
  FUNCTION_UNAVAILABLE: {
    source: "node",
    status: 503,
    text: "The function is not available on this node yet.",
    retry: true,
  },
  FUNCTION_INSTANCE_LOST: {
    source: "function",
    status: 503,
    text: "The function's instance was stopped by another request.",
    retry: true,
  },
  FUNCTION_QUARANTINED: {
    source: "function",
    status: 503,
    text: "The function ended its process and is held back for a while.",
    retry: true,
  },
  SERVICE_NOT_FOUND: {
    source: "function",
    status: 502,
    text: "The function that was called does not exist here.",
    retry: false,
  },
  SERVICE_TOO_DEEP: {
    source: "function",
    status: 508,
    text: "Functions called each other deeper than allowed.",
    retry: false,
  },
  EGRESS_DENIED: { source: "function", status: 403, text: "The function may not reach this address.", retry: false },
  FUNCTION_EGRESS_DENIED: {
    source: "function",
    status: 500,
    text: "The function's own egress lists do not allow this address.",
    retry: false,
  },
  // origin
  ORIGIN_UNREACHABLE: { source: "origin", status: 502, text: "The origin could not be reached.", retry: true },
  ORIGIN_TIMEOUT: { source: "origin", status: 504, text: "The origin did not answer in time.", retry: true },
  ORIGIN_MALFORMED: {
    source: "origin",
    status: 502,
    text: "The origin's answer is not well-formed HTTP.",
    retry: false,
  },
  ORIGIN_TRUNCATED: { source: "origin", status: 502, text: "The origin's answer broke off.", retry: true },
  ORIGIN_HEADERS_TOO_LARGE: {
    source: "origin",
    status: 502,
    text: "The origin's answer has larger headers than allowed.",
    retry: false,
  },
  ORIGIN_DENIED: {
    source: "origin",
    status: 502,
    text: "The origin's address is not allowed on this node.",
    retry: false,
  },
  ORIGIN_CERTIFICATE: {
    source: "origin",
    status: 502,
    text: "The origin could not prove who it is.",
    retry: false,
  },
  CERTIFICATE_REFUSED: {
    source: "node",
    status: 500,
    text: "The node cannot serve a certificate.",
    retry: false,
  },
  ORIGIN_OVERLOADED: {
    source: "origin",
    status: 503,
    text: "Too many requests wait for the origin.",
    retry: true,
  },
  ORIGIN_REDIRECTS: {
    source: "origin",
    status: 502,
    text: "The origin redirects too often, or to nowhere.",
    retry: false,
  },
  ORIGIN_NOT_CONFIGURED: { source: "origin", status: 502, text: "This host has no origin.", retry: false },
  // node
  CACHE_BODY_BROKEN: {
    source: "node",
    status: 502,
    text: "The stored answer could not be read to its end.",
    retry: true,
  },
  NODE_OVERLOADED: { source: "node", status: 503, text: "The node has too many requests in flight.", retry: true },
  NODE_DRAINING: { source: "node", status: 503, text: "The node is shutting down.", retry: true },
  HOST_LOST: { source: "node", status: 502, text: "The process that ran the function ended.", retry: true },
  NODE_INTERNAL: { source: "node", status: 500, text: "The node failed.", retry: false },
  // control plane
  INPUT_INVALID: { source: "control", status: 400, text: "The input is not valid.", retry: false },
  UNAUTHENTICATED: { source: "control", status: 401, text: "A valid token is needed.", retry: false },
  FORBIDDEN: { source: "control", status: 403, text: "The token does not allow this.", retry: false },
  RATE_LIMITED: { source: "control", status: 429, text: "Too many requests.", retry: true },
  INSTANCE_SIZE_REFUSED: {
    source: "control",
    status: 406,
    text: "The function has no instances of that size.",
    retry: false,
  },
  NOT_FOUND: { source: "control", status: 404, text: "There is no such thing.", retry: false },
  CONFLICT: { source: "control", status: 409, text: "The change conflicts with what exists.", retry: false },
  PRECONDITION_FAILED: {
    source: "control",
    status: 412,
    text: "It is not at the version that was expected.",
    retry: false,
  },
  PAYLOAD_TOO_LARGE: { source: "control", status: 413, text: "The request is larger than allowed.", retry: false },
  LIMIT_REACHED: { source: "control", status: 422, text: "A limit on stored things is reached.", retry: false },
  PUBLISH_REFUSED: { source: "control", status: 422, text: "The source cannot be published.", retry: false },
  BUILD_QUEUE_FULL: { source: "control", status: 429, text: "Too many publishes are waiting.", retry: true },
  CALL_QUEUE_FULL: { source: "control", status: 429, text: "Too many asynchronous calls are waiting.", retry: true },
  CALL_EXPIRED: {
    source: "control",
    status: 504,
    text: "The call was not run before it was too old.",
    retry: false,
  },
  NO_NODE: { source: "control", status: 503, text: "No node is connected.", retry: true },
  STORE_BUSY: { source: "control", status: 503, text: "The store is busy.", retry: true },
  STORE_FULL: { source: "control", status: 507, text: "The store has no room.", retry: false },
  STORE_READ_ONLY: { source: "control", status: 503, text: "The store takes no changes now.", retry: true },
  STORE_UNAVAILABLE: { source: "control", status: 503, text: "The store cannot be reached.", retry: true },
  STORE_DAMAGED: { source: "control", status: 500, text: "The store's files cannot be read or written.", retry: false },
  CONTROL_INTERNAL: { source: "control", status: 500, text: "The control plane failed.", retry: false },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** The body of every error answer, at the edge and in REST. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly requestId: string;
    /** REST only: every problem of the input. */
    readonly problems?: readonly { readonly path: string; readonly message: string }[];
  };
}

/** What a code means. */
export function describeError(code: ErrorCode): ErrorDescription {
  return errorCodes[code];
}
