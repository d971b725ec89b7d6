/**
 * `fetch` and the caches on their way out: one frame per subrequest, matched with the response or the refusal that comes back.
 * Counting and checking addresses is the host's; nothing here decides what may be reached.
 */
import { int, text, type FrameReader } from "../../bridge/frame.ts";
import { bodyOwner, fromGuest, redirectModes } from "../../bridge/protocol.ts";
import { writeTarget } from "../../bridge/subrequest-target.ts";
import type { IncomingResponse, OutgoingRequest } from "../host-port.ts";
import type { AbortSignal } from "../web/events/abort-signal.ts";
import { BridgeBody, describeBody, type HostBodies, type OutgoingStreams } from "./bodies.ts";
import type { Outbox } from "./outbox.ts";
import { headersRefusal, urlRefusal } from "./outgoing-sizes.ts";
import type { Sockets } from "./sockets.ts";

interface Waiting {
  readonly invocationId: number;
  readonly resolve: (response: IncomingResponse) => void;
  readonly reject: (reason: unknown) => void;
  readonly forget: () => void;
}

export class Subrequests {
  readonly #outbox: Outbox;
  readonly #hostBodies: HostBodies;
  readonly #streams: OutgoingStreams;
  readonly #sockets: Sockets;
  readonly #currentInvocation: () => number;
  readonly #takeId: () => number;
  readonly #keepAlive: (promise: Promise<unknown>) => void;
  readonly #waiting = new Map<number, Waiting>();

  constructor(wires: {
    outbox: Outbox;
    hostBodies: HostBodies;
    streams: OutgoingStreams;
    sockets: Sockets;
    currentInvocation: () => number;
    /** An id that no subrequest and no socket has. */
    takeId: () => number;
    /** Makes the current invocation last until the promise is settled. */
    keepAlive: (promise: Promise<unknown>) => void;
  }) {
    this.#outbox = wires.outbox;
    this.#hostBodies = wires.hostBodies;
    this.#streams = wires.streams;
    this.#sockets = wires.sockets;
    this.#currentInvocation = wires.currentInvocation;
    this.#takeId = wires.takeId;
    this.#keepAlive = wires.keepAlive;
  }

  fetch(request: OutgoingRequest, signal: AbortSignal | null): Promise<IncomingResponse> {
    const response = this.#start(request, signal);
    if (request.keepalive) this.#keepAlive(response);
    return response;
  }

  #start(request: OutgoingRequest, signal: AbortSignal | null): Promise<IncomingResponse> {
    return new Promise((resolve, reject) => {
      if (signal !== null && signal.aborted) {
        reject(signal.reason);
        return;
      }
      const refusal = urlRefusal(request.url) ?? headersRefusal(request.headers);
      if (refusal !== null) {
        reject(new TypeError(refusal));
        return;
      }
      const id = this.#takeId();
      const invocationId = this.#currentInvocation();
      const onAbort = (): void => {
        this.#abort(id, signal);
      };
      this.#waiting.set(id, {
        invocationId,
        resolve,
        reject,
        forget: () => {
          signal?.removeEventListener("abort", onAbort);
        },
      });
      signal?.addEventListener("abort", onAbort);
      this.#send(id, invocationId, request);
    });
  }

  onResponse(reader: FrameReader): void {
    const id = reader.int();
    const head = { status: reader.int(), statusText: reader.text(), headers: reader.text() };
    const announced = reader.int();
    const body =
      announced === 0
        ? null
        : new BridgeBody(this.#hostBodies, {
            owner: bodyOwner.subrequest,
            id,
            lengthBytes: announced === 1 ? undefined : announced - 2,
          });
    const waiting = this.#take(id);
    const socket = head.status === 101 ? this.#sockets.open(id, waiting?.invocationId ?? 0) : null;
    if (waiting === undefined) {
      body?.cancel();
      socket?.close(1001, "");
      return;
    }
    waiting.resolve({ ...head, body, url: reader.text(), redirected: reader.int() === 1, socket });
  }

  onNoResponse(reader: FrameReader): void {
    const waiting = this.#take(reader.int());
    waiting?.reject(new TypeError(reader.text()));
  }

  #send(id: number, invocationId: number, request: OutgoingRequest): void {
    const described = describeBody(request.body, this.#streams);
    const payload =
      int(id) +
      int(invocationId) +
      writeTarget(request.target) +
      text(request.method) +
      text(request.url) +
      text(request.headers) +
      int(redirectModes.indexOf(request.redirect)) +
      described.payload;
    if (described.buffer === null) this.#outbox.write(fromGuest.subrequest, payload);
    else this.#outbox.writeWithBuffers(fromGuest.subrequest, payload, [described.buffer]);
  }

  #abort(id: number, signal: AbortSignal | null): void {
    const waiting = this.#take(id);
    if (waiting === undefined) return;
    this.#outbox.write(fromGuest.abortSubrequest, int(id));
    waiting.reject(signal?.reason);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    waiting.forget();
    return waiting;
  }
}
