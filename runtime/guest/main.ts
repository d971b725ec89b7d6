/**
 * Entry of the guest script: installs the web APIs and leaves six functions for the host on the global object.
 *
 * `__selvageProvidePart` takes a part before a snapshot is made, `__selvageAllowEval` lets the author's code make code of text, `__selvagePrepare` finishes a new isolate or a restored snapshot,
 * `__selvageLoadWasm` compiles what the version imports, `__selvageHooks` tells which hooks the author's module has, `__selvageBoot` connects an instance.
 * Evaluated before the author's code, also when a snapshot is made.
 *
 * Invariant: the author's code never gets what the host hands in. The build step turns `__selvagePrepare` and `__selvageBoot` into bindings of the script, which
 * nobody can replace, also where a snapshot's author ran before the host; they do nothing any more once an instance is connected.
 */
import { exportOf, fileOf, type EventSettings } from "../../sdk/event-settings.ts";
import { hooks, type Hook } from "../../sdk/phase.ts";
import { connect, type HostFunctions, type Receive } from "./bridge/receive.ts";
import { forbidCodeGeneration } from "./code-generation.ts";
import { installGlobals, removeSharedMemory } from "./install-globals.ts";
import { coreModules } from "./parts/core-modules.ts";
import { connectPartSources, loadPart, providePart, shareCoreModules } from "./parts/load-part.ts";
import { installPartGlobals } from "./parts/part-globals.ts";
import { createProcess } from "./web/process/process.ts";
import type { CompileImported } from "./parts/wasm/install-wasm.ts";
import { limitWebAssembly } from "./web/wasm/limit-webassembly.ts";
import { serviceBindings } from "./web/fetch/service-binding.ts";

interface BootGlobal {
  __selvageModule?: { readonly default?: unknown; readonly entry?: unknown } | undefined;
  __selvageTakeWasm?: unknown;
}

/** What the host tells an instance about itself, as JSON. */
interface BootFacts {
  readonly functionName: string;
  readonly version: string;
  readonly wallMs: number;
  readonly fetchWallMs: number;
  readonly eventWallMs: number;
  readonly initializerWallMs: number;
  readonly memoryMiB: number;
  readonly event: EventSettings | null;
  readonly bufferedBodyMiB: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the functions it may call. */
  readonly services: readonly string[];
}

const global = globalThis as unknown as BootGlobal;
const parseJson = JSON.parse;
const freeze = Object.freeze;
const defineProperty = Object.defineProperty;
const create = Object.create as (prototype: object | null) => object;
const deleteProperty = Reflect.deleteProperty;
let isConnected = false;

shareCoreModules(coreModules);
installGlobals(globalThis);
installPartGlobals(globalThis);

const { process, fill } = createProcess();
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

// `handler`: the export that is an event function, which answers requests as well where nothing else does; "": none is.
hide("__selvageHooks", (handler: string): string => {
  const module = authorModule();
  const isEvent = handler !== "" && typeof authorExports()[handler] === "function";
  if (module === null && !isEvent) return "null";
  const byHandler: readonly Hook[] = isEvent ? ["fetch", "event"] : [];
  return JSON.stringify(
    hooks.filter(
      (hook: Hook) => byHandler.includes(hook) || (hook !== "event" && typeof module?.[hook] === "function"),
    ),
  );
});

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
    const module = withEventHooks(authorModule(), facts);
    if (module === null) throw new TypeError("The module has no default export with hooks");
    if (isConnected) throw new TypeError("The instance was connected already");
    isConnected = true;
    deleteProperty(globalThis, "__selvageModule");
    deleteProperty(globalThis, "__selvageHooks");
    deleteProperty(globalThis, "__selvageLoadWasm");
    fill(facts.environment);
    return connect(
      { send, randomBytes, domainToAscii, compute },
      {
        functionName: facts.functionName,
        version: facts.version,
        wallMs: facts.wallMs,
        fetchWallMs: facts.fetchWallMs,
        eventWallMs: facts.eventWallMs,
        bufferedBodyBytesMax: facts.bufferedBodyMiB * 1_048_576,
        env: freeze({ ...facts.environment, ...serviceBindings(facts.services) }),
        module,
      },
    );
  },
);

function authorModule(): Readonly<Record<string, unknown>> | null {
  const exported = global.__selvageModule?.default;
  if (exported === null || (typeof exported !== "object" && typeof exported !== "function")) return null;
  return exported as Readonly<Record<string, unknown>>;
}

function authorExports(): Readonly<Record<string, unknown>> {
  const entry = global.__selvageModule?.entry;
  return (typeof entry === "object" && entry !== null ? entry : {}) as Readonly<Record<string, unknown>>;
}

/** The module's hooks and, in front of them, those of its event function. */
function withEventHooks(
  module: Readonly<Record<string, unknown>> | null,
  facts: BootFacts,
): Readonly<Record<string, unknown>> | null {
  const { event } = facts;
  if (event === null) return module;
  const { initializer } = event;
  const made = loadPart("event").eventHooks({
    functionName: facts.functionName,
    version: facts.version,
    memoryMiB: facts.memoryMiB,
    timeoutMs: facts.eventWallMs,
    environment: facts.environment,
    entry: authorExports(),
    file: fileOf(event.handler),
    handler: exportOf(event.handler),
    initializer: initializer === null ? null : exportOf(initializer),
    initializerMs: facts.initializerWallMs,
    areParametersChecked: event.parameters === "strict",
  });
  const all = create(module) as Record<string, unknown>;
  defineProperty(all, "event", { value: made.event });
  if (typeof module?.["fetch"] !== "function") defineProperty(all, "fetch", { value: made.fetch });
  return all;
}

function hide(name: string, value: unknown): void {
  defineProperty(globalThis, name, { value, configurable: true, enumerable: false, writable: false });
}
