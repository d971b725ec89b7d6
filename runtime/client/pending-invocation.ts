/**
 * What the front's side of the bridge keeps of an invocation until it has ended, and what that says about running it once more.
 *
 * It sends nothing and settles nothing.
 */
import type { Body } from "../body.ts";
import type { Invocation, InvocationHost, Outcome, RunnableVersion } from "../driver.ts";
import { wholeWallLimit } from "../whole-wall-limit.ts";
import { beginningLimit, type BeginningLimit } from "./begun-stream.ts";
import { BodySource } from "./body-source.ts";
import type { FrontSocket } from "./front-socket.ts";

/** An invocation that has not ended. */
export interface PendingInvocation {
  readonly host: InvocationHost;
  readonly request: BodySource | null;
  readonly response: BodySource | null;
  readonly services: RunnableVersion["services"];
  readonly inResponsePhase: boolean;
  subrequestsLeft: number;
  /** Undefined until the first line. */
  logCharsLeft: number | undefined;
  /** Null once settled. */
  settle: ((outcome: Outcome) => void) | null;
  /** By the environment's clock: an engine that is alive has answered by then. */
  readonly answersUntilMs: number;
  /** Its caller was answered in the engine's place; what comes of it still is given back. */
  isOverdue: boolean;
  /** When the body of its answer has to have begun; null: nobody will read it. */
  readonly beginning: BeginningLimit | null;
  /** Ends the wait for that beginning; null while nobody waits. */
  giveUpBeginning: ((failure: Outcome) => void) | null;
  /** Sockets that keep it alive; null until there is one. */
  sockets: Set<FrontSocket> | null;
  /** The driver's key of its version. */
  readonly key: string;
}

/** One that begins at `nowMs`. */
export function pendingInvocation(
  invocation: Invocation,
  {
    host,
    version,
    nowMs,
  }: { readonly host: InvocationHost; readonly version: RunnableVersion; readonly nowMs: number },
): PendingInvocation {
  return {
    host,
    services: version.services,
    request: invocation.body.kind === "empty" ? null : new BodySource(invocation.body),
    response:
      invocation.response === null || invocation.response.body.kind === "empty"
        ? null
        : new BodySource(invocation.response.body),
    inResponsePhase: invocation.response !== null,
    subrequestsLeft: version.limits.subrequestsMax,
    logCharsLeft: undefined,
    settle: null,
    answersUntilMs: nowMs + wholeWallLimit(version, invocation.phase),
    isOverdue: false,
    beginning: invocation.method === "HEAD" ? null : beginningLimit(version.limits, { hook: invocation.phase, nowMs }),
    giveUpBeginning: null,
    sockets: null,
    key: invocation.key,
  };
}

/** Whether the same invocation may run elsewhere: its bodies are still at hand, and its method is safe or it made no subrequest. */
export function isRepeatable(
  { body, method, response }: Invocation,
  { pending, version }: { readonly pending: PendingInvocation; readonly version: RunnableVersion },
): boolean {
  const isGone = (own: Body | undefined, source: BodySource | null): boolean =>
    own?.kind === "stream" && source?.touched === true;
  if (isGone(body, pending.request) || isGone(response?.body, pending.response)) return false;
  return safeMethods.has(method) || pending.subrequestsLeft === version.limits.subrequestsMax;
}

/** RFC 9110 §9.2.1. */
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
