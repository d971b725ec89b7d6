/**
 * The one interface between a front and the isolates, whichever process they live in.
 *
 * Two implementations pass one contract suite (test/runtime/driver-contract.ts): `LocalDriver` runs isolates in this process,
 * `RemoteDriver` talks to an isolate host over an injected byte stream. Neither knows about sockets, disks, rules or domains.
 */
import type { ErrorCode } from "../sdk/error-code.ts";
import type { EventSettings } from "../sdk/event-settings.ts";
import type { HeaderText } from "../sdk/header-text.ts";
import type { Isolation } from "../sdk/isolation.ts";
import type { FunctionLimits } from "../sdk/limits.ts";
import type { CalledHook, Hook } from "../sdk/phase.ts";
import type { ServiceTarget } from "../sdk/service-target.ts";
import type { Body } from "./body.ts";
import type { CacheCall } from "./cache-call.ts";
import type { GuestSocket, SocketEnd } from "./socket.ts";

/** A WebAssembly module that a bundle imports by its digest. */
export interface WasmModule {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** A function version ready to run: verified bytes, decrypted environment. */
export interface RunnableVersion {
  /** Unique among everything this driver ever loads; two keys never share an isolate. */
  readonly key: string;
  readonly function: string;
  readonly version: string;
  readonly hooks: readonly Hook[];
  readonly limits: FunctionLimits;
  readonly isolation: Isolation;
  /** Whether its code may make code of text (`eval`, `new Function`). */
  readonly allowEval: boolean;
  /** Which exports are an event function, or null. */
  readonly event: EventSettings | null;
  /** Variables and secrets together. */
  readonly environment: Readonly<Record<string, string>>;
  /** Other functions it may call, by the name they have in `env`. */
  readonly services: Readonly<Record<string, ServiceTarget>>;
  /** The bundle (see VersionManifest.module). */
  readonly code: string;
  /** A snapshot whose runtimeKey was compared already, or null. */
  readonly snapshot: Uint8Array | null;
  /** The snapshot was taken after the initializer ran. Default false. */
  readonly isInitialized?: boolean;
  /** What the bundle imports; a version with any has no snapshot. */
  readonly wasm: readonly WasmModule[];
}

/** What an invocation is about. All strings are valid already: method a token, url absolute, headers within the grammar. */
export interface Invocation {
  readonly key: string;
  readonly phase: CalledHook;
  /** An instance of this size, one of the version's `event.memorySizesMiB`. Absent, or another: of the version's own. */
  readonly memoryMiB?: number;
  /** 1..64 characters, unique for each client request; the same in all phases of it. */
  readonly requestId: string;
  readonly method: string;
  /** Absolute, `http:` or `https:`. */
  readonly url: string;
  readonly headers: HeaderText;
  /** Response phases: empty. */
  readonly body: Body;
  /** Response phases only. */
  readonly response: { readonly status: number; readonly headers: HeaderText; readonly body: Body } | null;
  readonly clientIp: string;
  /** Absent or null: not known, as for a plain connection. */
  readonly tls?: ClientTls | null;
  readonly domain: string;
  readonly rulePriority: number;
  /** `hit`, `miss`, … in clientResponse, else "". */
  readonly cacheStatus: string;
}

/** The TLS connection that a client's request came over. */
export interface ClientTls {
  /** Such as `TLSv1.3`; no blanks. */
  readonly version: string;
  /** IANA's name of the cipher suite; no blanks. */
  readonly cipher: string;
  /** The name that the client asked for (SNI), as it wrote it. */
  readonly serverName: string;
}

/** What a function asks of the world. The front implements it; a driver only forwards. */
export interface InvocationHost {
  /** Performs a subrequest. Throws `SubrequestError` when there is no response. */
  fetch(request: Subrequest, signal: AbortSignal): Promise<SubrequestResponse>;
  /**
   * Performs a subrequest that asks for a WebSocket (`upgrade: websocket`; its headers name the protocols). What comes over the socket goes
   * to `guest`. Throws `SubrequestError` when there is neither a socket nor a response.
   */
  connect(request: Subrequest, guest: SocketEnd, signal: AbortSignal): Promise<SocketConnection>;
  log(level: LogLevel, message: string): void;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Subrequest {
  readonly target: SubrequestTarget;
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderText;
  readonly body: Body;
  readonly redirect: "follow" | "error" | "manual";
}

/** Where a subrequest goes. */
export type SubrequestTarget =
  | { readonly kind: "network" }
  /** The `fetch` hook of the function that the caller was published with under `name`. */
  | { readonly kind: "service"; readonly name: string; readonly service: ServiceTarget }
  /** The caller's own caches; answers are described in cache-call.ts. */
  | { readonly kind: "cache"; readonly call: CacheCall };

export interface SubrequestResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderText;
  readonly body: Body;
  /** The URL of the last hop. */
  readonly url: string;
  readonly redirected: boolean;
}

/** How the other server answered: with a socket (a 101 with these headers), or as to any request. */
export type SocketConnection =
  | { readonly kind: "socket"; readonly headers: HeaderText; readonly end: SocketEnd }
  | { readonly kind: "response"; readonly response: SubrequestResponse };

/** Why a subrequest has no response; the guest turns it into a TypeError with `message`. */
export class SubrequestError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = "SubrequestError";
    this.code = code;
  }
}

/** A body in an outcome: `same` hands the invocation's own body on untouched, without it ever entering the isolate. */
export type OutcomeBody = Body | { readonly kind: "same" };

/** How an invocation ended. Closed: every way has a kind, and `failed` carries a code. */
export type Outcome =
  /** Request phases: the (possibly changed) request goes on. Response phases: the response is unchanged. */
  | { readonly kind: "continue" }
  | {
      readonly kind: "request";
      readonly method: string;
      readonly url: string;
      readonly headers: HeaderText;
      readonly body: OutcomeBody;
    }
  | { readonly kind: "response"; readonly status: number; readonly headers: HeaderText; readonly body: OutcomeBody }
  /** A 101: the function talks to the client over `socket`, which whoever gets this outcome attaches or closes. Never in response phases. */
  | { readonly kind: "upgrade"; readonly headers: HeaderText; readonly socket: GuestSocket }
  | {
      readonly kind: "failed";
      readonly code: ErrorCode;
      /** For logs, never for clients. */
      readonly message: string;
      /** As V8 prints it, in positions of the bundle; empty when there is none. */
      readonly stack: string;
      /** The function called ctx.passThroughOnException(). */
      readonly passThrough: boolean;
      /** It makes no sense to ask again before. */
      readonly retryAfterSeconds?: number;
    };

/** A running invocation. */
export interface RunningInvocation {
  /**
   * Never rejects. Body streams in it go on after it settled. An answer whose body is a stream of the function settles when that has begun, and
   * fails when it has not within the wall limit of the hook or of `fetch`, whichever is longer.
   */
  readonly outcome: Promise<Outcome>;
  /** The client went away: aborts `request.signal`, subrequests and bodies. Harmless when over. */
  cancel(): void;
}

/** A running invocation of which its caller may learn what the world saw of it. */
export interface TracedInvocation extends RunningInvocation {
  /** Whether the same invocation may run once more elsewhere: its bodies are still at hand, and its method is safe or it made no subrequest. */
  readonly isRepeatable: () => boolean;
}

/** Counters of one loaded version; all since `load`. */
export interface VersionStats {
  readonly key: string;
  readonly instances: number;
  /** Of them those that are kept (`Driver.reserve`). */
  readonly reserved: number;
  readonly active: number;
  readonly queued: number;
  readonly invocations: number;
  readonly failures: number;
  readonly rejected: number;
  readonly coldStarts: number;
  readonly cpuMs: number;
  /** Heartbeats that were missed, and instances that were given up for that. */
  readonly heartbeatMisses: number;
  readonly retired: number;
}

export interface Driver {
  /** Makes a version runnable. Idempotent for a key. Does not start an instance. */
  load(version: RunnableVersion): Promise<void>;
  /** Forgets a version; running invocations end first. Idempotent. */
  unload(key: string): void;
  /** Starts instances until `count` are ready. Resolves with the first start's failure, or null. */
  warm(key: string, count: number): Promise<Extract<Outcome, { kind: "failed" }> | null>;
  /**
   * A hint that an invocation may come soon: starts an instance where the version has none and its host has room to spare (`nodeLimits.prewarmBelowInstances`),
   * so that guesses evict nobody. Never rejects; tells of no failure.
   */
  prewarm(key: string): Promise<void>;
  /**
   * Keeps `count` instances of a loaded version started from now on, whether or not anybody asks for it; the first that are started, and they serve first. They
   * are not evicted. Tells of no failure: the caller says it again every second, which starts again what was lost (within `reservedLimits.retryMs`).
   */
  reserve(key: string, count: number): void;
  /** Runs one hook. Unknown keys give `FUNCTION_UNAVAILABLE`, a full queue `FUNCTION_OVERLOADED`. */
  invoke(invocation: Invocation, host: InvocationHost): RunningInvocation;
  stats(): Promise<readonly VersionStats[]>;
  /** Ends everything; running invocations fail with `NODE_DRAINING`. */
  close(): Promise<void>;
}
