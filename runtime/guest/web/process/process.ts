/**
 * `process.env` and nothing else of Node's `process`: what code written for several runtimes reads its configuration from.
 *
 * The object is the same from the module's top level on and holds NODE_ENV alone there: variables belong to an instance, and neither a snapshot
 * nor the code may hold them. Invariant: authors' code changes nothing in it; assignments throw in strict mode and are ignored elsewhere.
 */

export interface Process {
  readonly env: Readonly<Record<string, string>>;
}

export interface ProcessParts {
  readonly process: Process;
  /** Called once, before the first request. */
  readonly fill: (variables: Readonly<Record<string, unknown>>) => void;
  /** Until they are filled in, reading these throws what `refuse` does. */
  readonly withhold: (names: readonly string[], refuse: (name: string) => never) => void;
}

const { assign, defineProperty, keys } = Object;
const plain = { writable: true, enumerable: true, configurable: true } as const;

export function createProcess(): ProcessParts {
  // What bundles are built for; packages that are not asked at build time ask here.
  const variables: Record<string, string> = { NODE_ENV: "production" };
  const refuse = (): boolean => false;
  const handler = {
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  };
  const env = new Proxy(variables, assign(Object.create(null) as object, handler));
  const process = Object.defineProperty({}, "env", { value: env, enumerable: true }) as Process;
  return {
    process,
    fill: (given) => {
      const names = keys(given);
      for (let i = 0; i < names.length; i += 1) {
        const name = names[i] ?? "";
        const value = given[name];
        if (typeof value === "string") defineProperty(variables, name, { ...plain, value });
      }
    },
    withhold: (names, refuseRead) => {
      for (const name of names) {
        defineProperty(variables, name, { get: () => refuseRead(name), enumerable: true, configurable: true });
      }
    },
  };
}
