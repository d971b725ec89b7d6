/** Number, String, Boolean, BigInt and Symbol objects: told from objects that only look like one. */

const { toString } = Object.prototype;

const unbox: Readonly<Record<string, (this: unknown) => unknown>> = {
  "[object Number]": Number.prototype.valueOf,
  "[object String]": String.prototype.valueOf,
  "[object Boolean]": Boolean.prototype.valueOf,
  "[object BigInt]": BigInt.prototype.valueOf,
  "[object Symbol]": Symbol.prototype.valueOf,
};

/** The primitive inside `value`, or undefined when it is no such object. */
export function boxedPrimitive(value: object): unknown {
  const valueOf = unbox[Reflect.apply(toString, value, [])];
  if (valueOf === undefined) return undefined;
  try {
    return Reflect.apply(valueOf, value, []);
  } catch {
    // Only its tag says so.
    return undefined;
  }
}
