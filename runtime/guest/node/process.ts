/**
 * `node:process`: the environment (read only), nextTick, and what libraries ask to find out where they are.
 *
 * `version` and `versions` are empty, as in bundles for browsers: code that asks takes the path it has for other runtimes than Node.
 * There is no process to end, signal or listen to, so none of that exists.
 */
import { nodeError, refusing, requireFunction } from "./node-error.ts";

type Task = (...values: unknown[]) => unknown;

/** The global that has nothing else. */
const { env } = Reflect.get(globalThis, "process") as { readonly env: Readonly<Record<string, string>> };
const argv: readonly string[] = [];
const execArgv: readonly string[] = [];
const platform = "linux";
const title = "selvage";
const version = "";
const versions: Readonly<Record<string, string>> = {};

/** Runs `task` before anything that the host sends, in turn with the reactions of promises. */
function nextTick(task: Task, ...values: unknown[]): void {
  requireFunction("callback", task);
  queueMicrotask(() => task(...values));
}

function cwd(): string {
  return "/";
}

/** Seconds since the instance started. */
function uptime(): number {
  return performance.now() / 1_000;
}

const NANOSECONDS = 1_000_000_000n;

function nanoseconds(): bigint {
  return BigInt(Math.round(performance.now() * 1_000_000));
}

/** [seconds, nanoseconds], since the instance started or since `before`. */
function hrtime(before?: readonly [number, number]): [number, number] {
  const since = before === undefined ? 0n : BigInt(before[0]) * NANOSECONDS + BigInt(before[1]);
  const passed = nanoseconds() - since;
  return [Number(passed / NANOSECONDS), Number(passed % NANOSECONDS)];
}
hrtime.bigint = nanoseconds;

function emitWarning(warning: string | Error, options?: string | { readonly type?: string }): void {
  const type = typeof options === "string" ? options : (options?.type ?? "Warning");
  console.warn(warning instanceof Error ? warning : `${type}: ${warning}`);
}

const exit: () => never = refusing("process.exit", "answer with a Response or throw");
const abort: () => never = refusing("process.abort", "answer with a Response or throw");

function chdir(): never {
  throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "Cannot use process.chdir in a function: there is no disk");
}

const exported: Readonly<Record<string, unknown>> = {
  abort,
  argv,
  chdir,
  cwd,
  emitWarning,
  env,
  execArgv,
  exit,
  hrtime,
  nextTick,
  platform,
  title,
  uptime,
  version,
  versions,
};
export {
  abort,
  argv,
  chdir,
  cwd,
  emitWarning,
  env,
  execArgv,
  exit,
  hrtime,
  nextTick,
  platform,
  title,
  uptime,
  version,
  versions,
};
export default exported;
