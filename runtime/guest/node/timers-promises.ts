/** `node:timers/promises`: the globals as promises that a signal ends early. `ref` means nothing here: a promise keeps no process alive. */
import { nodeError } from "./node-error.ts";

interface TimerOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

function setTimeout<T = void>(delayMs?: number, value?: T, options: TimerOptions = {}): Promise<T> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError(signal));
      return;
    }
    const onAbort = (): void => {
      globalThis.clearTimeout(id);
      if (signal !== undefined) reject(abortError(signal));
    };
    const id = globalThis.setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve(value as T);
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function setImmediate<T = void>(value?: T, options?: TimerOptions): Promise<T> {
  return setTimeout(0, value, options);
}

/** Yields `value` every `delayMs`, measured from the moment the last one was asked for. */
async function* setInterval<T = void>(delayMs?: number, value?: T, options?: TimerOptions): AsyncGenerator<T, void> {
  for (;;) yield await setTimeout(delayMs, value as T, options);
}

const scheduler: Readonly<Record<string, unknown>> = {
  wait: (delayMs: number, options?: TimerOptions) => setTimeout(delayMs, undefined, options),
  yield: () => setImmediate(),
};

function abortError(signal: AbortSignal): Error {
  const error = nodeError(Error, "ABORT_ERR", "The operation was aborted");
  error.name = "AbortError";
  error.cause = signal.reason;
  return error;
}

const exported: Readonly<Record<string, unknown>> = { scheduler, setImmediate, setInterval, setTimeout };
export { scheduler, setImmediate, setInterval, setTimeout };
export default exported;
