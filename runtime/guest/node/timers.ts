/** `node:timers` over the globals: ids are numbers, as on the web. */
import { requireFunction } from "./node-error.ts";

type Task = (...values: unknown[]) => unknown;

/** Looked up when called: `node:async_hooks` puts others in their place. */
function setTimeout(task: Task, delayMs?: number, ...values: unknown[]): number {
  return globalThis.setTimeout(task, delayMs, ...values);
}

function setInterval(task: Task, delayMs?: number, ...values: unknown[]): number {
  return globalThis.setInterval(task, delayMs, ...values);
}

function clearTimeout(id?: number): void {
  globalThis.clearTimeout(id);
}

function clearInterval(id?: number): void {
  globalThis.clearInterval(id);
}

/** Runs `task` when the isolate has nothing else to do. */
function setImmediate(task: Task, ...values: unknown[]): number {
  requireFunction("callback", task);
  return globalThis.setTimeout(task, 0, ...values);
}

function clearImmediate(id?: number): void {
  globalThis.clearTimeout(id);
}

const exported: Readonly<Record<string, unknown>> = {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
};
export { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout };
export default exported;
