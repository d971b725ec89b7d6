/** Resident memory of another process, as the kernel tells it. */
import { readFileSync } from "node:fs";

/** MiB; null when the process is gone or this is not Linux. Takes some 10 µs: the file has no disk behind it. */
export function residentMiB(pid: number): number | null {
  try {
    // proc_pid_statm(5): size and resident set, in pages of 4 KiB on all platforms there are builds for.
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
    return Number.isFinite(pages) ? (pages * 4_096) / 1_048_576 : null;
  } catch {
    return null;
  }
}
