/**
 * Holds an answer back until its body has begun: a stream that never starts ends at the invocation's limit with a failure, while its head is
 * not sent yet and the client can still be told. The same goes for one that breaks off before its first byte.
 *
 * Invariant: an answer that is held settles exactly once: as it is, as late, or as whoever ends the invocation says.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { FunctionLimits } from "../../sdk/limits.ts";
import type { Hook } from "../../sdk/phase.ts";
import { wallLimit } from "../../sdk/wall-limit.ts";
import type { Outcome } from "../driver.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import { GuestStream } from "./guest-stream.ts";

/** Who waited for an instance for most of the limit has at least so long, or the whole limit where that is shorter, milliseconds. */
const leastMs = 1_000;

/** When the body of an answer has to have begun, by the environment's clock. */
export interface BeginningLimit {
  readonly untilMs: number;
  /** But not sooner than so long after its head. */
  readonly leastMs: number;
}

/** Of an invocation that starts at `nowMs`. A hook that changes a message may have to wait for that message: it has as long as `fetch` has. */
export function beginningLimit(
  limits: Pick<FunctionLimits, "eventWallMs" | "fetchWallMs" | "wallMs">,
  { hook, nowMs }: { readonly hook: Hook; readonly nowMs: number },
): BeginningLimit {
  const limitMs = Math.max(wallLimit(limits, hook), limits.fetchWallMs);
  return { untilMs: nowMs + limitMs, leastMs: Math.min(leastMs, limitMs) };
}

/** The stream of the guest that an outcome's body is, if it is an answer to a client and nothing of it has come. */
export function unbegunStream(outcome: Outcome): GuestStream | null {
  if (outcome.kind !== "response" || outcome.body.kind !== "stream") return null;
  const { chunks } = outcome.body;
  return chunks instanceof GuestStream && !chunks.isBegun ? chunks : null;
}

export interface Beginning {
  readonly outcome: Outcome;
  readonly stream: GuestStream;
  readonly limit: BeginningLimit;
  readonly environment: Pick<RuntimeEnvironment, "nowMs" | "startTimer">;
  readonly settle: (outcome: Outcome) => void;
}

/** Settles when the body has begun, ended or broken off, or is late. Returns what ends the wait with a failure. */
export function settleWhenBegun(beginning: Beginning): (failure: Outcome) => void {
  const { outcome, stream, limit, environment } = beginning;
  let isSettled = false;
  const settle = (settled: Outcome): void => {
    if (isSettled) return;
    isSettled = true;
    cancel();
    beginning.settle(settled);
  };
  const fail = (failure: Outcome): void => {
    if (isSettled) return;
    settle(failure);
    void stream.return();
  };
  const cancel = environment.startTimer(Math.max(limit.leastMs, limit.untilMs - environment.nowMs()), () => {
    fail(late);
  });
  void stream.begun().then((failure) => {
    settle(failure === null ? outcome : failed("FUNCTION_BODY_FAILED", failure.message));
  });
  return fail;
}

const late = failed("FUNCTION_WALL_LIMIT", "The answer's body did not begin within the wall time limit");

function failed(code: ErrorCode, message: string): Outcome {
  return { kind: "failed", code, message, stack: "", passThrough: false };
}
