/** What another process uses, as the kernel tells it. Takes some 10 µs: these files have no disk behind them. */
import { readFileSync } from "node:fs";

/** Resident memory in MiB; null when the process is gone or this is not Linux. */
export function residentMiB(pid: number): number | null {
  // proc_pid_statm(5): size and resident set, in pages of 4 KiB on all platforms there are builds for.
  const pages = Number(readProc(pid, "statm")?.split(" ")[1]);
  return Number.isFinite(pages) ? (pages * 4_096) / 1_048_576 : null;
}

/** CPU time so far in milliseconds; null when the process is gone or this is not Linux. */
export function usedCpuMs(pid: number): number | null {
  // proc_pid_stat(5): the name, in parentheses, may hold anything; utime and stime are the 12th and 13th field after it, in ticks of 10 ms.
  const fields = readProc(pid, "stat")?.split(") ").at(-1)?.split(" ");
  const ticks = Number(fields?.[11]) + Number(fields?.[12]);
  return Number.isFinite(ticks) ? ticks * 10 : null;
}

function readProc(pid: number, file: "stat" | "statm"): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return null;
  }
}
