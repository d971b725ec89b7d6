/** What a hook fails with that could not run because what prepares its instance failed: the bridge tells it apart from what a hook throws itself. */
export class LoadFailure extends Error {
  readonly #isLoadFailure = true;

  /** `stack`: the author's, or "". */
  constructor(message: string, stack: string) {
    super(message);
    if (stack !== "") defineProperty(this, "stack", { value: stack, configurable: true, writable: true });
  }

  static is(error: unknown): boolean {
    return typeof error === "object" && error !== null && #isLoadFailure in error && error.#isLoadFailure;
  }
}

const { defineProperty } = Object;
