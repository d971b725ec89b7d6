/** What a node and its control plane hold of the machine: memory, file descriptors, processes. From /proc (Linux). */
import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { memoryMiBOfTree, pidsOfTree } from "../../bench/harness/process-memory.ts";

export interface Resources {
  /** Resident, of the node alone. */
  readonly nodeMiB: number;
  /** Of the node and the control plane. */
  readonly descriptors: number;
  readonly processes: number;
}

const LOOK_MS = 1_000;
const TRIES = 5;

/** @param rootPid Whose descendants count: the runner, which started both. */
export async function measureResources(rootPid: number, nodePid: number): Promise<Resources> {
  // A process may end while it is looked at; the next look is as good.
  for (let attempt = 1; ; attempt++) {
    try {
      const pids = (await pidsOfTree(rootPid)).slice(1);
      const counts = await Promise.all(pids.map(async (pid) => (await readdir(`/proc/${pid}/fd`)).length));
      const descriptors = counts.reduce((sum, count) => sum + count, 0);
      return { nodeMiB: await memoryMiBOfTree(nodePid), descriptors, processes: pids.length };
    } catch (error) {
      if (attempt === TRIES) throw error;
    }
  }
}

/** Looks again until everything is back or `deadlineMs` is over: what is freed lazily is no leak. */
export async function settledResources(
  measure: () => Promise<Resources>,
  { isBack, deadlineMs }: { readonly isBack: (resources: Resources) => boolean; readonly deadlineMs: number },
): Promise<Resources> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const resources = await measure();
    if (isBack(resources) || performance.now() > end) return resources;
    await delay(LOOK_MS);
  }
}
