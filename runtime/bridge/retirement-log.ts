/** What a function's log says of an instance that was given up: a frame as the guest itself would have sent it. */
import { heartbeatLimits } from "../../sdk/instance-limits.ts";
import { frame, int, text } from "./frame.ts";
import { fromGuest, logLevels } from "./protocol.ts";

/** `invocation`: one that runs in it, or 0. `reason`: of the last miss, which the guest may have worded. */
export function retirementLog(invocation: number, reason: string): string {
  const message = `The instance was retired: it missed ${heartbeatLimits.missesMax} heartbeats in a row, the last one because ${reason}`;
  return frame(fromGuest.log, int(invocation) + int(logLevels.indexOf("warn")) + text(message));
}
