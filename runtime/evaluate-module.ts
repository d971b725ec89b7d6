/**
 * Runs an author's top level once: tells which hooks the module has and freezes the heap into a startup snapshot.
 *
 * Only for a process that may be lost (the builder): making a snapshot has no memory or time guard of its own, and hostile code
 * can hang or end the process. Whoever spawns that process holds the clock.
 */
import type { ErrorCode } from "../sdk/error-code.ts";
import { messageLimits } from "../sdk/limits.ts";
import { hooks as allHooks, instanceHooks, type Hook, type NamedInstanceHooks } from "../sdk/phase.ts";
import type { WasmModule } from "./driver.ts";
import type { GuestCode } from "./guest-code.ts";
import {
  disposeQuietly,
  loadWasm,
  prepareIsolate,
  runScript,
  scriptNames,
  type PreparedIsolate,
} from "./isolates/boot.ts";
import { ivm } from "./isolates/isolated-vm.ts";
import { warmUpScript } from "./isolates/warm-up.ts";

export interface EvaluateOptions {
  readonly guest: GuestCode;
  /** The author's bundle. */
  readonly code: string;
  /** What the bundle imports; with any, no snapshot can be made. */
  readonly wasm: readonly WasmModule[];
  /** Heap limit for the evaluation. */
  readonly memoryMiB: number;
  /** Wall limit of the top level. */
  readonly timeoutMs: number;
  readonly snapshot: boolean;
  /** Whether the module may make code of text. Default false. */
  readonly allowEval?: boolean;
  /** The export that handles events; absent: none does. */
  readonly handler?: string;
  /** Exports of an event function that have other names than their hooks. */
  readonly named?: NamedInstanceHooks;
}

export type Evaluation =
  | {
      readonly ok: true;
      readonly hooks: readonly Hook[];
      /** Parts of the guest that the top level used (guest/parts). */
      readonly parts: readonly string[];
      readonly snapshot: Uint8Array | null;
      /** Why there is no snapshot although one was wanted. */
      readonly snapshotFailure: string | null;
    }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly stack: string };

/** Evaluates the module; never throws for anything the module does, but may never return. */
export async function evaluateModule(options: EvaluateOptions): Promise<Evaluation> {
  const loaded = new Set<string>();
  const hooks = await findHooks(options, (name) => loaded.add(name));
  if (!Array.isArray(hooks)) return hooks;
  if (hooks.every(isInstanceHook)) {
    return refused("The default export has none of the hooks: allowed " + moduleHooks.join(", "));
  }
  const parts = [...loaded];
  const found = { ok: true, hooks, parts, snapshot: null, snapshotFailure: null } as const;
  if (!options.snapshot) return found;
  if (options.wasm.length > 0) return { ...found, snapshotFailure: wasmInSnapshot };
  try {
    return {
      ...found,
      snapshot: createFunctionSnapshot(options.guest, {
        code: options.code,
        parts,
        allowEval: options.allowEval === true,
      }),
    };
  } catch (error) {
    return { ...found, snapshotFailure: error instanceof Error ? error.message : String(error) };
  }
}

/** A snapshot of the web APIs alone, from which isolates of any function can start. */
export function createBaseSnapshot(guest: GuestCode): Uint8Array {
  return createSnapshot([{ code: guest.script, filename: scriptNames.guest }]);
}

/**
 * The heap after the guest and the author's top level ran, frozen. Runs the top level once more, without any guard.
 * `parts` are those that the top level uses, as `evaluateModule` found: a snapshot is made without a host to ask.
 * @throws when the code throws; may as well hang or end the process.
 */
export function createFunctionSnapshot(
  guest: GuestCode,
  {
    code,
    parts,
    allowEval = false,
    initialize = null,
  }: {
    readonly code: string;
    readonly parts: readonly string[];
    readonly allowEval?: boolean;
    /** Facts for the initializer, which is to run before the heap is frozen (`tryInitializer` says whether it can); null: it does not run. */
    readonly initialize?: string | null;
  },
): Uint8Array {
  const provided = parts.map(
    (name) => `__selvageProvidePart(${JSON.stringify(name)},${guest.parts.get(name) ?? "null"});`,
  );
  const before = [
    ...provided,
    ...(allowEval ? ["__selvageAllowEval();"] : []),
    "delete globalThis.__selvageProvidePart;",
    "delete globalThis.__selvageAllowEval;",
  ];
  return createSnapshot([
    { code: guest.script, filename: scriptNames.guest },
    { code: before.join("\n"), filename: scriptNames.parts },
    { code: refuseWasm, filename: scriptNames.guest },
    { code, filename: scriptNames.function },
    ...(initialize === null ? [] : initialization(initialize)),
    { code: "__selvageCheckWasm();", filename: scriptNames.guest },
  ]);
}

/**
 * Runs the initializer after the top level, as it will run while the snapshot is made: tells which parts of the guest both use, or why they cannot be frozen.
 * `facts` is JSON for the guest.
 */
export async function tryInitializer(
  options: EvaluateOptions,
  { facts, timeoutMs }: { readonly facts: string; readonly timeoutMs: number },
): Promise<{ readonly parts: readonly string[]; readonly refusal: string | null }> {
  const parts = new Set<string>();
  try {
    const refusal = await evaluated(
      options,
      async ({ context }) => {
        const [run] = initialization(facts);
        await runScript(context, run.code, { filename: run.filename, timeoutMs });
        const outcome: unknown = await context.eval("__selvageInitialized()", { copy: true, timeout: 1_000 });
        return typeof outcome !== "string" ? "the initializer gave no account of itself" : outcome;
      },
      (name) => parts.add(name),
    );
    return { parts: [...parts], refusal: refusal === "" ? null : cut(refusal) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message === "Script execution timed out.") {
      return { parts: [], refusal: `the initializer computed longer than ${timeoutMs} ms` };
    }
    const isMemory = message.includes("disposed") || message.includes("memory limit");
    return {
      parts: [],
      refusal: isMemory ? `the initializer used more than ${options.memoryMiB} MiB of memory` : cut(message),
    };
  }
}

/** The second script finds out what came of the first: promises settle between scripts. */
function initialization(facts: string): readonly [Script, Script] {
  const check = `{
    const outcome = __selvageInitialized();
    delete globalThis.__selvageInitialize;
    delete globalThis.__selvageInitialized;
    if (outcome !== "") throw new Error(outcome);
  }`;
  return [
    { code: `__selvageInitialize(${JSON.stringify(facts)});`, filename: scriptNames.guest },
    { code: check, filename: scriptNames.guest },
  ];
}

interface Script {
  readonly code: string;
  readonly filename: string;
}

/** What a default export may hold; `event` is an export of its own. */
const moduleHooks = allHooks.filter((hook) => hook !== "event" && !isInstanceHook(hook));

function isInstanceHook(hook: Hook): boolean {
  return instanceHooks.some((known) => known === hook);
}

const wasmInSnapshot = "V8 cannot freeze WebAssembly";

/** There is no WebAssembly while a snapshot is made: what looks for it at the top level would be frozen with the wrong answer. */
const refuseWasm = `(() => {
  let isUsed = false;
  const refuse = () => { isUsed = true; throw new Error("${wasmInSnapshot}: the module's top level uses it"); };
  Object.defineProperty(globalThis, "WebAssembly", { get: refuse, set: refuse, configurable: true });
  Object.defineProperty(globalThis, "__selvageCheckWasm", { configurable: true, value() {
    delete globalThis.__selvageCheckWasm;
    if (!delete globalThis.WebAssembly || isUsed) refuse();
  } });
})();`;

function createSnapshot(scripts: Script[]): Uint8Array {
  const snapshot = ivm.Isolate.createSnapshot(scripts, warmUpScript());
  return new Uint8Array(snapshot.copy({ release: true }));
}

async function findHooks(options: EvaluateOptions, onPart: (name: string) => void): Promise<Hook[] | Evaluation> {
  try {
    return await evaluated(options, (prepared) => readHooks(prepared, options), onPart);
  } catch (error) {
    if (error instanceof UnusableWasm) return refused(error.message);
    return failure(error, options);
  }
}

class UnusableWasm extends Error {}

/** Runs the module's top level in an isolate that is gone afterwards; `look` is given it. @throws what the top level throws. */
async function evaluated<T>(
  options: EvaluateOptions,
  look: (prepared: PreparedIsolate) => Promise<T>,
  onPart: (name: string) => void,
): Promise<T> {
  const prepared = await prepareIsolate({
    memoryMiB: options.memoryMiB,
    snapshot: null,
    guest: options.guest,
    allowEval: options.allowEval === true,
    onPart,
    onCatastrophe: (message) => {
      throw new Error(message);
    },
  });
  try {
    const refusal = await refuseWasmModules(prepared, options);
    if (refusal !== null) throw new UnusableWasm(refusal);
    await runScript(prepared.context, options.code, { filename: scriptNames.function, timeoutMs: options.timeoutMs });
    return await look(prepared);
  } finally {
    disposeQuietly(prepared.isolate);
  }
}

/** Why the modules that the bundle imports cannot be used, or null. */
async function refuseWasmModules({ context }: PreparedIsolate, options: EvaluateOptions): Promise<string | null> {
  try {
    await loadWasm(context, options.wasm, { timeoutMs: options.timeoutMs });
    return null;
  } catch (error) {
    return `A WebAssembly module that is imported cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function readHooks(
  prepared: PreparedIsolate,
  { handler = "", named = { restore: null, heartbeat: null } }: EvaluateOptions,
): Promise<Hook[] | Evaluation> {
  const ask = `__selvageHooks(${JSON.stringify(JSON.stringify({ handler, ...named }))})`;
  const json: unknown = await prepared.context.eval(ask, { copy: true, timeout: 1_000 });
  const names: unknown = typeof json === "string" ? JSON.parse(json) : null;
  const lacksHandler = handler !== "" && !(Array.isArray(names) && names.includes("event"));
  if (lacksHandler) return refused(`The module exports no function "${handler}", which is to handle events`);
  if (!Array.isArray(names)) return refused("The module has no default export that is an object with hooks");
  const lacking = instanceHooks.find((hook) => named[hook] !== null && !names.includes(hook));
  if (lacking !== undefined) {
    return refused(`The module exports no function "${String(named[lacking])}", which is to be its ${lacking}`);
  }
  return allHooks.filter((hook) => names.includes(hook));
}

function refused(message: string): Evaluation {
  return { ok: false, code: "PUBLISH_REFUSED", message, stack: "" };
}

function failure(error: unknown, options: EvaluateOptions): Evaluation {
  const message = cut(error instanceof Error ? error.message : String(error));
  const stack = cut(error instanceof Error ? (error.stack ?? "") : "");
  if (message === "Script execution timed out.") {
    return refused(`The module's top level ran longer than ${options.timeoutMs} ms`);
  }
  if (message.includes("disposed") || message.includes("memory limit")) {
    return refused(`The module's top level used more than ${options.memoryMiB} MiB of memory`);
  }
  if (message.startsWith(foreignObjectThrown))
    return refused("The module's top level threw something that is no Error");
  return { ok: false, code: "PUBLISH_REFUSED", message: `The module's top level threw: ${message}`, stack };
}

/** The author makes messages as long as strings can be; what an answer and a log hold of them is one line. */
function cut(text: string): string {
  return text.slice(0, messageLimits.logLineCharsMax);
}

/** What isolated-vm says instead of an object that it does not bring over. */
const foreignObjectThrown = "An object was thrown from supplied code within isolated-vm";
