/**
 * The threads that zlib and WebCrypto compute on, which all instances of a process share: who may use them, and what each has used.
 *
 * An operation cannot be interrupted, so operations have lanes by how long they take. Invariants: long ones never have all threads, so that brief ones
 * of everybody go on; one version never has all turns of a lane; after `dispose` an instance begins nothing. How much of the time is charged, within what
 * the process really used, is cpu-share.ts.
 */
import { threadPoolLimits } from "../../sdk/limits.ts";
import { FairTurns, type TurnMember } from "./fair-turns.ts";
import { HostOperationError } from "./host-operation-error.ts";

export type PoolLane = keyof typeof threadPoolLimits.lanes;

/** What an operation may cost, as far as it can be told before it runs. */
export interface OperationCost {
  readonly lane: PoolLane;
  /** It is charged for the time until its end is seen, but not more than this: others' turns and a busy event loop are in that time. */
  readonly chargedMsMax: number;
}

interface RunningOperation {
  readonly startedMs: number;
  readonly chargedMsMax: number;
}

type Lanes = { readonly [L in PoolLane]: FairTurns };

export class ThreadPool {
  readonly #lanes: Lanes;
  readonly #nowMs: () => number;

  /** `nowMs` is monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    const { lanes, waitingPerInstanceMax: waitingPerMemberMax } = threadPoolLimits;
    this.#lanes = {
      brief: new FairTurns({ ...lanes.brief, waitingPerMemberMax }),
      compression: new FairTurns({ ...lanes.compression, waitingPerMemberMax }),
      long: new FairTurns({ ...lanes.long, waitingPerMemberMax }),
    };
  }

  /** An instance of that version; it is the instance's to dispose. */
  user(version: string): PoolUser {
    return new PoolUser({ lanes: this.#lanes, nowMs: this.#nowMs, version });
  }
}

export class PoolUser implements TurnMember {
  readonly group: string;
  readonly #lanes: Lanes;
  readonly #nowMs: () => number;
  readonly #running = new Set<RunningOperation>();
  #endedMs = 0;
  #isDisposed = false;

  constructor(parts: { readonly lanes: Lanes; readonly nowMs: () => number; readonly version: string }) {
    this.#lanes = parts.lanes;
    this.#nowMs = parts.nowMs;
    this.group = parts.version;
  }

  /** Whether an operation of this instance runs now. */
  get isComputing(): boolean {
    return this.#running.size > 0;
  }

  /** What its operations have used so far, those that run included, milliseconds. Never less than before. */
  get usedMs(): number {
    if (this.#running.size === 0) return this.#endedMs;
    const nowMs = this.#nowMs();
    return [...this.#running].reduce((sum, operation) => sum + chargeOf(operation, nowMs), this.#endedMs);
  }

  /**
   * Runs `work`, which computes on the threads, when it is its turn.
   * @throws HostOperationError when too many wait, and when the instance stops before it began.
   */
  async run<T>(work: () => Promise<T>, { lane, chargedMsMax }: OperationCost): Promise<T> {
    if (this.#isDisposed) throw new HostOperationError("OperationError", "The instance is stopping");
    return await this.#lanes[lane].run(this, async () => {
      const operation = { startedMs: this.#nowMs(), chargedMsMax };
      this.#running.add(operation);
      try {
        return await work();
      } finally {
        this.#running.delete(operation);
        this.#endedMs += chargeOf(operation, this.#nowMs());
      }
    });
  }

  /** The instance is over: what waits is refused; what runs ends by itself. */
  dispose(): void {
    this.#isDisposed = true;
    for (const turns of Object.values(this.#lanes)) turns.withdraw(this);
  }
}

function chargeOf({ startedMs, chargedMsMax }: RunningOperation, nowMs: number): number {
  return Math.min(chargedMsMax, Math.max(0, nowMs - startedMs));
}
