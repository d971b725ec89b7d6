/**
 * Gives a class the property attributes that Web IDL asks of an interface, and remembers what the console shows of it.
 *
 * Class syntax makes members non-enumerable; the web's are enumerable and the prototype carries a `Symbol.toStringTag`.
 */

interface InterfaceOptions {
  /** On the constructor and on the prototype. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Attributes the console shows, in this order. */
  readonly shown?: readonly string[];
}

/** Finishes the interface `constructor`: its name, enumerable members, tag, and constants on both objects. */
export function finishInterface(
  constructor: { readonly prototype: object },
  name: string,
  options: InterfaceOptions = {},
): void {
  const { prototype } = constructor;
  makeEnumerable(constructor, ["prototype", "length", "name"]);
  makeEnumerable(prototype, ["constructor"]);
  for (const [constant, value] of Object.entries(options.constants ?? {})) {
    const attributes = { value, enumerable: true, configurable: false, writable: false };
    Object.defineProperty(constructor, constant, attributes);
    Object.defineProperty(prototype, constant, attributes);
  }
  // A bundler may rename a class that refers to itself.
  Object.defineProperty(constructor, "name", { value: name, configurable: true });
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
  shownOf.set(prototype, options.shown ?? []);
}

/** The attributes the console shows of objects with this prototype; undefined for everything but interfaces. */
export function shownAttributes(prototype: object): readonly string[] | undefined {
  return shownOf.get(prototype);
}

/** Whether `value` is an instance of one of the interfaces here, or claims to be one by its prototype. */
export function isInterfaceObject(value: object): boolean {
  for (let at: unknown = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    if (shownOf.has(at as object)) return true;
  }
  return false;
}

const shownOf = new WeakMap<object, readonly string[]>();

function makeEnumerable(target: object, except: readonly string[]): void {
  for (const name of Object.getOwnPropertyNames(target)) {
    if (!except.includes(name)) Object.defineProperty(target, name, { enumerable: true });
  }
}
