/**
 * Reads the fields of one untrusted object and collects everything that is wrong with them.
 *
 * A reader method returns the valid value, or the default where the field is absent, or a stand-in after it noted a
 * problem: callers look at the shared problem list before they use what they built. Invariant: `finish()` turns every
 * field nobody read into a problem, so that a misspelt key never passes silently.
 */
import type { Parsed, Problem } from "./problem.ts";

/** Why a value is refused, completing "allowed: …", or null when it is fine. */
export type Check<T> = (value: T) => string | null;

interface FieldOptions<T> {
  /** Absent fields get this; without it the field is required. */
  readonly default?: T;
}

export class FieldReader {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #path: string;
  readonly #problems: Problem[];
  readonly #read = new Set<string>();
  /** False: that it is no object was reported, and nothing is missing in it. */
  readonly #isObject: boolean;

  /** `path` names the object in problems (empty: the root); `problems` is shared with other readers of the same input. */
  constructor(input: unknown, { path, problems }: { readonly path: string; readonly problems: Problem[] }) {
    this.#path = path;
    this.#problems = problems;
    this.#isObject = typeof input === "object" && input !== null && !Array.isArray(input);
    if (typeof input === "object" && input !== null && !Array.isArray(input)) {
      this.#fields = new Map(Object.entries(input));
      return;
    }
    this.#fields = new Map();
    problems.push({ path: path || "input", message: `received ${showValue(input)}, allowed: an object` });
  }

  /** Path of a field in problems. */
  pathOf(key: string): string {
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }

  has(key: string): boolean {
    return this.#fields.get(key) !== undefined;
  }

  /** Notes that a field is wrong. */
  report(key: string, message: string): void {
    this.#problems.push({ path: this.pathOf(key), message });
  }

  /** The field as it is, marked as read; undefined when absent. */
  raw(key: string): unknown {
    this.#read.add(key);
    return this.#fields.get(key);
  }

  integer(key: string, options: FieldOptions<number> & { readonly min: number; readonly max: number }): number {
    const { min, max } = options;
    const value = this.#present(key, options, `an integer ${min}..${max}`);
    if (value.kind === "default") return value.value ?? min;
    const { input } = value;
    if (typeof input === "number" && Number.isSafeInteger(input) && input >= min && input <= max) return input;
    this.#refuse(key, input, `an integer ${min}..${max}`);
    return min;
  }

  /** Any number of the range, both ends included. */
  number(key: string, options: FieldOptions<number> & { readonly min: number; readonly max: number }): number {
    const { min, max } = options;
    const value = this.#present(key, options, `a number ${min}..${max}`);
    if (value.kind === "default") return value.value ?? min;
    const { input } = value;
    if (typeof input === "number" && input >= min && input <= max) return input;
    this.#refuse(key, input, `a number ${min}..${max}`);
    return min;
  }

  boolean(key: string, options: FieldOptions<boolean>): boolean {
    const value = this.#present(key, options, "true or false");
    if (value.kind === "default") return value.value ?? false;
    if (typeof value.input === "boolean") return value.input;
    this.#refuse(key, value.input, "true or false");
    return false;
  }

  /** One of a closed list of strings or numbers. */
  choice<const T extends string | number>(
    key: string,
    options: FieldOptions<NoInfer<T>> & { readonly values: readonly [T, ...T[]] },
  ): T {
    const { values } = options;
    const value = this.#present(key, options, values.join(", "));
    if (value.kind === "default") return value.value ?? values[0];
    const found = values.find((allowed) => allowed === value.input);
    if (found === undefined) this.#refuse(key, value.input, values.join(", "));
    return found ?? values[0];
  }

  string(key: string, options: FieldOptions<string> & { readonly check: Check<string> }): string {
    const value = this.#present(key, options, "a string");
    if (value.kind === "default") return value.value ?? "";
    const { input } = value;
    const refusal = typeof input === "string" ? options.check(input) : "a string";
    if (refusal === null) return String(input);
    this.#refuse(key, input, refusal);
    return "";
  }

  /** Like `string`, undefined when absent. */
  optionalString(key: string, options: { readonly check: Check<string> }): string | undefined {
    return this.has(key) ? this.string(key, options) : void this.raw(key);
  }

  /** The items of an array, each with its path; an absent field is an empty list. */
  items(key: string, { itemsMax }: { readonly itemsMax: number }): readonly { path: string; input: unknown }[] {
    const input = this.raw(key) === undefined ? [] : this.raw(key);
    if (!Array.isArray(input)) {
      this.#refuse(key, input, "a list");
      return [];
    }
    if (input.length > itemsMax) this.report(key, `received ${input.length} entries, allowed: at most ${itemsMax}`);
    return input
      .slice(0, itemsMax)
      .map((item: unknown, index) => ({ path: `${this.pathOf(key)}[${index}]`, input: item }));
  }

  /** A reader for each object of a list; an absent field is an empty list. */
  readers(key: string, bounds: { readonly itemsMax: number }): readonly FieldReader[] {
    return this.items(key, bounds).map(({ path, input }) => new FieldReader(input, { path, problems: this.#problems }));
  }

  /** How many problems were noted so far, by all readers of the input. */
  get problemCount(): number {
    return this.#problems.length;
  }

  /** A reader of a nested object; an absent field is an empty object. */
  object(key: string): FieldReader {
    return new FieldReader(this.raw(key) === undefined ? {} : this.raw(key), {
      path: this.pathOf(key),
      problems: this.#problems,
    });
  }

  /** Notes every field that was not read. */
  finish(): void {
    for (const key of this.#fields.keys()) {
      if (!this.#read.has(key)) this.report(key, `is not a key, allowed: ${[...this.#read].join(", ")}`);
    }
  }

  #present<T>(
    key: string,
    options: FieldOptions<T>,
    allowed: string,
  ): { readonly kind: "given"; readonly input: unknown } | { readonly kind: "default"; readonly value: T | undefined } {
    const input = this.raw(key);
    if (input !== undefined) return { kind: "given", input };
    if (options.default === undefined && this.#isObject) this.report(key, `is required, allowed: ${allowed}`);
    return { kind: "default", value: options.default };
  }

  #refuse(key: string, input: unknown, allowed: string): void {
    this.report(key, `received ${showValue(input)}, allowed: ${allowed}`);
  }
}

/** `value` when there are no problems. */
export function parsedUnless<T>(problems: readonly Problem[], value: T): Parsed<T> {
  return problems.length === 0 ? { ok: true, value } : { ok: false, problems };
}

/** A value as a problem shows it: JSON, at most 100 characters. */
export function showValue(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 97)}...`;
}
