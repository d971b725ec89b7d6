/**
 * What the author's script left behind, as the bridge calls it: the default export's hooks, those made of an event function's exports, and what
 * belongs to the instance itself (`restore`, `heartbeat`).
 *
 * It runs nothing of the author's. Invariant: the author's own object is never changed.
 */
import { exportOf, type EventSettings } from "../../sdk/event-settings.ts";
import { hooks, instanceHooks, phases, type Hook, type InstanceHook } from "../../sdk/phase.ts";
import type { EventExports } from "./parts/event/main.ts";
import type { RestoreGate } from "./parts/restore/main.ts";
import { loadPart } from "./parts/load-part.ts";

type Exports = Readonly<Record<string, unknown>>;
type AuthorFunction = (this: unknown, ...values: readonly unknown[]) => unknown;

/** What the script assigned. */
export interface ScriptExports {
  readonly default?: unknown;
  readonly entry?: unknown;
}

/** What the host tells an instance about itself, as JSON. */
export interface ModuleFacts {
  readonly functionName: string;
  readonly version: string;
  readonly eventWallMs: number;
  readonly initializerWallMs: number;
  readonly memoryMiB: number;
  readonly event: EventSettings | null;
  readonly environment: Readonly<Record<string, string>>;
  /** It was started from a snapshot of the author's code. */
  readonly isRestored: boolean;
  /** That was taken after the initializer ran. */
  readonly isInitialized: boolean;
}

export interface AuthorHooks {
  readonly module: Exports;
  readonly heartbeat: (() => unknown) | null;
}

const create = Object.create as (prototype: object | null) => object;
const { defineProperty } = Object;
const { apply } = Reflect;

/** Names of exports of an event function; handler "": there is none. */
export interface NamedExports {
  readonly handler: string;
  /** Null: those of that name, where there are any. */
  readonly restore: string | null;
  readonly heartbeat: string | null;
}

/** Names of the hooks there are; null: there is neither a default export with hooks nor the handler. */
export function namedHooks(script: ScriptExports | undefined, names: NamedExports): readonly Hook[] | null {
  const { handler } = names;
  const module = defaultExport(script);
  const entry = namedExports(script);
  const isEvent = handler !== "" && typeof entry[handler] === "function";
  if (module === null && !isEvent) return null;
  const isThere = (hook: Hook): boolean => {
    if (hook === "event") return isEvent;
    if (hook === "fetch" && isEvent) return true;
    if (typeof module?.[hook] === "function") return true;
    return isEvent && isInstanceHook(hook) && typeof entry[names[hook] ?? hook] === "function";
  };
  return hooks.filter(isThere);
}

/** @throws TypeError when there is nothing to call. */
export function authorHooks(script: ScriptExports | undefined, facts: ModuleFacts, env: unknown): AuthorHooks {
  const module = defaultExport(script);
  const { event } = facts;
  const settings = event === null ? null : loadPart("event").eventExports(namedExports(script), event, facts);
  const gate = facts.isRestored
    ? restoreGate({ module, settings, event, env, timeoutMs: facts.initializerWallMs })
    : null;
  const all = withEventHooks(
    gate === null || module === null ? module : loadPart("restore").behindGate(module, { gate, names: phases }),
    {
      settings,
      gate,
    },
  );
  if (all === null) throw new TypeError("The module has no default export with hooks");
  const heartbeat = instanceHook("heartbeat", { module, settings, named: event?.heartbeat ?? null });
  return {
    module: all,
    heartbeat: heartbeat === null ? null : () => apply(heartbeat.call, heartbeat.self, [env]),
  };
}

export function namedExports(script: ScriptExports | undefined): Exports {
  const entry = script?.entry;
  return (typeof entry === "object" && entry !== null ? entry : {}) as Exports;
}

function defaultExport(script: ScriptExports | undefined): Exports | null {
  const exported = script?.default;
  if (exported === null || (typeof exported !== "object" && typeof exported !== "function")) return null;
  return exported as Exports;
}

/** The module's hooks and, in front of them, those of its event function. */
function withEventHooks(
  module: Exports | null,
  { settings, gate }: { readonly settings: EventExports | null; readonly gate: RestoreGate | null },
): Exports | null {
  if (settings === null) return module;
  const made = loadPart("event").eventHooks(settings, gate);
  const all = create(module) as Record<string, unknown>;
  defineProperty(all, "event", { value: made.event });
  if (typeof module?.["fetch"] !== "function") defineProperty(all, "fetch", { value: made.fetch });
  return all;
}

interface FoundHook {
  readonly call: AuthorFunction;
  readonly self: unknown;
  readonly isExport: boolean;
}

/** The default export's own, else the event function's export of that name, or the one that its settings name. */
function instanceHook(
  name: InstanceHook,
  {
    module,
    settings,
    named,
  }: { readonly module: Exports | null; readonly settings: EventExports | null; readonly named: string | null },
): FoundHook | null {
  const own = module?.[name];
  if (named === null && typeof own === "function")
    return { call: own as AuthorFunction, self: module, isExport: false };
  const exported = settings?.entry[named === null ? name : exportOf(named)];
  if (typeof exported !== "function") return null;
  return { call: exported as AuthorFunction, self: settings?.entry, isExport: true };
}

function restoreGate({
  module,
  settings,
  event,
  env,
  timeoutMs,
}: {
  readonly module: Exports | null;
  readonly settings: EventExports | null;
  readonly event: EventSettings | null;
  readonly env: unknown;
  readonly timeoutMs: number;
}): RestoreGate | null {
  const found = instanceHook("restore", { module, settings, named: event?.restore ?? null });
  if (found === null) return null;
  const { call, self, isExport } = found;
  const run =
    isExport && settings !== null
      ? (hook: unknown) => loadPart("event").callRestore(settings, call, hook)
      : () => apply(call, self, [env]);
  return new (loadPart("restore").RestoreGate)(run, timeoutMs);
}

function isInstanceHook(hook: Hook): hook is InstanceHook {
  return instanceHooks.some((known) => known === hook);
}
