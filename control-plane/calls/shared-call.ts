/**
 * A call as it is stored in JetStream, and how it changes from one state to the next. Pure.
 *
 * All but the event and a sending's body is one small JSON text, which goes with every message of the call, so that whoever follows the stream knows
 * every call without reading bodies.
 */
import type { CallDestination, CallState, SentDestination } from "../../sdk/calls.ts";
import type { CallEnd, CallReturn, CallRow, LeasedCall, NewCall, NewSending, Sending } from "./call-queue.ts";

export interface SharedCall extends Pick<NewCall, "id" | "function" | "qualifier" | "depth" | "retries"> {
  /** Of the message it was accepted with; what it is listed by. 0 in that message itself. */
  readonly sequence: number;
  readonly onSuccess: CallDestination | null;
  readonly onFailure: CallDestination | null;
  readonly state: CallState;
  readonly acceptedAtMs: number;
  readonly expiresAtMs: number;
  readonly dueAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly attempts: number;
  readonly losses: number;
  readonly durationMs: number | null;
  readonly code: string;
  readonly message: string;
  readonly destination: SentDestination | null;
  /** The control plane that runs it, or sends what is to be sent about it; null: nobody. */
  readonly holder: string | null;
  /** Of the last lease, unique: tells one's own changes from those of others. */
  readonly lease: string;
  readonly sending: SharedSending | null;
}

/** What is to be sent about a call; its body is that of the message. */
export interface SharedSending extends Pick<NewSending, "condition" | "destination" | "depth"> {
  readonly attempts: number;
  readonly dueAtMs: number;
  /** The call of a function that it is about to become: decided, and not to be decided again. Its event is the body. */
  readonly call: Omit<NewCall, "event"> | null;
}

export interface Lease {
  readonly holder: string;
  readonly lease: string;
}

export function acceptedCall({ event: _event, maxAgeMs, ...call }: NewCall, nowMs: number): SharedCall {
  return {
    ...call,
    sequence: 0,
    state: "wait",
    acceptedAtMs: nowMs,
    expiresAtMs: nowMs + maxAgeMs,
    dueAtMs: nowMs,
    startedAtMs: null,
    endedAtMs: null,
    attempts: 0,
    losses: 0,
    durationMs: null,
    code: "",
    message: "",
    destination: null,
    holder: null,
    lease: "",
    sending: null,
  };
}

/** `startedAtMs`: null when it is leased to be ended only. */
export function leasedCall(
  call: SharedCall,
  { holder, lease, startedAtMs }: Lease & { readonly startedAtMs: number | null },
): SharedCall {
  return { ...call, state: "running", holder, lease, startedAtMs: startedAtMs ?? call.startedAtMs };
}

/** `isRoom`: whether what is to be sent may wait. */
export function endedCall(
  call: SharedCall,
  { end, nowMs, isRoom }: { readonly end: CallEnd; readonly nowMs: number; readonly isRoom: boolean },
): SharedCall {
  const { state, code, message, durationMs, sending } = end;
  const isSent = sending !== null && isRoom;
  return {
    ...call,
    state,
    code,
    message,
    endedAtMs: nowMs,
    attempts: call.attempts + (state === "discard" ? 0 : 1),
    durationMs: durationMs ?? call.durationMs,
    destination: sending === null ? null : toldOf(sending, isRoom ? "pending" : "failed", isRoom ? "" : tooMany),
    holder: null,
    sending: isSent ? sendingOf(sending, nowMs) : null,
  };
}

export function returnedCall(
  call: SharedCall,
  { back, nowMs }: { readonly back: CallReturn; readonly nowMs: number },
): SharedCall {
  const { kind, delayMs, code, message, durationMs } = back;
  return {
    ...call,
    state: "wait",
    code,
    message,
    dueAtMs: nowMs + delayMs,
    attempts: call.attempts + (kind === "failed" ? 1 : 0),
    losses: call.losses + (kind === "lost" ? 1 : 0),
    durationMs: durationMs ?? call.durationMs,
    holder: null,
  };
}

export function cancelledCall(call: SharedCall, nowMs: number): SharedCall {
  return { ...call, state: "cancel", endedAtMs: nowMs, holder: null };
}

/** Its holder is gone: that is neither an attempt nor a loss. It is nobody's own change. */
export function releasedCall(call: SharedCall): SharedCall {
  return { ...call, state: call.state === "running" ? "wait" : call.state, holder: null, lease: "" };
}

/** What is to be sent about it was sent, or is given up. */
export function toldCall(call: SharedCall, { state, message }: Pick<SentDestination, "state" | "message">): SharedCall {
  const destination = call.sending === null ? call.destination : toldOf(call.sending, state, message);
  return { ...call, destination, holder: null, sending: null };
}

/** What is to be sent about it is tried again later; `isHeld`: it was not tried. */
export function postponedCall(
  call: SharedCall,
  { dueAtMs, isHeld }: { readonly dueAtMs: number; readonly isHeld: boolean },
): SharedCall {
  const { sending } = call;
  if (sending === null) return call;
  return { ...call, holder: null, sending: { ...sending, dueAtMs, attempts: sending.attempts + (isHeld ? 0 : 1) } };
}

export function isOver({ endedAtMs }: SharedCall): boolean {
  return endedAtMs !== null;
}

export function toLeasedCall(call: SharedCall, event: string): LeasedCall {
  const { id, function: name, qualifier, depth, retries, attempts, losses, expiresAtMs, onSuccess, onFailure } = call;
  return { id, function: name, qualifier, depth, retries, attempts, losses, event, expiresAtMs, onSuccess, onFailure };
}

/** Null: there is nothing to send about it. */
export function toSending({ id, sequence, sending }: SharedCall, body: string): Sending | null {
  if (sending === null) return null;
  const { condition, destination, depth, attempts } = sending;
  return { callId: id, sequence, body, condition, destination, depth, attempts };
}

export function toCallRow(call: SharedCall): CallRow {
  const { id, function: name, qualifier, depth, state, acceptedAtMs, startedAtMs, endedAtMs } = call;
  const { dueAtMs, attempts, durationMs, code, message, destination } = call;
  const times = { acceptedAtMs, startedAtMs, endedAtMs, dueAtMs, durationMs };
  return { id, function: name, qualifier, depth, state, ...times, attempts, code, message, destination };
}

/** As the value of a header, which is ASCII without line ends. */
export function encodeCall(call: SharedCall): string {
  return JSON.stringify(call).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What `encodeCall` made a text of; `sequence` is that of the message, which counts where the text has none. */
export function decodeCall(text: string, sequence: number): SharedCall {
  // Only control planes write to these streams.
  const call = JSON.parse(text) as SharedCall;
  return call.sequence === 0 ? { ...call, sequence } : call;
}

const tooMany = "too many sendings were waiting";

function toldOf(
  { condition, destination }: Pick<NewSending, "condition" | "destination">,
  state: SentDestination["state"],
  message: string,
): SentDestination {
  return { condition, kind: destination.kind, state, message };
}

function sendingOf({ condition, destination, depth }: NewSending, nowMs: number): SharedSending {
  return { condition, destination, depth, attempts: 0, dueAtMs: nowMs, call: null };
}
