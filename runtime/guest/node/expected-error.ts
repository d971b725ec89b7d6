/** What `assert.throws` and `assert.rejects` expect of an error: a class, a pattern, a set of properties, a function that decides. */
import { AssertionError } from "./assertion-error.ts";
import { isDeepEqual } from "./deep-equal.ts";
import { inspect } from "./inspect.ts";
import { invalidArgument, nodeError } from "./node-error.ts";

export type ExpectedError = RegExp | object | ((error: unknown) => unknown);
export interface Thrown {
  readonly error: unknown;
}

interface Expectation {
  readonly expected: ExpectedError | string | undefined;
  readonly message: string | Error | undefined;
  readonly operator: "throws" | "rejects";
}

/** @throws an AssertionError when nothing was thrown or something else, the error itself when it is of another class. */
export function checkThrown(thrown: Thrown | null, expectation: Expectation): void {
  const { operator } = expectation;
  const expected = typeof expectation.expected === "string" ? undefined : expectation.expected;
  const message = typeof expectation.expected === "string" ? expectation.expected : expectation.message;
  if (thrown === null) {
    if (message instanceof Error) throw message;
    const name = typeof expected === "function" && expected.name !== "" ? ` (${expected.name})` : "";
    const missing = `Missing expected ${operator === "throws" ? "exception" : "rejection"}${name}`;
    throw new AssertionError({
      actual: undefined,
      expected,
      operator,
      message: message === undefined ? `${missing}.` : `${missing}: ${message}`,
    });
  }
  if (expected !== undefined) checkExpected(thrown.error, expected, { message, operator });
}

/** What the promise (or the promise of the function) was rejected with; null when it was not. */
export async function checkRejection(
  given: PromiseLike<unknown> | (() => PromiseLike<unknown>),
): Promise<Thrown | null> {
  const promise = typeof given === "function" ? given() : given;
  if (typeof (promise as Partial<PromiseLike<unknown>> | null | undefined)?.then !== "function") {
    throw typeof given === "function"
      ? nodeError(
          TypeError,
          "ERR_INVALID_RETURN_VALUE",
          "Expected instance of Promise to be returned from the function",
        )
      : invalidArgument("promiseFn", "of type function or an instance of Promise", given);
  }
  try {
    await promise;
    return null;
  } catch (error) {
    return { error };
  }
}

interface Report {
  readonly message: string | Error | undefined;
  readonly operator: string;
}

function checkExpected(error: unknown, expected: ExpectedError, report: Report): void {
  if (typeof expected === "function") checkByFunction(error, expected as (error: unknown) => unknown, report);
  else if (expected instanceof RegExp) {
    if (!expected.test(String(error))) {
      refuse(error, expected, { ...report, message: report.message ?? notMatching(expected, String(error)) });
    }
  } else checkProperties(error, expected, report);
}

function checkByFunction(error: unknown, expected: (error: unknown) => unknown, report: Report): void {
  const isClass = typeof expected.prototype === "object" && expected.prototype !== null;
  if (isClass && error instanceof (expected as unknown as new () => object)) return;
  if (Error.isPrototypeOf(expected) || (expected as unknown) === Error) {
    const received = error instanceof Error ? `"${error.name}"\n\nError message:\n\n${error.message}` : inspect(error);
    const said = `The error is expected to be an instance of "${expected.name}". Received ${received}`;
    const message = report.message ?? said;
    refuse(error, expected, { ...report, message });
  }
  const answer: unknown = Reflect.apply(expected, {}, [error]);
  if (answer === true) return;
  const message = report.message ?? `The validation function is expected to return "true". Received ${inspect(answer)}`;
  refuse(error, expected, { ...report, message });
}

function checkProperties(error: unknown, expected: object, report: Report): void {
  const keys: (string | symbol)[] = Reflect.ownKeys(expected).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(expected, key),
  );
  if (expected instanceof Error) keys.push("name", "message");
  for (const key of keys) {
    const wanted: unknown = Reflect.get(expected, key);
    const actual: unknown = Object(error) === error ? Reflect.get(error as object, key) : undefined;
    if (wanted instanceof RegExp && typeof actual === "string" && wanted.test(actual)) continue;
    if (!isDeepEqual(actual, wanted, "strict")) refuse(error, expected, report);
  }
}

function notMatching(pattern: RegExp, text: string): string {
  return `The input did not match the regular expression ${String(pattern)}. Input:\n\n${text}\n`;
}

function refuse(actual: unknown, expected: unknown, { message, operator }: Report): never {
  if (message instanceof Error) throw message;
  const said = message ?? `Expected the error to be like ${inspect(expected)}. Received ${inspect(actual)}`;
  throw new AssertionError({ actual, expected, operator, message: said });
}
