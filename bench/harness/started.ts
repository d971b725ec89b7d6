/** What a scenario started, ended in the opposite order: whoever was started last may need those before it. */
export interface Stoppable {
  stop(): Promise<void>;
}

export class Started {
  readonly #all: Stoppable[] = [];

  add<T extends Stoppable>(one: T): T {
    this.#all.push(one);
    return one;
  }

  /** Ends all of them. @throws the first error, after the others were ended, too. */
  async stop(): Promise<void> {
    let failure: { readonly error: unknown } | null = null;
    for (let one = this.#all.pop(); one !== undefined; one = this.#all.pop()) {
      try {
        await one.stop();
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== null) throw failure.error;
  }
}
