/**
 * Entry of the guest script: installs the web APIs and leaves eight functions for the host on the global object.
 *
 * `__selvageProvidePart` takes a part before a snapshot is made, `__selvageAllowEval` lets the author's code make code of text, `__selvagePrepare` finishes a new isolate or a restored snapshot,
 * `__selvageLoadWasm` compiles what the version imports, `__selvageHooks` tells which hooks the author's module has, `__selvageInitialize` runs the initializer where there is no host and `__selvageInitialized` tells how that went, `__selvageBoot` connects an instance.
 * Evaluated before the author's code, also when a snapshot is made.
 *
 * Invariant: the author's code never gets what the host hands in. The build step turns `__selvagePrepare` and `__selvageBoot` into bindings of the script, which
 * nobody can replace, also where a snapshot's author ran before the host; they do nothing any more once an instance is connected.
 */
import {
  authorHooks,
  namedExports,
  namedHooks,
  type ModuleFacts,
  type NamedExports,
  type ScriptExports,
} from "./author-module.ts";
import { connect, type HostFunctions, type Receive } from "./bridge/receive.ts";
import { forbidCodeGeneration } from "./code-generation.ts";
import { installGlobals, removeSharedMemory } from "./install-globals.ts";
import { coreModules } from "./parts/core-modules.ts";
import type { InitializeFacts } from "./parts/event/initialize.ts";
import { connectPartSources, loadPart, providePart, shareCoreModules } from "./parts/load-part.ts";
import { installPartGlobals } from "./parts/part-globals.ts";
import { createProcess } from "./web/process/process.ts";
import type { CompileImported } from "./parts/wasm/install-wasm.ts";
import { limitWebAssembly } from "./web/wasm/limit-webassembly.ts";
import { serviceBindings } from "./web/fetch/service-binding.ts";

interface BootGlobal {
  __selvageModule?: ScriptExports | undefined;
  __selvageTakeWasm?: unknown;
}

interface BootFacts extends ModuleFacts {
  readonly wallMs: number;
  readonly fetchWallMs: number;
  readonly bufferedBodyMiB: number;
  /** Names of the functions it may call. */
  readonly services: readonly string[];
}

const global = globalThis as unknown as BootGlobal;
const parseJson = JSON.parse;
const promiseThen = Promise.prototype.then;
const freeze = Object.freeze;
const defineProperty = Object.defineProperty;
const deleteProperty = Reflect.deleteProperty;
let isConnected = false;

shareCoreModules(coreModules);
installGlobals(globalThis);
installPartGlobals(globalThis);

const { process, fill, withhold } = createProcess();
defineProperty(globalThis, "process", { value: process, configurable: true, enumerable: false, writable: true });

// Declared here, so that the bundle's own `var __selvageModule` leaves a property that can be deleted.
defineProperty(globalThis, "__selvageModule", {
  value: undefined,
  configurable: true,
  enumerable: false,
  writable: true,
});

let compileImported: CompileImported | null = null;
const allowCodeGeneration = forbidCodeGeneration(globalThis);

// V8 puts SharedArrayBuffer and WebAssembly back when a snapshot is restored: called before any of the author's code runs there.
hide("__selvagePrepare", (memoryMiB: number, partSource: (name: string) => string, allowEval: boolean): void => {
  if (isConnected) throw new TypeError("The instance was connected already");
  deleteProperty(globalThis, "__selvageProvidePart");
  deleteProperty(globalThis, "__selvageAllowEval");
  if (allowEval) allowCodeGeneration();
  removeSharedMemory(globalThis);
  connectPartSources(partSource);
  compileImported = limitWebAssembly(globalThis, memoryMiB);
});

// Only where a version imports WebAssembly: its bundle begins by taking the modules, and nothing of them stays on the global object.
hide("__selvageLoadWasm", (digestsJson: string, ...buffers: ArrayBuffer[]): void => {
  const digests = parseJson(digestsJson) as readonly string[];
  const modules = { __proto__: null } as unknown as Record<string, object>;
  for (const [index, digest] of digests.entries()) {
    const bytes = buffers[index];
    if (compileImported === null || bytes === undefined)
      throw new Error("Cannot load WebAssembly: nothing is prepared");
    modules[digest] = compileImported(new Uint8Array(bytes));
  }
  hide("__selvageTakeWasm", () => {
    delete global.__selvageTakeWasm;
    return modules;
  });
});

// For snapshots, which are made without a host.
hide("__selvageProvidePart", providePart);
hide("__selvageAllowEval", allowCodeGeneration);

// `exports`: JSON of the exports that are an event function, which answers requests as well where nothing else does.
hide("__selvageHooks", (exports: string): string => {
  return JSON.stringify(namedHooks(global.__selvageModule, parseJson(exports) as NamedExports));
});

// For snapshots that are taken after the initializer ran, and for the trial before.
let initialized = "the initializer was not run";
hide("__selvageInitialize", (facts: string): void => {
  initialized = "the initializer waits for something that never comes while a snapshot is made";
  const running = loadPart("event").startInitializer(
    namedExports(global.__selvageModule),
    parseJson(facts) as InitializeFacts,
    { fill, withhold },
  );
  void promiseThen.call(running, (failure: string | null) => {
    initialized = failure ?? "";
  });
});
hide("__selvageInitialized", (): string => initialized);

hide(
  "__selvageBoot",
  (
    factsJson: string,
    send: HostFunctions["send"],
    randomBytes: HostFunctions["randomBytes"],
    domainToAscii: HostFunctions["domainToAscii"],
    compute: HostFunctions["compute"],
  ): Receive => {
    const facts = parseJson(factsJson) as BootFacts;
    if (isConnected) throw new TypeError("The instance was connected already");
    isConnected = true;
    const script = global.__selvageModule;
    deleteProperty(globalThis, "__selvageModule");
    deleteProperty(globalThis, "__selvageHooks");
    deleteProperty(globalThis, "__selvageInitialize");
    deleteProperty(globalThis, "__selvageInitialized");
    deleteProperty(globalThis, "__selvageLoadWasm");
    fill(facts.environment);
    const env = freeze({ ...facts.environment, ...serviceBindings(facts.services) });
    return connect(
      { send, randomBytes, domainToAscii, compute },
      {
        functionName: facts.functionName,
        version: facts.version,
        wallMs: facts.wallMs,
        fetchWallMs: facts.fetchWallMs,
        eventWallMs: facts.eventWallMs,
        bufferedBodyBytesMax: facts.bufferedBodyMiB * 1_048_576,
        env,
        ...authorHooks(script, facts, env),
      },
    );
  },
);

function hide(name: string, value: unknown): void {
  defineProperty(globalThis, name, { value, configurable: true, enumerable: false, writable: false });
}
