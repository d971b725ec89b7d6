/**
 * The time of an invocation that runs once more because its host was lost: both runs share one wall limit.
 *
 * An engine counts from the beginning of its own run and knows of no other.
 */
import type { Invocation, Outcome, RunnableVersion, RunningInvocation } from "../../runtime/driver.ts";
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import { wallLimit } from "../../sdk/wall-limit.ts";

/** The wall limit of an invocation with all its runs, milliseconds; an event function's instance may have to be initialized in it. */
export function wallLimitOfAll(
  { event, limits }: Pick<RunnableVersion, "event" | "limits">,
  { phase }: Pick<Invocation, "phase">,
): number {
  const hasInitializer = event !== null && event.initializer !== null;
  return wallLimit(limits, phase) + (hasInitializer ? limits.initializerWallMs : 0);
}

/** The run's outcome, or `late` when there is none in time; the run is cancelled then. */
export function withinTime(
  run: RunningInvocation,
  { leftMs, environment }: { readonly leftMs: number; readonly environment: Pick<RuntimeEnvironment, "startTimer"> },
): Promise<Outcome> {
  return new Promise((resolve) => {
    let isLate = false;
    const cancel = environment.startTimer(leftMs, () => {
      isLate = true;
      resolve(late);
      run.cancel();
    });
    void run.outcome.then((outcome) => {
      cancel();
      if (isLate) letGo(outcome);
      else resolve(outcome);
    });
  });
}

/** Gives back what came after nobody waited any more. */
function letGo(outcome: Outcome): void {
  if (outcome.kind === "upgrade") outcome.socket.close({ code: 1006, reason: "", wasClean: false });
  if (outcome.kind !== "request" && outcome.kind !== "response") return;
  const { body } = outcome;
  if (body.kind !== "stream") return;
  body.chunks[Symbol.asyncIterator]()
    .return?.()
    .catch(() => undefined);
}

export const late: Outcome = {
  kind: "failed",
  code: "FUNCTION_WALL_LIMIT",
  message: "No answer within the wall time limit, which the run in a host that was lost is part of",
  stack: "",
  passThrough: false,
};
