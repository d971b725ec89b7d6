/**
 * Part: event functions. Makes two hooks of an exported handler: `event`, which is called with the event as the request's body, and `fetch`, which
 * gives it an API gateway's event and takes that gateway's answer from it.
 *
 * The initializer runs with the first call of an instance, whoever makes it; calls that come meanwhile wait for it. One that failed runs again with the
 * next call, as a new instance would on the system being implemented.
 */
import { eventCodes } from "../../../../sdk/event-answer.ts";
import { hostPort } from "../../host-port.ts";
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

export interface EventHooks {
  event(request: Request, environment: unknown, context: FetchContext): Promise<Response>;
  fetch(request: Request, environment: unknown, context: FetchContext): Promise<Response>;
}

interface FetchContext extends HookContext {
  readonly clientIp: string;
}

const promiseRace = Promise.race.bind(Promise);

export function eventHooks(exports: EventExports): EventHooks {
  const instance = new EventInstance(exports);
  return {
    async event(request, _environment, hook) {
      const body = await request.text();
      const event = parseEvent(body);
      if (!event.ok) return failureAnswer(event.failure);
      const alias = request.headers.get(aliasHeader) ?? "";
      const completion = await instance.call(event.value, new EventContext(exports, { hook, alias }));
      return completion.kind === "result" ? answerOf(completion.value) : failureAnswer(completion.failure);
    },
    async fetch(request, _environment, hook) {
      const { functionName } = exports;
      const { requestId, clientIp } = hook;
      const event = await gatewayEvent(request, { requestId, functionName, clientIp });
      const completion = await instance.call(event, new EventContext(exports, { hook, alias: "" }));
      if (completion.kind === "result") return gatewayAnswer(completion.value);
      throw asError(completion.failure);
    },
  };
}

/** Which alias an event was sent to: said by the platform, in a header that no caller can set. */
const aliasHeader = "x-cff-alias";

class EventInstance {
  readonly #exports: EventExports;
  #initializing: Promise<EventFailure | null> | null = null;

  constructor(exports: EventExports) {
    this.#exports = exports;
  }

  async call(event: unknown, context: EventContext): Promise<Completion> {
    const { entry, handler, file, areParametersChecked, initializer } = this.#exports;
    const exported = usable(entry, { name: handler, file, parameters: areParametersChecked ? [2, 3] : null });
    if (exported.kind === "failure") return exported;
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
    const { entry, file, areParametersChecked, initializerMs } = this.#exports;
    const exported = usable(entry, { name, file, parameters: areParametersChecked ? [2] : null });
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
