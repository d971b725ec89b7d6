/** Short words for calls and rooms in tests of the queue. */
import type { CallEnd, LeaseRoom, NewCall, NewSending } from "../../../control-plane/calls/call-queue.ts";

export function newCall(id: string, changes: Partial<NewCall> = {}): NewCall {
  return {
    id,
    function: "f",
    qualifier: "latest",
    event: `{"id":"${id}"}`,
    depth: 0,
    retries: 1,
    maxAgeMs: 60_000,
    onSuccess: null,
    onFailure: null,
    ...changes,
  };
}

/** Room for so many of each function. */
export function roomFor(count: number): LeaseRoom {
  const taken = new Map<string, number>();
  return {
    of: (name) => count - (taken.get(name) ?? 0),
    take: (name, more) => taken.set(name, (taken.get(name) ?? 0) + more),
  };
}

export const endless: LeaseRoom = { of: () => Number.MAX_SAFE_INTEGER, take: () => {} };

export function ended(state: CallEnd["state"], sending: NewSending | null = null): CallEnd {
  return { state, code: "", message: "", durationMs: 5, sending };
}

export function sendingTo(destination: NewSending["destination"], body = "{}"): NewSending {
  return { condition: "success", destination, body, depth: 0 };
}
