/**
 * Brings an isolate to life in three steps that can lie apart in time: prepare (base), evaluate (author's code), connect (instance).
 * A prepared isolate belongs to nobody yet; once code was evaluated in it, it serves that one function version only.
 */
import type { RunnableVersion, WasmModule } from "../driver.ts";
import type { GuestCode } from "../guest-code.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import { transferable } from "./guest-buffers.ts";
import { ivm, type Context, type ExternalCopy, type Isolate, type Reference } from "./isolated-vm.ts";

/** Names under which scripts appear in stack traces. */
export const scriptNames = { guest: "selvage-guest.js", parts: "selvage-parts.js", function: "function.js" } as const;

/** The guest's entry: a batch of frames and its buffers. */
export type GuestEntry = Reference<(batch: string, ...buffers: ArrayBuffer[]) => void>;

export interface PreparedIsolate {
  readonly isolate: Isolate;
  readonly context: Context;
  /** The guest's `__selvageBoot`; `connectIsolate` releases it. */
  readonly boot: Reference;
}

export interface PrepareOptions {
  readonly memoryMiB: number;
  /** A snapshot that holds the guest script (and perhaps the author's code), or null to run the guest script here. */
  readonly snapshot: ExternalCopy<ArrayBuffer> | null;
  readonly guest: GuestCode;
  /** Whether the author's code may make code of text (`eval`, `new Function`). */
  readonly allowEval: boolean;
  /** Told of each part that the isolate loads. */
  readonly onPart?: (name: string) => void;
  readonly onCatastrophe: (message: string) => void;
}

/** A new isolate with the web APIs in place. */
export async function prepareIsolate(options: PrepareOptions): Promise<PreparedIsolate> {
  const isolate = new ivm.Isolate({
    memoryLimit: options.memoryMiB,
    onCatastrophicError: options.onCatastrophe,
    ...(options.snapshot === null ? {} : { snapshot: options.snapshot }),
  });
  try {
    const context = await isolate.createContext();
    if (options.snapshot === null) await runScript(context, options.guest.script, { filename: scriptNames.guest });
    // Taken before the author's code can put something else in its place.
    const boot: unknown = await context.evalClosure(
      "__selvagePrepare($0, $1, $2); return __selvageBoot",
      [options.memoryMiB, new ivm.Callback(partSources(options)), options.allowEval],
      { result: { reference: true } },
    );
    return { isolate, context, boot: boot as Reference };
  } catch (error) {
    disposeQuietly(isolate);
    throw error;
  }
}

/** The sources of parts by name; for a name that is none, whatever it is, an empty string. */
function partSources({ guest, onPart }: PrepareOptions): (name: unknown) => string {
  return (name) => {
    const source = typeof name === "string" ? guest.parts.get(name) : undefined;
    if (source === undefined) return "";
    onPart?.(name as string);
    return source;
  };
}

/** Runs a classic script in the isolate's context. Throws what the script throws, or a timeout error after `timeoutMs`. */
export async function runScript(
  context: Context,
  code: string,
  { filename, timeoutMs }: { readonly filename: string; readonly timeoutMs?: number },
): Promise<void> {
  // One thread hop for compiling and running; the script's own value, whatever it is, stays inside.
  await context.eval(`${code}\n;void 0;`, { filename, ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) });
}

/**
 * Compiles what a bundle imports, before the bundle runs in the isolate. Throws what the compiler throws, or a timeout error after `timeoutMs`.
 * The bytes are copied into the isolate and belong to it.
 */
export async function loadWasm(
  context: Context,
  modules: readonly WasmModule[],
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<void> {
  if (modules.length === 0) return;
  const digests = JSON.stringify(modules.map(({ digest }) => digest));
  await context.evalClosure(
    "__selvageLoadWasm(...arguments)",
    [digests, ...modules.map(({ bytes }) => transferable(bytes))],
    { timeout: timeoutMs },
  );
}

/** Connects an isolate that holds the author's module. Returns the guest's entry; `send` gets what the guest says. */
export async function connectIsolate(
  prepared: PreparedIsolate,
  version: RunnableVersion,
  wires: {
    readonly environment: RuntimeEnvironment;
    readonly send: (batch: string, ...buffers: ArrayBuffer[]) => void;
    readonly compute: (request: unknown, buffers: readonly unknown[]) => string;
    /** Does what the guest waits for, at its expense. */
    readonly measured: <T>(work: () => T) => T;
  },
): Promise<GuestEntry> {
  const { boot } = prepared;
  try {
    const facts = JSON.stringify({
      functionName: version.function,
      version: version.version,
      wallMs: version.limits.wallMs,
      fetchWallMs: version.limits.fetchWallMs,
      eventWallMs: version.limits.eventWallMs,
      initializerWallMs: version.limits.initializerWallMs,
      memoryMiB: version.limits.memoryMiB,
      event: version.event,
      isRestored: version.snapshot !== null,
      isInitialized: version.snapshot !== null && version.isInitialized === true,
      bufferedBodyMiB: version.limits.bufferedBodyMiB,
      environment: version.environment,
      services: Object.keys(version.services),
    });
    const { environment, compute, measured } = wires;
    const receive: unknown = await boot.apply(
      undefined,
      [
        facts,
        new ivm.Callback(wires.send, { ignored: true }),
        new ivm.Callback((lengthBytes: number) => measured(() => environment.randomBytes(boundedLength(lengthBytes)))),
        new ivm.Callback((domain: string) => measured(() => environment.domainToAscii(boundedText(domain)))),
        new ivm.Callback((request: unknown, ...buffers: readonly unknown[]) => compute(request, buffers)),
      ],
      { result: { reference: true }, timeout: 1_000 },
    );
    return receive as GuestEntry;
  } finally {
    boot.release();
  }
}

/** Disposes an isolate that may be gone already. */
export function disposeQuietly(isolate: Isolate): void {
  if (isolate.isDisposed) return;
  try {
    isolate.dispose();
  } catch {
    // It ended between the two lines.
  }
}

/** Guests are not bound by types. */
function boundedText(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 1_024) : "";
}

function boundedLength(lengthBytes: unknown): number {
  if (typeof lengthBytes !== "number" || !(lengthBytes >= 0) || lengthBytes > 65_536) return 0;
  return Math.trunc(lengthBytes);
}
