/** `assert.AssertionError`: what was compared, and a message that shows both. */
import { inspect } from "./inspect.ts";

export interface AssertionOptions {
  readonly message?: string | undefined;
  readonly actual?: unknown;
  readonly expected?: unknown;
  readonly operator?: string;
}

const headings: Readonly<Record<string, string>> = {
  deepEqual: "Expected values to be loosely deep-equal:",
  deepStrictEqual: "Expected values to be strictly deep-equal:",
  "==": "Expected values to be loosely equal:",
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  "!=": 'Expected "actual" to be loosely unequal to:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  strictEqual: "Expected values to be strictly equal:",
};

export class AssertionError extends Error {
  readonly code = "ERR_ASSERTION";
  readonly generatedMessage: boolean;
  readonly actual: unknown;
  readonly expected: unknown;
  readonly operator: string | undefined;

  constructor(options: AssertionOptions) {
    super(options.message ?? messageOf(options));
    this.name = "AssertionError";
    this.generatedMessage = options.message === undefined;
    this.actual = options.actual;
    this.expected = options.expected;
    this.operator = options.operator;
    Object.defineProperty(this, "name", { enumerable: false });
  }

  override toString(): string {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

function messageOf({ actual, expected, operator = "fail" }: AssertionOptions): string {
  const heading = headings[operator];
  if (heading === undefined) return `${show(actual)} ${operator} ${show(expected)}`;
  if (operator === "!=" || operator.startsWith("not")) {
    const shown = show(expected);
    return `${heading}${shown.includes("\n") ? "\n\n" : " "}${shown}`;
  }
  if (!operator.startsWith("deep")) {
    return `${heading}\n\n${show(actual)} ${operator === "==" ? "!=" : "!=="} ${show(expected)}\n`;
  }
  return `${heading}\n+ actual - expected\n\n${marked("+", actual)}\n${marked("-", expected)}`;
}

function show(value: unknown): string {
  return inspect(value, { depth: 20 });
}

function marked(mark: string, value: unknown): string {
  return show(value).replaceAll(/^/gm, `${mark} `);
}
