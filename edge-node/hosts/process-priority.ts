/** Priorities of other processes' threads on Linux, where a thread's id is taken for a process's (setpriority(2)). Does nothing elsewhere. */
import { readdirSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import type { PriorityControl } from "./host-priorities.ts";

export const processPriority: PriorityControl = {
  threads(pid) {
    try {
      return readdirSync(`/proc/${pid}/task`).map(Number);
    } catch {
      return [];
    }
  },
  lowerThread(thread, nice) {
    try {
      setPriority(thread, nice);
    } catch {
      // It has ended, or belongs to somebody else.
    }
  },
  lowerSession(pid, nice) {
    try {
      writeFileSync(`/proc/${pid}/autogroup`, String(nice));
    } catch {
      // The kernel has no such groups.
    }
  },
};
