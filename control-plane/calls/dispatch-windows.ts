/**
 * How many calls each node and each function may have under way: as many as go well.
 *
 * Knows no calls. A node that says it is overloaded gets half of what it had, and one more with each call that goes well; the same for functions. Of
 * what is free one function gets at most half, so that one with slow calls leaves room for the others.
 */
import { callLimits } from "../../sdk/call-limits.ts";
import type { LeaseRoom } from "./call-queue.ts";

export class DispatchWindows {
  readonly #nodes = new Map<string, Window>();
  readonly #functions = new Map<string, Window>();

  /** Room of a node for further calls. */
  roomOf(node: string): number {
    const { max, active } = windowOf(this.#nodes, node);
    return Math.max(0, max - active);
  }

  /** Shares the room of `nodes` among functions. */
  share(nodes: readonly string[]): LeaseRoom {
    let free = nodes.reduce((sum, node) => sum + this.roomOf(node), 0);
    const taken = new Map<string, number>();
    return {
      of: (name) => {
        const own = (this.#functions.get(name)?.active ?? 0) + (taken.get(name) ?? 0);
        const max = this.#functions.get(name)?.max ?? Number.MAX_SAFE_INTEGER;
        const half = Math.max(1, Math.floor((free + own) / 2));
        return Math.max(0, Math.min(free, half - own, max - own));
      },
      take: (name, count) => {
        free -= count;
        taken.set(name, (taken.get(name) ?? 0) + count);
      },
    };
  }

  started(node: string, functionName: string): void {
    windowOf(this.#nodes, node).active++;
    windowOf(this.#functions, functionName, Number.MAX_SAFE_INTEGER).active++;
  }

  ended(node: string, functionName: string, how: "well" | "node-overloaded" | "function-overloaded"): void {
    settle(this.#nodes, { name: node, overloaded: how === "node-overloaded", ceiling: callLimits.perNodeMax });
    settle(this.#functions, {
      name: functionName,
      overloaded: how === "function-overloaded",
      ceiling: Number.MAX_SAFE_INTEGER,
    });
  }
}

interface Window {
  active: number;
  max: number;
}

function windowOf(windows: Map<string, Window>, name: string, max: number = callLimits.perNodeMax): Window {
  const found = windows.get(name) ?? { active: 0, max };
  windows.set(name, found);
  return found;
}

function settle(
  windows: Map<string, Window>,
  { name, overloaded, ceiling }: { readonly name: string; readonly overloaded: boolean; readonly ceiling: number },
): void {
  const window = windows.get(name);
  if (window === undefined) return;
  if (overloaded) window.max = Math.max(1, Math.floor(window.active / 2));
  else if (window.max < ceiling) window.max++;
  window.active--;
  // Nothing is known any more that a new one would not be taken to be.
  if (window.active === 0 && (window.max >= ceiling || window.max > forgottenFrom)) windows.delete(name);
}

/** A window as large as this tells nothing any more. */
const forgottenFrom = 4_096;
