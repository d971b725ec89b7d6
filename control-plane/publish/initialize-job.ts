/**
 * What a builder is told to run an event function's initializer before it takes the snapshot. Pure.
 *
 * Invariant: no secret's value is in it; the guest refuses to read one by its name.
 */
import { runtimeVariables } from "../../sdk/runtime-variables.ts";
import type { InitializeJob } from "../builder/build-messages.ts";
import type { PublishPlan } from "./publish-plan.ts";

/** Whether the initializer runs in a snapshot of such a version: one was asked for outright, not for the bundle's size. */
export function runsInitializer({ event, snapshot }: Pick<PublishPlan, "event" | "snapshot">): boolean {
  return snapshot === true && event !== null && event.initializer !== null;
}

/** Null: the initializer does not run in the snapshot. */
export function initializeJob(
  plan: PublishPlan,
  {
    version,
    variables,
    secretNames,
  }: {
    readonly version: string;
    readonly variables: Readonly<Record<string, string>>;
    readonly secretNames: readonly string[];
  },
): InitializeJob | null {
  const { event, functionName, limits } = plan;
  if (!runsInitializer(plan)) return null;
  const preset = runtimeVariables({ event, function: functionName, limits, version }, variables);
  const facts = {
    functionName,
    version,
    eventWallMs: limits.eventWallMs,
    initializerWallMs: limits.initializerWallMs,
    memoryMiB: limits.memoryMiB,
    event,
    environment: { ...variables, ...preset },
    // All values together are a variable, too.
    withheld: secretNames.length === 0 ? [] : [...secretNames, "RUNTIME_USERDATA"],
  };
  return { facts: JSON.stringify(facts), timeoutMs: limits.initializerWallMs };
}

/** What a version says of a snapshot that was taken after the initializer ran. */
export const takenAfterInitializer = "taken after the initializer ran";
