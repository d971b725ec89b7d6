/** `node:assert` (https://nodejs.org/api/assert.html). Comparison is `deep-equal.ts`, what is expected of errors `expected-error.ts`. */
import { AssertionError } from "./assertion-error.ts";
import { isDeepEqual } from "./deep-equal.ts";
import { checkRejection, checkThrown, type ExpectedError } from "./expected-error.ts";
import { inspect } from "./inspect.ts";
import { invalidArgument } from "./node-error.ts";

type Message = string | Error | undefined;

interface Comparison {
  readonly actual: unknown;
  readonly expected: unknown;
  readonly message: Message;
  readonly operator: string;
}

function refuse({ message, ...comparison }: Comparison): never {
  if (message instanceof Error) throw message;
  throw new AssertionError({ ...comparison, ...(message === undefined ? {} : { message }) });
}

function ok(...values: [value?: unknown, message?: Message]): void {
  const [value, message] = values;
  if (value) return;
  const said = values.length === 0 ? "No value argument passed to `assert.ok()`" : message;
  refuse({
    actual: value,
    expected: true,
    message: said ?? "The expression evaluated to a falsy value",
    operator: "==",
  });
}

function fail(message: Message = "Failed"): never {
  return refuse({ actual: undefined, expected: undefined, message, operator: "fail" });
}

type Assertion = (actual: unknown, expected: unknown, message?: Message) => void;

function comparing(operator: string, holds: (actual: unknown, expected: unknown) => boolean): Assertion {
  return (actual, expected, message) => {
    if (!holds(actual, expected)) refuse({ actual, expected, message, operator });
  };
}

function areLooselyEqual(left: unknown, right: unknown): boolean {
  // oxlint-disable-next-line eqeqeq -- loose equality is what is asked for
  return left == right || (left !== left && right !== right);
}

const equal: Assertion = comparing("==", areLooselyEqual);
const notEqual: Assertion = comparing("!=", (left, right) => !areLooselyEqual(left, right));
const strictEqual: Assertion = comparing("strictEqual", Object.is);
const notStrictEqual: Assertion = comparing("notStrictEqual", (left, right) => !Object.is(left, right));
const deepEqual: Assertion = comparing("deepEqual", (left, right) => isDeepEqual(left, right, "loose"));
const notDeepEqual: Assertion = comparing("notDeepEqual", (left, right) => !isDeepEqual(left, right, "loose"));
const deepStrictEqual: Assertion = comparing("deepStrictEqual", (left, right) => isDeepEqual(left, right, "strict"));
const notDeepStrictEqual: Assertion = comparing(
  "notDeepStrictEqual",
  (left, right) => !isDeepEqual(left, right, "strict"),
);

function matching(operator: string, wanted: boolean): (text: unknown, pattern: RegExp, message?: Message) => void {
  return (text, pattern, message) => {
    if (!(pattern instanceof RegExp)) throw invalidArgument("regexp", "an instance of RegExp", pattern);
    if (typeof text === "string" && pattern.test(text) === wanted) return;
    const said = `The input ${wanted ? "did not match" : "was expected to not match"} the regular expression ${String(pattern)}. Input:\n\n${String(text)}\n`;
    refuse({ actual: text, expected: pattern, message: message ?? said, operator });
  };
}

const match: ReturnType<typeof matching> = matching("match", true);
const doesNotMatch: ReturnType<typeof matching> = matching("doesNotMatch", false);

function throws(run: () => unknown, expected?: ExpectedError | string, message?: Message): void {
  if (typeof run !== "function") throw invalidArgument("fn", "of type function", run);
  let thrown: { readonly error: unknown } | null = null;
  try {
    run();
  } catch (error) {
    thrown = { error };
  }
  checkThrown(thrown, { expected, message, operator: "throws" });
}

async function rejects(
  promise: PromiseLike<unknown> | (() => PromiseLike<unknown>),
  expected?: ExpectedError | string,
  message?: Message,
): Promise<void> {
  checkThrown(await checkRejection(promise), { expected, message, operator: "rejects" });
}

function doesNotThrow(run: () => unknown, message?: Message): void {
  try {
    run();
  } catch (error) {
    refuseUnwanted(error, "exception", message);
  }
}

async function doesNotReject(
  promise: PromiseLike<unknown> | (() => PromiseLike<unknown>),
  message?: Message,
): Promise<void> {
  const rejection = await checkRejection(promise);
  if (rejection !== null) refuseUnwanted(rejection.error, "rejection", message);
}

function refuseUnwanted(error: unknown, what: string, message: Message): never {
  const own = typeof message === "string" ? `: ${message}` : ".";
  const actual = error instanceof Error ? error.message : String(error);
  const said = `Got unwanted ${what}${own}\nActual message: "${actual}"`;
  const operator = what === "rejection" ? "doesNotReject" : "doesNotThrow";
  return refuse({ actual: error, expected: undefined, message: said, operator });
}

function ifError(value: unknown): void {
  if (value === null || value === undefined) return;
  const message = `ifError got unwanted exception: ${value instanceof Error ? value.message : inspect(value)}`;
  refuse({ actual: value, expected: null, message, operator: "ifError" });
}

const shared = {
  AssertionError,
  deepStrictEqual,
  doesNotMatch,
  doesNotReject,
  doesNotThrow,
  fail,
  ifError,
  match,
  notDeepStrictEqual,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
  throws,
};

type Assert = typeof ok & Record<string, unknown>;

function callable(members: object): Assert {
  return Object.assign(
    (...values: [value?: unknown, message?: Message]) => ok(...values),
    members,
  ) as unknown as Assert;
}

const strict: Assert = callable({
  ...shared,
  deepEqual: deepStrictEqual,
  equal: strictEqual,
  notDeepEqual: notDeepStrictEqual,
  notEqual: notStrictEqual,
});
strict["strict"] = strict;
const assert: Assert = callable({ ...shared, deepEqual, equal, notDeepEqual, notEqual, strict });

export {
  AssertionError,
  deepEqual,
  deepStrictEqual,
  doesNotMatch,
  doesNotReject,
  doesNotThrow,
  equal,
  fail,
  ifError,
  match,
  notDeepEqual,
  notDeepStrictEqual,
  notEqual,
  notStrictEqual,
  ok,
  rejects,
  strict,
  strictEqual,
  throws,
};
export default assert;
