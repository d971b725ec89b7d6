/** A signal to a process that may have ended in the meantime. */

/**
 * Sends `signal` to `pid`, to the whole group where `pid` is negative; 0 only asks whether it is there.
 * Returns false where there is none any more: between the look at a list of processes and this call one may end by
 * itself, or with a parent that was killed just before.
 * @throws Error when this process may not signal that one.
 */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
