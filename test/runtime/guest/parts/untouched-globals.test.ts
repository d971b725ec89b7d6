/** Parts on which a limit rests take nothing from the global object while they are loaded: user code may have replaced what is there. */
import { createContext, runInContext } from "node:vm";
import { expect, test } from "vitest";
import { coreModules } from "../../../../runtime/guest/parts/core-modules.ts";
import type { PartFactory } from "../../../../runtime/guest/parts/load-part.ts";
import { guestCode } from "../../guest-code.ts";

/** In the context: from now on, reading any global throws. */
const guardGlobals = `{
  const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyNames } = Object;
  const global = globalThis;
  const RealmError = Error;
  for (const name of getOwnPropertyNames(global)) {
    if (!getOwnPropertyDescriptor(global, name).configurable) continue;
    defineProperty(global, name, { configurable: false, get() { throw new RealmError("reads the global " + name); } });
  }
}`;

/** What loading the part gives, in a realm whose globals nobody may read. */
async function loadGuarded(source: string): Promise<object> {
  const context = createContext({});
  const factory = runInContext(source, context) as PartFactory;
  runInContext(guardGlobals, context);
  let exports: object = {};
  factory(
    (path) => coreModules[path] ?? {},
    (given) => {
      exports = given;
    },
  );
  return exports;
}

test("the part that limits WebAssembly is loaded without reading a global", async () => {
  const { parts } = await guestCode();
  await expect(loadGuarded(parts.get("wasm") ?? "")).resolves.toHaveProperty("installWasm");
});

test("a part that reads one is found", async () => {
  const part = `(function(require,provide){"use strict";const{freeze}=Object;provide({freeze})})`;
  await expect(loadGuarded(part)).rejects.toThrow("reads the global Object");
});
