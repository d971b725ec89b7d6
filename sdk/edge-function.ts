/**
 * What an author's module looks like: the hooks the platform calls and the context each gets (spec: programmable CDN, "The hook interface").
 *
 * Types only, and on purpose without any import, so that a project may keep a copy beside its sources. Web API types
 * (Request, Response, …) are the runtime's own, declared in globals.d.ts.
 */

/** Plain variables and secrets of the function, by key. Name them for exact types: `EdgeFunction<{ API_KEY: string }>`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Another function, called without a network: what `env.NAME` is for each of `services` in selvage.json. Name them for exact types:
 * `EdgeFunction<{ AUTH: ServiceBinding }>`.
 */
export interface ServiceBinding {
  /** Like the global `fetch`, but the function's `fetch` hook answers, whatever the URL's host. Counts as a subrequest. */
  fetch(input: Request | URL | string, init?: RequestInit): Promise<Response>;
}

/** A name other platforms have for it. */
export type Fetcher = ServiceBinding;

/** A default export of a function module. Every hook may be async. A rule may only bind a hook that exists. */
export interface EdgeFunction<Env = Environment> {
  /**
   * Every request, before the cache lookup. Nothing: go on (changed headers count). A Request: go on with it.
   * A Response: answer; cache and origin are skipped, clientResponse still runs.
   */
  clientRequest?(
    request: Request,
    env: Env,
    ctx: Context<"clientRequest">,
  ): RequestHookResult | Promise<RequestHookResult>;
  /**
   * Only when the cache has no fresh answer, before the origin is asked; an access check here does not protect what is cached.
   * A Response is cached as if the origin had answered it. An answer whose Vary names a field that was changed here is not cached, since lookups
   * see the field as it was before: set it in clientRequest instead.
   */
  originPull?(request: Request, env: Env, ctx: Context<"originPull">): RequestHookResult | Promise<RequestHookResult>;
  /** After the origin answered, before the answer is stored. `ctx.request` is the request the origin got. */
  originResponse?(
    response: Response,
    env: Env,
    ctx: ResponseContext<"originResponse">,
  ): ResponseHookResult | Promise<ResponseHookResult>;
  /** Every answer, from cache or origin, before it is sent. `ctx.request` is the client's. */
  clientResponse?(
    response: Response,
    env: Env,
    ctx: ResponseContext<"clientResponse">,
  ): ResponseHookResult | Promise<ResponseHookResult>;
  /** Answers instead of an origin (HTTP function). */
  fetch?(request: Request, env: Env, ctx: Context<"fetch">): Response | Promise<Response>;
  /**
   * Runs in every instance that starts from a snapshot, before its first request: what the build must not share is renewed here (secrets, connections, times,
   * random values). Within `limits.initializerWallMs`; a failure fails the request, and the next one tries again.
   */
  restore?(env: Env): unknown;
  /**
   * Asked of every instance each 5 s, with 3 s to answer. `false`, a throw and no answer are misses; six in a row retire the instance. It has no
   * network of its own.
   */
  heartbeat?(env: Env): boolean | undefined | void | Promise<boolean | undefined | void>;
}

export type RequestHookResult = Request | Response | undefined | void;
export type ResponseHookResult = Response | undefined | void;

export type HookName = "clientRequest" | "originPull" | "originResponse" | "clientResponse" | "fetch";

/** Who is asking, and what a hook may do beside answering. */
export interface Context<P extends HookName = HookName> {
  /** The same in all phases of one client request; also in every log line and error answer. */
  readonly requestId: string;
  readonly functionName: string;
  readonly version: string;
  readonly phase: P;
  readonly rule: { readonly priority: number };
  /** The configured domain that matched, for example `*.example.com`. */
  readonly domain: string;
  readonly clientIp: string;
  /**
   * The TLS connection that the client made to the node. Undefined when there is none: on the plain port, behind a trusted proxy (whose connection it
   * would be), for `selvage invoke`, and when the node asks by itself (renewals, preheats).
   */
  readonly tls: ClientTls | undefined;
  /**
   * Keeps the invocation alive after its answer until `promise` settles, for the function's `wallMs` or 30 s, whichever is longer: counted from the answer, or from
   * the end of its body's stream or of its last WebSocket. Beyond, the invocation is abandoned and logged with `FUNCTION_WALL_LIMIT`. A rejection is logged.
   */
  waitUntil(promise: Promise<unknown>): void;
  /** When this invocation fails, the message goes on unmodified, whatever the rule's `onError` says. */
  passThroughOnException(): void;
  /** Milliseconds until the wall limit, at least 0. */
  getRemainingTimeInMilliSeconds(): number;
  /** Log lines that carry this request's id. */
  readonly logger: Logger;
}

/** How a client's connection is secured. */
export interface ClientTls {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** IANA's name of the cipher suite, for example `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string;
  /** The name the client asked for (SNI), as it wrote it. The Host field of a request may be another one of the same certificate. */
  readonly serverName: string;
}

/** The context of originResponse and clientResponse. */
export interface ResponseContext<
  P extends "originResponse" | "clientResponse" = "originResponse" | "clientResponse",
> extends Context<P> {
  /** The request this response belongs to. */
  readonly request: Request;
  /** How the cache was involved, for example `hit` or `miss`; empty in originResponse. */
  readonly cacheStatus: string;
}

export interface Logger {
  debug(...values: readonly unknown[]): void;
  info(...values: readonly unknown[]): void;
  warn(...values: readonly unknown[]): void;
  error(...values: readonly unknown[]): void;
}
