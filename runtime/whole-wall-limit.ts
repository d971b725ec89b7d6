/** The wall limit of an invocation however often it runs: that of its hook, and where its instance may have to be initialized that of the initializer. */
import type { Hook } from "../sdk/phase.ts";
import { wallLimit } from "../sdk/wall-limit.ts";
import type { RunnableVersion } from "./driver.ts";

/** Milliseconds. */
export function wholeWallLimit({ event, limits }: Pick<RunnableVersion, "event" | "limits">, hook: Hook): number {
  const hasInitializer = event !== null && event.initializer !== null;
  return wallLimit(limits, hook) + (hasInitializer ? limits.initializerWallMs : 0);
}
