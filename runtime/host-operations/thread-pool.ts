/**
 * The threads that zlib and WebCrypto compute on, which all instances of a process share: who may use them, and what each has used.
 *
 * An operation cannot be interrupted, so operations have lanes by how long they take. Invariants: long ones never have all threads, so that brief ones
 * of everybody go on; one version never has all turns of a lane; after `dispose` an instance begins nothing.
 */
import { threadPoolLimits } from "../../sdk/limits.ts";
import { FairTurns, type TurnMember } from "./fair-turns.ts";
import { HostOperationError } from "./host-operation-error.ts";

export type PoolLane = keyof typeof threadPoolLimits.lanes;

/** What an operation may cost, as far as it can be told before it runs. */
export interface OperationCost {
  readonly lane: PoolLane;
}

type Lanes = { readonly [L in PoolLane]: FairTurns };

export class ThreadPool {
  readonly #lanes: Lanes;

  constructor() {
    const { lanes, waitingPerInstanceMax: waitingPerMemberMax } = threadPoolLimits;
    this.#lanes = {
      brief: new FairTurns({ ...lanes.brief, waitingPerMemberMax }),
      compression: new FairTurns({ ...lanes.compression, waitingPerMemberMax }),
      long: new FairTurns({ ...lanes.long, waitingPerMemberMax }),
    };
  }

  /** An instance of that version; it is the instance's to dispose. */
  user(version: string): PoolUser {
    return new PoolUser(this.#lanes, version);
  }
}

export class PoolUser implements TurnMember {
  readonly group: string;
  readonly #lanes: Lanes;
  #isDisposed = false;

  constructor(lanes: Lanes, version: string) {
    this.#lanes = lanes;
    this.group = version;
  }

  /**
   * Runs `work`, which computes on the threads, when it is its turn.
   * @throws HostOperationError when too many wait, and when the instance stops before it began.
   */
  async run<T>(work: () => Promise<T>, { lane }: OperationCost): Promise<T> {
    if (this.#isDisposed) throw new HostOperationError("OperationError", "The instance is stopping");
    return await this.#lanes[lane].run(this, work);
  }

  /** The instance is over: what waits is refused; what runs ends by itself. */
  dispose(): void {
    this.#isDisposed = true;
    for (const turns of Object.values(this.#lanes)) turns.withdraw(this);
  }
}
