/**
 * Runs an event function's initializer while a snapshot is made, so that instances start behind it.
 *
 * There is no host then: what asks for time, randomness, timers or the network throws, and the snapshot is not made; whoever starts from code runs the
 * initializer as always. Invariant: no secret is here, and reading one says so instead of giving nothing.
 */
import { exportOf, type EventSettings } from "../../../../sdk/event-settings.ts";
import type { ModuleFacts } from "../../author-module.ts";
import type { ProcessParts } from "../../web/process/process.ts";
import { eventExports, initializeOnce, type EventExports } from "./main.ts";

export interface InitializeFacts extends Omit<ModuleFacts, "event" | "isRestored" | "isInitialized"> {
  readonly event: EventSettings;
  /** Names of variables that have no value yet. */
  readonly withheld: readonly string[];
}

const { defineProperty } = Object;

/** Starts it; what it waits for has to come in microtasks. Resolves with null, or with why the instance is not initialized. */
export function startInitializer(
  entry: EventExports["entry"],
  { withheld, ...facts }: InitializeFacts,
  { fill, withhold }: Pick<ProcessParts, "fill" | "withhold">,
): Promise<string | null> {
  fill(facts.environment);
  withhold(withheld, refuseSecret);
  const environment = { ...facts.environment };
  for (const name of withheld) {
    defineProperty(environment, name, { get: () => refuseSecret(name), enumerable: true, configurable: true });
  }
  const settings = eventExports(entry, facts.event, { ...facts, environment, isRestored: false, isInitialized: false });
  return initializeOnce(settings, exportOf(facts.event.initializer ?? ""));
}

function refuseSecret(name: string): never {
  throw new Error(`${name} is or holds a secret, and a snapshot holds none: read it in restore`);
}
