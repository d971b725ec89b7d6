/**
 * Room for bodies whose signature is not checked yet, in the whole process: a signature covers the whole body, so that all of it is held before
 * anybody knows whether its sender may send at all.
 *
 * What is counted is what came, not what was announced: who announces much and sends nothing takes nothing. When there is no room, the network that
 * holds most has to do without: its oldest body gives way to another network's, so that nobody's flood shuts out anybody else; within one network
 * bodies give way once they had `unverifiedYieldMs`. Invariant: never more than `bytesMax` are held; whoever left holds nothing.
 */
import { controlAccessLimits } from "../../../sdk/control-access-limits.ts";
import type { Clock } from "../../clock.ts";

export interface UnverifiedBody {
  /** Counts bytes that came. False: there is no room for them, and the body has left. */
  take(bytes: number): boolean;
  /** It was verified or refused, or its sender is gone. Harmless when it has left. */
  readonly leave: () => void;
}

interface Held {
  readonly network: string;
  readonly sinceMs: number;
  readonly giveWay: () => void;
  bytes: number;
}

export interface UnverifiedBodiesOptions {
  readonly clock: Clock;
  /** Default: `controlAccessLimits.unverifiedBytesMax`. */
  readonly bytesMax?: number;
}

export class UnverifiedBodies {
  readonly #clock: Clock;
  readonly #bytesMax: number;
  /** The oldest first. */
  readonly #held = new Set<Held>();
  #bytes = 0;

  constructor({ clock, bytesMax = controlAccessLimits.unverifiedBytesMax }: UnverifiedBodiesOptions) {
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /** A body begins. `giveWay` is called when it has left for others, at most once; not after `leave`. */
  enter(network: string, giveWay: () => void): UnverifiedBody {
    const body: Held = { network, sinceMs: this.#clock.monotonicMs(), giveWay, bytes: 0 };
    this.#held.add(body);
    return {
      take: (bytes) => this.#take(body, bytes),
      leave: () => {
        this.#leave(body);
      },
    };
  }

  #take(body: Held, bytes: number): boolean {
    while (this.#held.has(body) && this.#bytes + bytes > this.#bytesMax) {
      const other = this.#findYielding(body, bytes);
      this.#leave(other ?? body);
      other?.giveWay();
    }
    if (!this.#held.has(body)) return false;
    body.bytes += bytes;
    this.#bytes += bytes;
    return true;
  }

  #leave(body: Held): void {
    if (this.#held.delete(body)) this.#bytes -= body.bytes;
  }

  /** Null: nobody has to give way to `asking`. */
  #findYielding(asking: Held, bytes: number): Held | null {
    const greediest = this.#greediest(asking, bytes);
    const oldest = [...this.#held].find((body) => body !== asking && body.bytes > 0 && body.network === greediest);
    if (oldest === undefined || greediest !== asking.network) return oldest ?? null;
    return this.#clock.monotonicMs() - oldest.sinceMs >= controlAccessLimits.unverifiedYieldMs ? oldest : null;
  }

  /** The network that would hold most; `asking`'s own when it is one of several. */
  #greediest(asking: Held, bytes: number): string {
    const sums = new Map([[asking.network, bytes]]);
    for (const { network, bytes: held } of this.#held) sums.set(network, (sums.get(network) ?? 0) + held);
    return [...sums].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
  }
}
