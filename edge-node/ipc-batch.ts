/**
 * Messages between the processes of a node: those of one turn of the event loop leave together, since each that leaves costs a system call on both
 * sides and wakes the other.
 *
 * Knows neither processes nor what is sent. Invariant: messages leave in the order in which they were given.
 */

export interface IpcBatchOptions<T> {
  /** `done` is called once, with null when they left. */
  readonly send: (messages: readonly T[], done: (error: Error | null) => void) => void;
  /** After the present turn of the event loop. */
  readonly defer: (flush: () => void) => void;
}

export class IpcBatch<T> {
  readonly #options: IpcBatchOptions<T>;
  #messages: T[] = [];
  #left = Promise.withResolvers<void>();

  constructor(options: IpcBatchOptions<T>) {
    this.#options = options;
  }

  /** Resolves when it left; rejects when it cannot. */
  send(message: T): Promise<void> {
    this.#messages.push(message);
    if (this.#messages.length === 1) {
      this.#left = Promise.withResolvers<void>();
      this.#options.defer(() => this.#flush());
    }
    return this.#left.promise;
  }

  #flush(): void {
    const messages = this.#messages;
    const { resolve, reject } = this.#left;
    this.#messages = [];
    this.#options.send(messages, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  }
}
