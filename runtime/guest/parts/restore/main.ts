/**
 * Part: `restore`. Keeps requests waiting until the author's `restore` has run, in an instance that was started from a snapshot.
 *
 * It runs with the first call, once; calls that come meanwhile wait. One that failed runs again with the next call, as an initializer does. Invariant:
 * no hook runs before it succeeded.
 */
import { hostPort } from "../../host-port.ts";
import { LoadFailure } from "../../load-failure.ts";

/** Why it did not succeed. */
export type RestoreFailure =
  { readonly kind: "threw"; readonly error: unknown } | { readonly kind: "late"; readonly afterMs: number };

/** `context`: what the call is told that it runs with. */
export type RunRestore = (context: unknown) => unknown;

const promiseThen = Promise.prototype.then;
const promiseResolve = Promise.resolve.bind(Promise);

export class RestoreGate {
  readonly #run: RunRestore;
  readonly #timeoutMs: number;
  #isOpen = false;
  #running: Promise<RestoreFailure | null> | null = null;

  constructor(run: RunRestore, timeoutMs: number) {
    this.#run = run;
    this.#timeoutMs = timeoutMs;
  }

  /** Null: nothing is to be waited for. Else resolves with null when the call may go on. Never rejects. */
  pass(context: unknown): Promise<RestoreFailure | null> | null {
    if (this.#isOpen) return null;
    return (this.#running ??= this.#restore(context));
  }

  async #restore(context: unknown): Promise<RestoreFailure | null> {
    const failure = await this.#attempt(context);
    if (failure === null) this.#isOpen = true;
    this.#running = null;
    return failure;
  }

  #attempt(context: unknown): Promise<RestoreFailure | null> {
    return new Promise((resolve) => {
      const port = hostPort();
      const timer = port.startTimer(this.#timeoutMs, () => {
        resolve({ kind: "late", afterMs: this.#timeoutMs });
      });
      const settle = (failure: RestoreFailure | null): void => {
        port.clearTimer(timer);
        resolve(failure);
      };
      const failed = (error: unknown): void => {
        settle({ kind: "threw", error });
      };
      try {
        void promiseThen.call(
          promiseResolve(this.#run(context)),
          () => {
            settle(null);
          },
          failed,
        );
      } catch (error) {
        failed(error);
      }
    });
  }
}

type HookFunction = (this: unknown, message: unknown, env: unknown, context: unknown) => unknown;

/** `module` with the hooks that `names` lists behind the gate; a failure is what they throw. */
export function behindGate(
  module: Readonly<Record<string, unknown>>,
  { gate, names }: { readonly gate: RestoreGate; readonly names: readonly string[] },
): Readonly<Record<string, unknown>> {
  const all = create(module) as Record<string, unknown>;
  for (const name of names) {
    const hook = module[name];
    if (typeof hook !== "function") continue;
    const call = hook as HookFunction;
    const value: HookFunction = (message, env, context) => {
      const waiting = gate.pass(context);
      if (waiting === null) return apply(call, module, [message, env, context]);
      return promiseThen.call(waiting, (failure: RestoreFailure | null) => {
        if (failure !== null) throw loadFailure(failure);
        return apply(call, module, [message, env, context]);
      });
    };
    defineProperty(all, name, { value });
  }
  return all;
}

const create = Object.create as (prototype: object | null) => object;
const { defineProperty } = Object;
const { apply } = Reflect;

function loadFailure(failure: RestoreFailure): LoadFailure {
  if (failure.kind === "late") return new LoadFailure(`The restore hook did not end within ${failure.afterMs} ms`, "");
  const { message, stack } = textsOf(failure.error);
  return new LoadFailure(`The restore hook failed: ${message}`, stack);
}

/** Whatever was thrown; what its author made of it may throw again. */
function textsOf(error: unknown): { readonly message: string; readonly stack: string } {
  try {
    if (!(error instanceof Error)) return { message: String(error), stack: "" };
    // The author may have put anything there.
    const { message, stack }: { readonly message: unknown; readonly stack?: unknown } = error;
    return { message: String(message), stack: typeof stack === "string" ? stack : "" };
  } catch {
    return { message: "an error that cannot be shown", stack: "" };
  }
}
