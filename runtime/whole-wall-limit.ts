/** The wall limit of an invocation however often it runs: that of its hook, and where its instance may have to be prepared those of what does so. */
import type { Hook } from "../sdk/phase.ts";
import { wallLimit } from "../sdk/wall-limit.ts";
import type { RunnableVersion } from "./driver.ts";

type Prepared = Pick<RunnableVersion, "event" | "hooks" | "isInitialized" | "limits" | "snapshot">;

/** Milliseconds. */
export function wholeWallLimit(version: Prepared, hook: Hook): number {
  return wallLimit(version.limits, hook) + preparationMs(version);
}

/** What may run in an instance before its first answer: the initializer, and after a start from a snapshot `restore`. Milliseconds. */
export function preparationMs({ event, hooks, isInitialized, limits, snapshot }: Prepared): number {
  const isRestored = snapshot !== null;
  const initializes = event !== null && event.initializer !== null && !(isRestored && isInitialized === true);
  const restores = isRestored && hooks.includes("restore");
  return limits.initializerWallMs * ((initializes ? 1 : 0) + (restores ? 1 : 0));
}
