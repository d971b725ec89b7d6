/**
 * A step that ends when somebody says so, by a call and not by a promise: what follows goes on within that call.
 *
 * Every miss waits for its origin this way; promises and their turns would cost it about as much as its whole way through the pipeline. Invariant: the
 * end is told once, also when it was said before anybody asked for it.
 */
import type { StepName } from "./steps.ts";

/** What a step says at once. */
export type Next = StepName | Promise<StepName>;

export interface StepReceiver {
  goOn(next: Next): void;
  fail(error: unknown): void;
}

type Outcome = { readonly kind: "next"; readonly next: Next } | { readonly kind: "failed"; readonly error: unknown };

export class LaterStep {
  #receiver: StepReceiver | null = null;
  #early: Outcome | null = null;

  /** Tells `receiver`, at once when the end is known. To be called once. */
  tell(receiver: StepReceiver): void {
    const early = this.#early;
    if (early === null) this.#receiver = receiver;
    else if (early.kind === "next") receiver.goOn(early.next);
    else receiver.fail(early.error);
  }

  settle(next: Next): void {
    if (this.#receiver === null) this.#early = { kind: "next", next };
    else this.#receiver.goOn(next);
  }

  fail(error: unknown): void {
    if (this.#receiver === null) this.#early = { kind: "failed", error };
    else this.#receiver.fail(error);
  }

  /** For those that wait anyway. */
  promise(): Promise<StepName> {
    return new Promise((resolve, reject) => this.tell({ goOn: resolve, fail: reject }));
  }
}
