/**
 * Loads parts: code of the guest that is rare or big and therefore not in its script (README.md of runtime, "add a web API that is rare").
 *
 * A part is evaluated at most once in an isolate, and only what the host gives by name is evaluated. It finds the core's own modules
 * through `coreModules`, so that classes and private brands are the same on both sides. Knows no part's contents.
 */
import type { PartExports, PartName } from "./part-globals.ts";

/** What a part's source evaluates to; the shape that bundler/bundle-part.ts writes. Calls `provide` once. */
export type PartFactory = (require: (path: string) => object, provide: (exports: object) => void) => void;

interface PartSources {
  /** Path from runtime/guest → the core's module of that path. */
  coreModules: Readonly<Record<string, object>>;
  /** The host's text of a part, "" when there is none; null in an isolate that has no host. */
  sourceOf: ((name: string) => string) | null;
}

// User code may have replaced or removed them when a part is first used.
// eslint-disable-next-line eslint/no-eval -- the only code it is given is the host's own
const evaluate = globalThis.eval;
const { defineProperty, freeze } = Object;
const isOwn = Object.hasOwn;

const sources: PartSources = { coreModules: {}, sourceOf: null };
const provided = Object.create(null) as Partial<Record<string, PartFactory>>;
const loaded = Object.create(null) as Partial<Record<string, object>>;

/** Called once, before anything can ask for a part: the modules that parts share with the core. */
export function shareCoreModules(modules: Readonly<Record<string, object>>): void {
  sources.coreModules = modules;
}

/** Called when an isolate starts or a snapshot was restored in one. */
export function connectPartSources(sourceOf: (name: string) => string): void {
  sources.sourceOf = sourceOf;
}

/** A part that is there before anybody asks for it: for snapshots, which are made without a host. */
export function providePart(name: string, factory: PartFactory): void {
  provided[name] = factory;
}

/** What the part exports. Evaluates it when it is first asked for: milliseconds that the running request pays. */
export function loadPart<Name extends PartName>(name: Name): PartExports[Name] {
  const known = loaded[name];
  if (known !== undefined) return known as PartExports[Name];
  const factory = provided[name] ?? compile(name);
  factory(coreModule, (exports) => {
    loaded[name] = exports;
  });
  return loaded[name] as PartExports[Name];
}

/** What the part exports if it is loaded already. */
export function loadedPart<Name extends PartName>(name: Name): PartExports[Name] | undefined {
  return loaded[name] as PartExports[Name] | undefined;
}

/**
 * Defines a global that a part exports: an accessor until it is first read or assigned, then the data property it would have been.
 */
export function definePartGlobal<Name extends PartName>(
  target: object,
  part: Name,
  name: keyof PartExports[Name] & string,
): void {
  const settle = (value: unknown): void => {
    defineProperty(target, name, descriptor({ value, writable: true, enumerable: false, configurable: true }));
  };
  const get = (): unknown => {
    const value: unknown = loadPart(part)[name];
    settle(value);
    return value;
  };
  defineProperty(target, name, descriptor({ get, set: settle, enumerable: false, configurable: true }));
}

/** Free of what user code may have put on Object.prototype. */
function descriptor(attributes: PropertyDescriptor): PropertyDescriptor {
  return freeze({ ...attributes, __proto__: null }) as PropertyDescriptor;
}

function compile(name: string): PartFactory {
  const source = sources.sourceOf?.(name) ?? "";
  if (source === "") throw new Error(`Cannot load ${name}: this runtime has no such part`);
  return evaluate(source) as PartFactory;
}

function coreModule(path: string): object {
  const module = isOwn(sources.coreModules, path) ? sources.coreModules[path] : undefined;
  if (module === undefined) throw new Error(`Cannot load a part: the core has no module ${path}`);
  return module;
}
