/**
 * How long invocations of one instance go on once they were answered (`waitUntil`, an answer's stream, WebSockets), and which are over for that.
 *
 * An answer's body may go on as long as somebody reads it, and a socket as long as both ends hold it: the time counts from the answer, or from the end
 * of the last of them. It says which are to be abandoned and abandons none. Invariant: each answered invocation ends, or somebody outside holds it.
 */
import { waitUntilLimits, type FunctionLimits } from "../../sdk/limits.ts";
import { FrameError, FrameReader } from "../bridge/frame.ts";
import { readBodyDescriptor } from "../bridge/outcome-frame.ts";
import { fromGuest, outcomeKind, toGuest } from "../bridge/protocol.ts";
import type { ActiveInvocation } from "./instance-parts.ts";

export class AfterAnswer {
  readonly allowedMs: number;
  readonly #nowMs: () => number;
  /** By the number of the stream that is the answer's body, as the guest says; the front says whether anybody reads it. */
  readonly #streaming = new Map<number, { readonly invocation: ActiveInvocation; isRead: boolean }>();

  constructor({ wallMs }: Pick<FunctionLimits, "wallMs">, nowMs: () => number) {
    this.allowedMs = Math.max(wallMs, waitUntilLimits.msMin);
    this.#nowMs = nowMs;
  }

  /** The reader stands behind the outcome's kind; what follows is untrusted. */
  answered(invocation: ActiveInvocation, kind: number, reader: FrameReader): void {
    this.restart(invocation);
    const streamId = streamOf(kind, reader);
    if (streamId === null) return;
    const other = this.#streaming.get(streamId)?.invocation;
    if (other !== undefined) this.#forgetStream(other);
    invocation.streamId = streamId;
    this.#streaming.set(streamId, { invocation, isRead: false });
  }

  /** The time of an answered one counts from now on. */
  restart(invocation: ActiveInvocation): void {
    invocation.deadlineMs = this.#nowMs() + this.allowedMs;
  }

  /** A frame of the front to the guest: `credit` of a stream that is read, or `stop` of one that nobody wants. */
  delivered(raw: string, kind: string): void {
    if (this.#streaming.size === 0 || (kind !== toGuest.credit && kind !== toGuest.stop)) return;
    const reader = new FrameReader(raw);
    reader.next();
    const id = reader.int();
    const stream = this.#streaming.get(id);
    if (kind === toGuest.stop) this.#streamEnded(id);
    else if (stream !== undefined) stream.isRead = true;
  }

  /** A frame of the guest, whose reader stands at its beginning: nothing more comes of a stream. */
  said(reader: FrameReader): void {
    if (reader.kind === fromGuest.end || reader.kind === fromGuest.fail) this.#streamEnded(reader.int());
  }

  ended(invocation: ActiveInvocation): void {
    this.#forgetStream(invocation);
  }

  /** `holdsSocket` is asked of those whose time has passed. */
  isOver(invocation: ActiveInvocation, nowMs: number, holdsSocket: (id: number) => boolean): boolean {
    const { id, deadlineMs, streamId } = invocation;
    if (nowMs <= deadlineMs || (streamId !== null && this.#streaming.get(streamId)?.isRead === true)) return false;
    return !holdsSocket(id);
  }

  /** It may be none of an answer. */
  #streamEnded(streamId: number): void {
    const invocation = this.#streaming.get(streamId)?.invocation;
    if (invocation === undefined) return;
    this.#forgetStream(invocation);
    this.restart(invocation);
  }

  #forgetStream(invocation: ActiveInvocation): void {
    const { streamId } = invocation;
    if (streamId === null) return;
    invocation.streamId = null;
    this.#streaming.delete(streamId);
  }
}

/** Null also for what the front will refuse. */
function streamOf(kind: number, reader: FrameReader): number | null {
  try {
    if (kind === outcomeKind.response) skip(reader, ["int", "text"]);
    else if (kind === outcomeKind.request) skip(reader, ["text", "text", "text"]);
    else return null;
    const body = readBodyDescriptor(reader);
    return body.kind === "stream" ? body.id : null;
  } catch (error) {
    if (error instanceof FrameError) return null;
    throw error;
  }
}

function skip(reader: FrameReader, fields: readonly ("int" | "text")[]): void {
  for (const field of fields) reader[field]();
}
