/**
 * Conversions of Web IDL that several interfaces share (https://webidl.spec.whatwg.org/#js-type-mapping).
 *
 * Knows no interface. Every function either returns a value of the promised type or throws a TypeError that names the place.
 */

/** Throws unless at least `needed` arguments were given. */
export function requireArguments(given: number, needed: number, where: string): void {
  if (given < needed) {
    throw new TypeError(`Cannot call ${where}: ${needed} argument${needed === 1 ? "" : "s"} needed, received ${given}`);
  }
}

export function toDomString(value: unknown): string {
  // A template literal converts as ToString does: it throws for symbols, which String() would not.
  // eslint-disable-next-line typescript/no-unnecessary-template-expression -- the conversion is the point: the type is a claim
  return typeof value === "string" ? value : `${value as string}`;
}

/** A string without lone surrogates. */
export function toUsvString(value: unknown): string {
  return toDomString(value).toWellFormed();
}

/** Whether `value` is an object or a function. */
export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** `value` as a dictionary: undefined and null give an empty one, which holds nothing and inherits nothing. */
export function toDictionary(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return emptyDictionary;
  if (!isObject(value)) throw new TypeError(`Cannot convert the options of ${where}: received ${typeof value}`);
  return value as Readonly<Record<string, unknown>>;
}

const emptyDictionary: Readonly<Record<string, unknown>> = Object.freeze(
  Object.create(null) as Record<string, unknown>,
);

/** The items of any iterable, each converted before the next is taken, or null when `value` has no iterator. */
export function sequenceOf(value: object, convert: (item: unknown) => unknown = asIs): unknown[] | null {
  const method = (value as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  if (method === undefined || method === null) return null;
  if (typeof method !== "function")
    throw new TypeError("Cannot read a sequence: its Symbol.iterator is not a function");
  const items: unknown[] = [];
  const iterable = { [Symbol.iterator]: () => Reflect.apply(method, value, []) as Iterator<unknown> };
  for (const item of iterable) items.push(convert(item));
  return items;
}

function asIs(item: unknown): unknown {
  return item;
}

/** A string of characters up to U+00FF. Throws a TypeError for others. */
export function toByteString(value: unknown): string {
  const text = toDomString(value);
  // eslint-disable-next-line no-control-regex -- the range begins at zero
  if (/[^\u0000-\u00ff]/.test(text)) {
    throw new TypeError(`Cannot use ${toPrintable(text)}: it holds a character beyond U+00FF`);
  }
  return text;
}

/** What a method that returns a promise gives for a `this` that is not its interface's. */
export async function illegalInvocation(where: string): Promise<never> {
  throw new TypeError(`Cannot call ${where}: illegal invocation`);
}

/** ToInt32 as `long` has it: NaN and infinities are 0, the rest wraps. */
export function toLong(value: unknown): number {
  return Number(value) | 0;
}

export function toBoolean(value: unknown): boolean {
  return Boolean(value);
}

/** `unsigned long` by wrapping. */
export function toUnsignedLong(value: unknown): number {
  return Number(value) >>> 0;
}

/** `unsigned short` by wrapping. */
export function toUnsignedShort(value: unknown): number {
  return Number(value) & 0xffff;
}

/** An `[EnforceRange] unsigned long long`. */
export function toEnforcedInteger(value: unknown, where: string): number {
  const number = Math.trunc(Number(value));
  if (!(number >= 0 && number <= Number.MAX_SAFE_INTEGER)) {
    throw new TypeError(`Cannot use ${where}: received ${toPrintable(value)}, allowed 0..${Number.MAX_SAFE_INTEGER}`);
  }
  return number;
}

/** A short form of a value for messages; never runs user code. */
export function toPrintable(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
    case "number":
    case "boolean":
    case "bigint":
    case "undefined":
      return String(value);
    case "symbol":
      return "a symbol";
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : "an object";
  }
}
