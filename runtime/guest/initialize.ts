/**
 * Runs an event function's initializer while a snapshot is made, so that instances start behind it.
 *
 * There is no host then: what asks for time, randomness, timers or the network throws, and the snapshot is not made; whoever starts from code runs the
 * initializer as always. Invariant: no secret is here, and reading one says so instead of giving nothing.
 */
import type { EventSettings } from "../../sdk/event-settings.ts";
import { exportOf } from "../../sdk/event-settings.ts";
import { eventExports, namedExports, type ModuleFacts, type ScriptExports } from "./author-module.ts";
import type { ProcessParts } from "./web/process/process.ts";
import { loadPart } from "./parts/load-part.ts";

export interface InitializeFacts extends Omit<ModuleFacts, "event" | "isRestored" | "isInitialized"> {
  readonly event: EventSettings;
  /** Names of variables that have no value yet. */
  readonly withheld: readonly string[];
}

export interface Initializer {
  /** Starts it; `facts` is JSON. What it waits for has to come in microtasks. */
  readonly initialize: (facts: string) => void;
  /** "" when it ended well, else why it did not. */
  readonly outcome: () => string;
}

const parseJson = JSON.parse;
const { defineProperty } = Object;
const promiseThen = Promise.prototype.then;

export function initializer({
  exported,
  fill,
  withhold,
}: { readonly exported: () => ScriptExports | undefined } & Pick<ProcessParts, "fill" | "withhold">): Initializer {
  let outcome = "the initializer was not run";
  return {
    initialize(text) {
      const { withheld, ...facts } = parseJson(text) as InitializeFacts;
      outcome = "the initializer waits for something that never comes while a snapshot is made";
      fill(facts.environment);
      withhold(withheld, refuseSecret);
      const environment = { ...facts.environment };
      for (const name of withheld) {
        defineProperty(environment, name, { get: () => refuseSecret(name), enumerable: true, configurable: true });
      }
      const named = { ...facts, environment, isRestored: false, isInitialized: false };
      const settings = eventExports(namedExports(exported()), facts.event, named);
      const running = loadPart("event").initializeOnce(settings, exportOf(facts.event.initializer ?? ""));
      void promiseThen.call(running, (failure: string | null) => {
        outcome = failure ?? "";
      });
    },
    outcome: () => outcome,
  };
}

function refuseSecret(name: string): never {
  throw new Error(`${name} is or holds a secret, and a snapshot holds none: read it in restore`);
}
