/**
 * Built-ins as they were before any of the author's code ran, in the shape of the globals: for libraries in parts, which take theirs
 * when the part is loaded. They have the members that such a library takes, no others.
 */
const NativePromise = Promise;
const { create, defineProperty, getOwnPropertySymbols, getPrototypeOf, setPrototypeOf, keys, prototype } = Object;

/** `new` makes an ordinary promise. */
export const OriginalPromise: object = Object.assign(
  function OriginalPromise(executor: ConstructorParameters<typeof Promise>[0]) {
    return new NativePromise(executor);
  },
  {
    all: NativePromise.all.bind(NativePromise),
    resolve: NativePromise.resolve.bind(NativePromise),
    reject: NativePromise.reject.bind(NativePromise),
    // eslint-disable-next-line unicorn/no-thenable -- the prototype of promises is one
    prototype: { then: NativePromise.prototype.then },
  },
);

/** Defines properties whatever user code has put on Object.prototype. */
export const OriginalObject: object = {
  create,
  defineProperty: define,
  defineProperties(target: object, descriptors: Readonly<Record<string, PropertyDescriptor>>): object {
    for (const name of keys(descriptors)) define(target, name, descriptors[name] ?? {});
    return target;
  },
  getOwnPropertySymbols,
  getPrototypeOf,
  setPrototypeOf,
  prototype,
};

function define<Target extends object>(target: Target, name: PropertyKey, descriptor: PropertyDescriptor): Target {
  return defineProperty(target, name, { ...descriptor, __proto__: null } as PropertyDescriptor);
}
