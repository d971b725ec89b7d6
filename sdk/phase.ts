/** The hooks a function may export and the phases of a request they belong to (spec: programmable CDN, "Phases"). */

/** A hook that a rule can bind; `fetch` answers instead of an origin (HTTP function). */
export type Phase = "clientRequest" | "originPull" | "originResponse" | "clientResponse" | "fetch";

/** A hook that is called: by a rule, or with an event (`event`, the handler of an event function). */
export type CalledHook = Phase | "event";

/** An export about the instance itself: `restore` runs once after a start from a snapshot, `heartbeat` again and again. */
export type InstanceHook = "restore" | "heartbeat";

/** Exports of an event function that are such hooks under other names; null: the export of the hook's own name, where there is one. */
export type NamedInstanceHooks = Readonly<Record<InstanceHook, string | null>>;

/** Every export of a function module that the platform calls. */
export type Hook = CalledHook | "scheduled" | "queue" | InstanceHook;

export const phases: readonly Phase[] = ["clientRequest", "originPull", "originResponse", "clientResponse", "fetch"];
export const calledHooks: readonly CalledHook[] = [...phases, "event"];
export const instanceHooks: readonly InstanceHook[] = ["restore", "heartbeat"];
export const hooks: readonly Hook[] = [...phases, "scheduled", "queue", "event", ...instanceHooks];

/** Whether the phase's input is a response (with the request beside it). */
export function isResponsePhase(phase: Hook): phase is "originResponse" | "clientResponse" {
  return phase === "originResponse" || phase === "clientResponse";
}

/** Whether the hook answers by itself: its input is a request and its result always a response. */
export function answersItself(hook: Hook): hook is "fetch" | "event" {
  return hook === "fetch" || hook === "event";
}
