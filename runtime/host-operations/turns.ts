/**
 * Lets a bounded number of one instance's operations work at once, the rest in order of arrival: the threads that zlib and WebCrypto
 * compute on are shared by all instances of the process.
 */
import { HostOperationError } from "./host-operation-error.ts";

export class Turns {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: { readonly runningMax: number; readonly waitingMax: number }) {
    this.#runningMax = limits.runningMax;
    this.#waitingMax = limits.waitingMax;
  }

  /**
   * Runs `work` when it is its turn. Each must end by itself, so waiting does, too.
   * @throws HostOperationError when too many wait already.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#runningMax) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#waitingMax) {
      throw new HostOperationError("OperationError", `More than ${this.#waitingMax} operations are waiting`);
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
