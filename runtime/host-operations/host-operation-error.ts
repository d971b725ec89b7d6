/**
 * Why an operation of a guest failed on the host. Only the name and the message cross into the isolate; the guest makes the error
 * class or DOMException of that name (guest/web/core/host-error.ts).
 */
export class HostOperationError extends Error {
  /** `name` is a DOMException name (`OperationError`, …) or `Error`, `TypeError`, `RangeError`. */
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }

  /** Keeps the name of what a web API of the host threw, if it is one a guest may see; what is one of these already stays as it is. */
  static from(error: unknown): HostOperationError {
    if (error instanceof HostOperationError) return error;
    if (!(error instanceof Error)) return new HostOperationError("OperationError", "The operation failed");
    const known = error instanceof DOMException || languageErrors.has(error.name);
    return known
      ? new HostOperationError(error.name, error.message)
      : new HostOperationError("OperationError", "The operation failed");
  }
}

const languageErrors: ReadonlySet<string> = new Set(["TypeError", "RangeError"]);
