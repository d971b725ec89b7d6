/**
 * The time of an invocation that runs once more because its host was lost: both runs share one wall limit.
 *
 * An engine counts from the beginning of its own run and knows of no other.
 */
import type { Outcome, RunningInvocation } from "../../runtime/driver.ts";
import { letGo } from "../../runtime/let-go.ts";
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";

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

export const late: Outcome = {
  kind: "failed",
  code: "FUNCTION_WALL_LIMIT",
  message: "No answer within the wall time limit, which the run in a host that was lost is part of",
  stack: "",
  passThrough: false,
};
