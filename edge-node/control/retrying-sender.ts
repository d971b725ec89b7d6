/**
 * Sends single messages to the control plane, each tried a few times while the node goes on.
 *
 * Knows no message. Invariant: a message is given up after its attempts, when the control plane refuses it, or when the node stops; a
 * message given up is logged.
 */
import { delay, type Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { BackOff } from "../supervisor/back-off.ts";
import { ControlError } from "./control-client.ts";

export interface RetryingSenderOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const ATTEMPTS = 6;
const WAIT_MS_MIN = 50;
const WAIT_MS_MAX = 2_000;

export class RetryingSender {
  readonly #options: RetryingSenderOptions;
  readonly #stop = new AbortController();

  constructor(options: RetryingSenderOptions) {
    this.#options = options;
  }

  /** Resolves when `send` did its work or was given up. `isCurrent` says whether the message is still worth sending. Never rejects. */
  async send(
    name: string,
    { send, isCurrent }: { readonly send: (signal: AbortSignal) => Promise<void>; readonly isCurrent: () => boolean },
  ): Promise<void> {
    const { signal } = this.#stop;
    const backOff = new BackOff({ minMs: WAIT_MS_MIN, maxMs: WAIT_MS_MAX, random: this.#options.random });
    for (let attempt = 1; isCurrent() && !signal.aborted; attempt++) {
      try {
        return await send(signal);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const mayWorkLater = error instanceof ControlError && error.reason === "unreachable";
        if (attempt === ATTEMPTS || !mayWorkLater) {
          return this.#options.logger.warn({ message: name, attempt, reason }, "control.message.lost");
        }
        await delay(this.#options.clock, { delayMs: backOff.nextMs(), signal });
      }
    }
  }

  /** Breaks attempts under way and starts no more. */
  stop(): void {
    this.#stop.abort(new Error("the node is stopping"));
  }
}
