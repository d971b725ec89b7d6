/** Runs works one after the other in the order they came, and refuses to hold more than a bound of them. */
export class OneAtATime {
  readonly #waitingMax: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** Whether one more would have to be refused. */
  get isFull(): boolean {
    return this.#waiting >= this.#waitingMax;
  }

  /** What `work` gives, however those before it ended. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    this.#waiting++;
    try {
      await before;
      return await work();
    } finally {
      this.#waiting--;
      resolve();
    }
  }
}
