/**
 * Calls an example's hook directly, with this Node's own web API, the way the platform would: changed headers count when nothing is returned.
 * The same examples run inside real instances in published-examples.test.ts.
 */
import type { Context, HookName, ResponseContext } from "../../sdk/selvage-sdk.ts";

export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly requestId?: string;
}

/** A context as the platform gives it. */
export function contextOf<P extends HookName>(phase: P, options: CallOptions = {}): Context<P> {
  return {
    requestId: options.requestId ?? "request-1",
    functionName: "example",
    version: "v1",
    phase,
    rule: { priority: 1 },
    domain: "docs.example.test",
    clientIp: "127.0.0.1",
    tls: undefined,
    waitUntil: () => undefined,
    passThroughOnException: () => undefined,
    getRemainingTimeInMilliSeconds: () => 1_000,
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  };
}

/** The context of a response phase, about `request`. */
export function responseContextOf<P extends "originResponse" | "clientResponse">(
  phase: P,
  options: CallOptions & { readonly request: Request; readonly cacheStatus?: string },
): ResponseContext<P> {
  return { ...contextOf(phase, options), request: options.request, cacheStatus: options.cacheStatus ?? "miss" };
}

function ignore(): void {
  // Examples log only what a person reads.
}
