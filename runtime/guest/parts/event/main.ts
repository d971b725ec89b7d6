/**
 * Part: event functions. Makes two hooks of an exported handler: `event`, which is called with the event as the request's body, and `fetch`, which
 * gives it an API gateway's event and takes that gateway's answer from it.
 *
 * The initializer runs with the first call of an instance, whoever makes it; calls that come meanwhile wait for it. One that failed runs again with the
 * next call, as a new instance would on the system being implemented. After a start from a snapshot `restore` comes first; a snapshot that was taken
 * after the initializer ran has it behind it.
 */
import { eventCodes, eventRequestHeaders } from "../../../../sdk/event-answer.ts";
import { exportOf, fileOf, type EventSettings } from "../../../../sdk/event-settings.ts";
import type { ModuleFacts } from "../../author-module.ts";
import { hostPort } from "../../host-port.ts";
import type { RestoreFailure, RestoreGate } from "../restore/main.ts";
import type { Request } from "../../web/fetch/request.ts";
import type { Response } from "../../web/fetch/response.ts";
import { gatewayAnswer, gatewayEvent } from "./apig.ts";
import { callExport, type Completion, type ExportedFunction } from "./call-export.ts";
import { EventContext, type HookContext, type InstanceDescription } from "./event-context.ts";
import { answerOf, failureAnswer, thrownParts, type EventFailure } from "./result-text.ts";

export interface EventExports extends InstanceDescription {
  /** The author's module. */
  readonly entry: Readonly<Record<string, unknown>>;
  readonly file: string;
  readonly handler: string;
  readonly initializer: string | null;
  readonly initializerMs: number;
  readonly areParametersChecked: boolean;
}

export { startInitializer } from "./initialize.ts";

export interface EventHooks {
  event(request: Request, environment: unknown, context: FetchContext): Promise<Response>;
  fetch(request: Request, environment: unknown, context: FetchContext): Promise<Response>;
}

interface FetchContext extends HookContext {
  readonly clientIp: string;
}

const promiseRace = Promise.race.bind(Promise);

/** The settings of the event part; its exports are looked up when they are called. */
export function eventExports(entry: EventExports["entry"], event: EventSettings, facts: ModuleFacts): EventExports {
  const { initializer } = event;
  return {
    functionName: facts.functionName,
    version: facts.version,
    memoryMiB: facts.memoryMiB,
    timeoutMs: facts.eventWallMs,
    environment: facts.environment,
    entry,
    file: fileOf(event.handler),
    handler: exportOf(event.handler),
    initializer: initializer === null || facts.isInitialized ? null : exportOf(initializer),
    initializerMs: facts.initializerWallMs,
    areParametersChecked: event.parameters === "strict",
  };
}

/** Runs the initializer where there is no host: null, or why the instance is not initialized. Resolves in microtasks, or never. */
export async function initializeOnce(exports: EventExports, name: string): Promise<string | null> {
  const exported = usable(exports.entry, { name, file: exports.file, parameters: initializerParameters(exports) });
  if (exported.kind === "failure") return exported.failure.message;
  const context = new EventContext(exports, { hook: hostless, alias: "" });
  const completion = await callExport(exported.exported, {
    self: exports.entry,
    values: [context],
    thrown: thrownByInitializer,
  });
  return completion.kind === "failure" ? asInitialization(completion.failure).message : null;
}

/** Calls the export that is to run after a start from a snapshot, as an initializer is called. Rejects when it fails. */
export async function callRestore(exports: EventExports, restore: ExportedFunction, hook: unknown): Promise<void> {
  const context = new EventContext(exports, { hook: hook as HookContext, alias: "" });
  const completion = await callExport(restore, {
    self: exports.entry,
    values: [context],
    thrown: { code: eventCodes.initialization, prefix: "" },
  });
  if (completion.kind === "failure") throw asError(completion.failure);
}

const nothing = (): void => {};
/** A snapshot is no request's, and must not keep lines for every instance made from it. */
const hostless: HookContext = {
  requestId: "",
  logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  getRemainingTimeInMilliSeconds: () => 0,
};

export function eventHooks(exports: EventExports, gate: RestoreGate | null): EventHooks {
  const instance = new EventInstance(exports, gate);
  return {
    async event(request, _environment, hook) {
      const body = await request.text();
      const event = parseEvent(body);
      if (!event.ok) return failureAnswer(event.failure);
      const alias = request.headers.get(eventRequestHeaders.alias) ?? "";
      const completion = await instance.call(event.value, {
        context: new EventContext(exports, { hook, alias }),
        hook,
      });
      return completion.kind === "result" ? answerOf(completion.value) : failureAnswer(completion.failure);
    },
    async fetch(request, _environment, hook) {
      const { functionName } = exports;
      const { requestId, clientIp } = hook;
      const event = await gatewayEvent(request, { requestId, functionName, clientIp });
      const completion = await instance.call(event, { context: new EventContext(exports, { hook, alias: "" }), hook });
      if (completion.kind === "result") return gatewayAnswer(completion.value);
      throw asError(completion.failure);
    },
  };
}

class EventInstance {
  readonly #exports: EventExports;
  #initializing: Promise<EventFailure | null> | null = null;

  readonly #gate: RestoreGate | null;

  constructor(exports: EventExports, gate: RestoreGate | null) {
    this.#exports = exports;
    this.#gate = gate;
  }

  async call(
    event: unknown,
    { context, hook }: { readonly context: EventContext; readonly hook: HookContext },
  ): Promise<Completion> {
    const { entry, handler, file, areParametersChecked, initializer } = this.#exports;
    const exported = usable(entry, { name: handler, file, parameters: areParametersChecked ? [2, 3] : null });
    if (exported.kind === "failure") return exported;
    const restored = (await this.#gate?.pass(hook)) ?? null;
    if (restored !== null) return { kind: "failure", failure: notRestored(restored) };
    if (initializer !== null) {
      this.#initializing ??= this.#initialize(initializer, context);
      const failure = await this.#initializing;
      if (failure !== null) {
        this.#initializing = null;
        return { kind: "failure", failure };
      }
    }
    return callExport(exported.exported, { self: entry, values: [event, context], thrown: thrownByHandler });
  }

  async #initialize(name: string, context: EventContext): Promise<EventFailure | null> {
    const { entry, file, initializerMs } = this.#exports;
    const exported = usable(entry, { name, file, parameters: initializerParameters(this.#exports) });
    if (exported.kind === "failure") return asInitialization(exported.failure);
    let timer = 0;
    const late = new Promise<"late">((resolve) => {
      timer = hostPort().startTimer(initializerMs, () => {
        resolve("late");
      });
    });
    const values = [context];
    const completion = await promiseRace([
      late,
      callExport(exported.exported, { self: entry, values, thrown: thrownByInitializer }),
    ]);
    hostPort().clearTimer(timer);
    if (completion === "late") {
      const message = `function initialization timed out after ${initializerMs} ms`;
      return { code: eventCodes.initializerTimeout, message, type: "FunctionInitializationTimeout", stack: null };
    }
    return completion.kind === "failure" ? asInitialization(completion.failure) : null;
  }
}

const thrownByHandler = { code: eventCodes.invocation, prefix: "function invocation exception, error: " };
const initialization = "function initialization exception, error: ";
const thrownByInitializer = { code: eventCodes.initialization, prefix: initialization };

function initializerParameters({ areParametersChecked }: EventExports): readonly number[] | null {
  return areParametersChecked ? [2] : null;
}

/** What failed in a start from a snapshot failed in the initialization. */
function notRestored(failed: RestoreFailure): EventFailure {
  if (failed.kind === "late") {
    const message = `function restore timed out after ${failed.afterMs} ms`;
    return { code: eventCodes.initializerTimeout, message, type: "FunctionInitializationTimeout", stack: null };
  }
  const { message, type, stack } = thrownParts(failed.error);
  return { code: eventCodes.initialization, message: `${initialization}${message}`, type, stack };
}

/** Whatever went wrong in an initializer is its failure. */
function asInitialization(failure: EventFailure): EventFailure {
  const { message } = failure;
  const entryPrefix = "function entry exception, error: ";
  const inner = message.startsWith(entryPrefix) ? message.slice(entryPrefix.length) : message;
  const shown = message.startsWith(initialization) ? message : `${initialization}${inner}`;
  return { ...failure, code: eventCodes.initialization, message: shown };
}

type Usable =
  | { readonly kind: "export"; readonly exported: ExportedFunction }
  | { readonly kind: "failure"; readonly failure: EventFailure };

function usable(
  entry: Readonly<Record<string, unknown>>,
  {
    name,
    file,
    parameters,
  }: { readonly name: string; readonly file: string; readonly parameters: readonly number[] | null },
): Usable {
  const exported: unknown = entry[name];
  if (typeof exported !== "function") {
    return entryFailure(`handler '${name}' not found in module './${file}.js'`, "FunctionConfigError");
  }
  const { length } = exported;
  if (parameters !== null && !parameters.includes(length)) {
    const wanted = parameters.join(" or ");
    return entryFailure(`handler expect to have ${wanted} parameters, but received ${length}`, "FunctionLoadError");
  }
  return { kind: "export", exported: exported as ExportedFunction };
}

function entryFailure(text: string, type: string): Usable {
  const message = `function entry exception, error: ${text}`;
  return { kind: "failure", failure: { code: eventCodes.entry, message, type, stack: null } };
}

function parseEvent(
  body: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: EventFailure } {
  try {
    return { ok: true, value: body === "" ? {} : (JSON.parse(body) as unknown) };
  } catch (error) {
    const { message, type } = thrownParts(error);
    const shown = `function invocation exception, error: the event is not JSON: ${message}`;
    return { ok: false, failure: { code: eventCodes.invocation, message: shown, type, stack: null } };
  }
}

/** For hooks whose failures the platform reports: with the author's own stack. */
function asError({ message, type, stack }: EventFailure): Error {
  const error = new Error(message);
  error.name = type;
  if (stack !== null) Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  return error;
}
