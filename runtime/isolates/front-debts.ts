/** Counts what a guest asked of the front, and what of it the front still owes: bodies' chunks, answers to subrequests. */
import { answersTheGuest, fromGuest } from "../bridge/protocol.ts";

export class FrontDebts {
  #open = 0;
  #subrequests = 0;

  /** Whether the guest waits for something. */
  get areOpen(): boolean {
    return this.#open > 0;
  }

  /** The guest sent a frame of that kind. */
  asked(kind: string): void {
    if (kind === fromGuest.subrequest) this.#subrequests += 1;
    if (kind === fromGuest.subrequest || kind === fromGuest.readBody) this.#open += 1;
  }

  /** The front sent a frame of that kind; returns whether it is what the guest waited for. */
  delivered(kind: string): boolean {
    const isAnswer = answersTheGuest.has(kind);
    if (isAnswer) this.#open -= 1;
    return isAnswer;
  }

  /** Subrequests since the last call. */
  takeSubrequests(): number {
    const count = this.#subrequests;
    this.#subrequests = 0;
    return count;
  }
}
