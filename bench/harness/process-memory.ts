/** Resident memory and CPU time of processes and everything they started, from /proc (Linux). */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Resident set size of a process tree in MiB. Pages that processes share count in each of them, so only differences between
 * two moments of one tree mean something.
 * @throws Error when the root process does not exist.
 */
export async function memoryMiBOfTree(rootPid: number): Promise<number> {
  const pids = await pidsOfTree(rootPid);
  const sizes = await Promise.all(pids.map(memoryMiB));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * The process and all its descendants, as they are now.
 * @throws Error when the root process does not exist.
 */
export async function pidsOfTree(rootPid: number): Promise<readonly number[]> {
  const parents = await readParents();
  if (!parents.has(rootPid)) throw new Error(`Cannot read the process tree: there is no process ${rootPid}`);
  const tree = [rootPid];
  for (const pid of tree) {
    for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  }
  return tree;
}

/** CPU time of a process over its living threads in milliseconds, as the scheduler counts it; 0 when it has ended. */
export async function cpuMsOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const times = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0");
      return Number(text.split(" ", 1)[0]);
    }),
  );
  return times.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
}

export interface PeakMemory {
  /** Ends the watching. */
  stop(): Promise<{ readonly beforeMiB: number; readonly peakMiB: number }>;
}

const SAMPLE_MS = 25;

/**
 * Watches the resident set size of a process tree, as it is now, until `stop`.
 * @throws Error when the root process does not exist.
 */
export async function watchPeakMemory(rootPid: number): Promise<PeakMemory> {
  const pids = await pidsOfTree(rootPid);
  const sample = async (): Promise<number> => {
    const sizes = await Promise.all(pids.map(residentMiB));
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  const beforeMiB = await sample();
  let peakMiB = beforeMiB;
  const stopped = new AbortController();
  const watching = (async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      peakMiB = Math.max(peakMiB, await sample());
      await delay(SAMPLE_MS);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await watching;
      return { beforeMiB, peakMiB };
    },
  };
}

async function readParents(): Promise<ReadonlyMap<number, number>> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const parents = new Map<number, number>();
  for (const name of names) {
    // A process may end between listing and reading; then it is not in the tree any more.
    const status = await readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    const parent = /^PPid:\s*(\d+)$/m.exec(status)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  return parents;
}

/** The kernel's running count: cheap to read many times a second. 0 when the process has ended. */
async function residentMiB(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1_024;
}

async function memoryMiB(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = /^Rss:\s*(\d+) kB$/m.exec(text)?.[1];
  if (kilobytes === undefined) throw new Error(`Cannot read the memory of process ${pid}`);
  return Number(kilobytes) / 1_024;
}
