/** V8's collector of garbage, and how busy the event loop is, for whoever decides when to collect. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Collects all garbage of this thread's isolate and gives the pages it lay on back to the system, which an ordinary collection keeps (test/edge-node/collector.test.ts).
 * Takes about 2 ms for each MiB that lives. The function that V8 has for it is taken from a context of its own and offered to none that is made
 * later: isolates of functions may live in this process. To be called before there are any: their threads could make a context meanwhile.
 */
export function takeCollector(): () => void {
  setFlagsFromString("--expose-gc");
  try {
    const gc = runInNewContext("gc") as (options: object) => void;
    return () => {
      gc({ type: "major", execution: "sync", flavor: "last-resort" });
    };
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}

/** A function that says in which share of the time since its last call the event loop was busy, 0 to 1. */
export function busyShares(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
