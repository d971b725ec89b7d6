/** Which of a function's wall limits an invocation has. */
import type { FunctionLimits } from "./limits.ts";
import type { Hook } from "./phase.ts";

/** Milliseconds until the answer's head; `hook` undefined: one that is not known here, which has the shortest. */
export function wallLimit(
  limits: Pick<FunctionLimits, "eventWallMs" | "fetchWallMs" | "wallMs">,
  hook: Hook | undefined,
): number {
  if (hook === "fetch") return limits.fetchWallMs;
  return hook === "event" ? limits.eventWallMs : limits.wallMs;
}
