/**
 * Runs an author's top level once: tells which hooks the module has and freezes the heap into a startup snapshot.
 *
 * Only for a process that may be lost (the builder): making a snapshot has no memory or time guard of its own, and hostile code
 * can hang or end the process. Whoever spawns that process holds the clock.
 */
import type { ErrorCode } from "../sdk/error-code.ts";
import { hooks as allHooks, type Hook } from "../sdk/phase.ts";
import { disposeQuietly, prepareIsolate, runScript, scriptNames, type PreparedIsolate } from "./isolates/boot.ts";
import { ivm } from "./isolates/isolated-vm.ts";
import { warmUpScript } from "./isolates/warm-up.ts";

export interface EvaluateOptions {
  /** The bundled guest (`.build/guest.js`). */
  readonly guestScript: string;
  /** The author's bundle. */
  readonly code: string;
  /** Heap limit for the evaluation. */
  readonly memoryMiB: number;
  /** Wall limit of the top level. */
  readonly timeoutMs: number;
  readonly snapshot: boolean;
}

export type Evaluation =
  | {
      readonly ok: true;
      readonly hooks: readonly Hook[];
      readonly snapshot: Uint8Array | null;
      /** Why there is no snapshot although one was wanted. */
      readonly snapshotFailure: string | null;
    }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly stack: string };

/** Evaluates the module; never throws for anything the module does, but may never return. */
export async function evaluateModule(options: EvaluateOptions): Promise<Evaluation> {
  const hooks = await findHooks(options);
  if (!Array.isArray(hooks)) return hooks;
  if (hooks.length === 0) {
    return refused("The default export has none of the hooks: allowed " + allHooks.join(", "));
  }
  if (!options.snapshot) return { ok: true, hooks, snapshot: null, snapshotFailure: null };
  try {
    return { ok: true, hooks, snapshot: createSnapshot(options.guestScript, options.code), snapshotFailure: null };
  } catch (error) {
    return { ok: true, hooks, snapshot: null, snapshotFailure: error instanceof Error ? error.message : String(error) };
  }
}

/** A snapshot of the web APIs alone, from which isolates of any function can start. */
export function createBaseSnapshot(guestScript: string): Uint8Array {
  return createSnapshot(guestScript, null);
}

/**
 * The heap after the guest and the author's top level ran, frozen. Runs the top level once more, without any guard.
 * @throws when the code throws; may as well hang or end the process.
 */
export function createFunctionSnapshot(guestScript: string, code: string): Uint8Array {
  return createSnapshot(guestScript, code);
}

function createSnapshot(guestScript: string, code: string | null): Uint8Array {
  const scripts: { code: string; filename: string }[] = [{ code: guestScript, filename: scriptNames.guest }];
  if (code !== null) scripts.push({ code, filename: scriptNames.function });
  const snapshot = ivm.Isolate.createSnapshot(scripts, warmUpScript());
  return new Uint8Array(snapshot.copy({ release: true }));
}

async function findHooks(options: EvaluateOptions): Promise<Hook[] | Evaluation> {
  let prepared: PreparedIsolate | null = null;
  try {
    prepared = await prepareIsolate({
      memoryMiB: options.memoryMiB,
      snapshot: null,
      guestScript: options.guestScript,
      onCatastrophe: (message) => {
        throw new Error(message);
      },
    });
    await runScript(prepared.context, options.code, { filename: scriptNames.function, timeoutMs: options.timeoutMs });
    return await readHooks(prepared);
  } catch (error) {
    return failure(error, options);
  } finally {
    if (prepared !== null) disposeQuietly(prepared.isolate);
  }
}

async function readHooks(prepared: PreparedIsolate): Promise<Hook[] | Evaluation> {
  const json: unknown = await prepared.context.eval("__selvageHooks()", { copy: true, timeout: 1_000 });
  const names: unknown = typeof json === "string" ? JSON.parse(json) : null;
  if (!Array.isArray(names)) return refused("The module has no default export that is an object with hooks");
  return allHooks.filter((hook) => names.includes(hook));
}

function refused(message: string): Evaluation {
  return { ok: false, code: "PUBLISH_REFUSED", message, stack: "" };
}

function failure(error: unknown, options: EvaluateOptions): Evaluation {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  if (message === "Script execution timed out.") {
    return refused(`The module's top level ran longer than ${options.timeoutMs} ms`);
  }
  if (message.includes("disposed") || message.includes("memory limit")) {
    return refused(`The module's top level used more than ${options.memoryMiB} MiB of memory`);
  }
  return { ok: false, code: "PUBLISH_REFUSED", message: `The module's top level threw: ${message}`, stack };
}
