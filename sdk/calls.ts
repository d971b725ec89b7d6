/**
 * Asynchronous calls in REST: what is asked for, what is shown of them, and how each function, alias or version is set up for them
 * (functions.md, "Invocation"). Paths are in the comments; `api.ts` has the rest of the API.
 */
import type { ErrorCode } from "./error-code.ts";
import type { InvokeRequest } from "./desired-state.ts";

/**
 * `wait`: not run yet, or to be run again. `running`: a node has it. `finish`: the function gave a result. `fail`, `timeout`: its last attempt
 * failed or took too long. `discard`: it was too old, or there is nothing to run it with. `cancel`: it was cancelled; what ran by then runs to its end.
 */
export type CallState = "wait" | "running" | "finish" | "fail" | "timeout" | "discard" | "cancel";
export const callStates = ["wait", "running", "finish", "fail", "timeout", "discard", "cancel"] as const;

/** `POST /v1/functions/:name/invocations` with `async: true` → 202. Durable once answered. */
export interface CallAccepted {
  readonly requestId: string;
}

/** Where the record of a call that ended is sent. `qualifier`: a version, an alias or `latest` (default). */
export type CallDestination =
  | { readonly kind: "function"; readonly function: string; readonly qualifier: string }
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "queue"; readonly queue: string };

/** How asynchronous calls are treated; a call keeps what it was accepted with. */
export interface AsyncConfig {
  /** Further attempts after one that failed, within `callLimits.retries`. */
  readonly retries: number;
  /** Within `callLimits.maxAgeSeconds`. */
  readonly maxAgeSeconds: number;
  readonly onSuccess: CallDestination | null;
  /** For the states `fail`, `timeout` and `discard`. */
  readonly onFailure: CallDestination | null;
}

/**
 * `GET /v1/functions/:name/async-configs` → {configs}; `GET|PUT|DELETE /v1/functions/:name/async-config?qualifier=`. A call takes that of the alias,
 * version or `latest` it names, else that of the version behind it, else that of the whole function (no qualifier), else the defaults.
 */
export interface AsyncConfigResource extends AsyncConfig {
  readonly function: string;
  /** Null: the whole function. */
  readonly qualifier: string | null;
  readonly updatedAt: string;
}

/** `GET /v1/calls/:requestId`; `POST /v1/calls/:requestId/cancel` answers the same. */
export interface CallResource {
  readonly requestId: string;
  readonly function: string;
  readonly qualifier: string;
  readonly state: CallState;
  readonly createdAt: string;
  /** Of the last attempt; null: none yet. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** When it is run at the earliest, while it waits. */
  readonly dueAt: string | null;
  /** Attempts that ended. */
  readonly attempts: number;
  /** Functions that were destinations before it. */
  readonly depth: number;
  /** Of the last attempt; null: none ended. */
  readonly durationMs: number | null;
  /** A code of Selvage's, or what the function threw; empty: nothing went wrong so far. */
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly destination: SentDestination | null;
}

/** What came of sending a call's record. */
export interface SentDestination {
  readonly condition: "success" | "failure";
  readonly kind: CallDestination["kind"];
  readonly state: "pending" | "sent" | "failed";
  readonly message: string;
}

/** `GET /v1/calls?function=&state=&limit=&cursor=`, newest first. */
export interface CallQuery {
  readonly function?: string | undefined;
  readonly state?: CallState | undefined;
  /** 1..`callLimits.pageMax`, default 100. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}
export interface CallPage {
  readonly calls: readonly CallResource[];
  /** Null: there are no older ones. */
  readonly next: string | null;
}

/** `GET /v1/queues/:queue/messages?after=&limit=` → QueuePage, oldest first; `DELETE …?through=N` forgets those up to N and answers 204. */
export interface QueueMessage {
  /** Grows with every message. */
  readonly sequence: number;
  readonly createdAt: string;
  readonly body: unknown;
}
export interface QueuePage {
  readonly messages: readonly QueueMessage[];
}

/** Calls for a node, many in one message of its stream. */
export interface CallsMessage {
  readonly kind: "calls";
  readonly calls: readonly CallMessage[];
}
export interface CallMessage {
  /** The request id, the same however often it is run. */
  readonly id: string;
  readonly function: string;
  readonly qualifier: string;
  readonly request: InvokeRequest;
  /** The node gives up after this time. */
  readonly timeoutMs: number;
}

/** `POST /v1/nodes/call-results`. */
export interface CallResults {
  readonly node: string;
  readonly results: readonly CallResult[];
}
export interface CallResult {
  readonly id: string;
  readonly outcome:
    | {
        readonly kind: "answered";
        readonly status: number;
        /** `eventHeaders` of the answer. */
        readonly eventCode: number;
        readonly isFunctionError: boolean;
        /** The answer's text; empty when it is larger than `callLimits.resultBytesMax`. */
        readonly text: string;
      }
    | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };
  readonly durationMs: number;
}
