/** Errors as Node.js throws them: one of the language's classes with a `code` (https://nodejs.org/api/errors.html#nodejs-error-codes). */

type ErrorClass = new (message: string) => Error;

/** An error of `constructor` with Node's `code`; its text names the code as Node's does. */
export function nodeError(constructor: ErrorClass, code: string, message: string): Error & { readonly code: string } {
  const error = new constructor(message);
  const { name } = error;
  Object.defineProperty(error, "code", { value: code, enumerable: true, configurable: true, writable: true });
  // The stack is text already: Node shows the code in it.
  if (typeof error.stack === "string") error.stack = error.stack.replace(name, `${name} [${code}]`);
  return error as Error & { readonly code: string };
}

/** `The "name" argument must be … Received …`. */
export function invalidArgument(name: string, expected: string, received: unknown): Error {
  const shown = received === null || received === undefined ? String(received) : `type ${typeof received}`;
  return nodeError(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" argument must be ${expected}. Received ${shown}`);
}

/** `The value of "name" is out of range. …`. */
export function outOfRange(name: string, expected: string, received: unknown): Error {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${String(received)}`;
  return nodeError(RangeError, "ERR_OUT_OF_RANGE", message);
}

/** @throws a TypeError unless `value` is a function. */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw invalidArgument(name, "of type function", value);
}

/** A function that says why what Node has is missing here. */
export function refusing(name: string, advice: string): () => never {
  return () => {
    throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", `Cannot use ${name} in a function: ${advice}`);
  };
}
