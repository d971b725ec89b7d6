/**
 * Ends everything a process has started, when it is interrupted in the middle: by process id, politely first.
 *
 * Scenarios end their own processes; this is for the moment at which their code does not get to run any more.
 */
import { pidsOfTree } from "./process-memory.ts";
import { sendSignal } from "./send-signal.ts";
import { waitFor } from "./wait-for.ts";

const GRACE_MS = 10_000;
const GONE_MS = 5_000;

/** Ends all descendants of `rootPid`, but not `rootPid` itself. Those that ignore SIGTERM for `graceMs` (default 10 s) get SIGKILL. */
export async function endDescendants(rootPid: number, graceMs: number = GRACE_MS): Promise<void> {
  const pids = (await pidsOfTree(rootPid)).slice(1);
  // Children of the root first: a supervisor ends its own processes in order.
  for (const pid of pids) sendSignal(pid, "SIGTERM");
  const end = waitFor(async () => (pids.some(isAlive) ? null : true), { what: "their end", deadlineMs: graceMs });
  await end.catch(async () => {
    for (const pid of pids.filter(isAlive)) sendSignal(pid, "SIGKILL");
    await waitFor(async () => (pids.some(isAlive) ? null : true), { what: "their death", deadlineMs: GONE_MS });
  });
}

/** Whether a process exists that this one may signal. */
export function isAlive(pid: number): boolean {
  return sendSignal(pid, 0);
}
