/** The hooks a function may export and the phases of a request they belong to (spec: programmable CDN, "Phases"). */

/** A hook that a rule can bind; `fetch` answers instead of an origin (HTTP function). */
export type Phase = "clientRequest" | "originPull" | "originResponse" | "clientResponse" | "fetch";

/** Every export of a function module that the platform calls. */
export type Hook = Phase | "scheduled" | "queue";

export const phases: readonly Phase[] = ["clientRequest", "originPull", "originResponse", "clientResponse", "fetch"];
export const hooks: readonly Hook[] = [...phases, "scheduled", "queue"];

/** Whether the phase's input is a response (with the request beside it). */
export function isResponsePhase(phase: Hook): phase is "originResponse" | "clientResponse" {
  return phase === "originResponse" || phase === "clientResponse";
}
