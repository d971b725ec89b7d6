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

interface Waiting {
  readonly resolve: (response: IncomingResponse) => void;
  readonly reject: (reason: unknown) => void;
  readonly forget: () => void;
}

export class Subrequests {
  readonly #outbox: Outbox;
  readonly #hostBodies: HostBodies;
  readonly #streams: OutgoingStreams;
  readonly #currentInvocation: () => number;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(wires: {
    outbox: Outbox;
    hostBodies: HostBodies;
    streams: OutgoingStreams;
    currentInvocation: () => number;
  }) {
    this.#outbox = wires.outbox;
    this.#hostBodies = wires.hostBodies;
    this.#streams = wires.streams;
    this.#currentInvocation = wires.currentInvocation;
  }

  fetch(request: OutgoingRequest, signal: AbortSignal | null): Promise<IncomingResponse> {
    return new Promise((resolve, reject) => {
      if (signal !== null && signal.aborted) {
        reject(signal.reason);
        return;
      }
      const id = this.#nextId++;
      const onAbort = (): void => {
        this.#abort(id, signal);
      };
      this.#waiting.set(id, {
        resolve,
        reject,
        forget: () => {
          signal?.removeEventListener("abort", onAbort);
        },
      });
      signal?.addEventListener("abort", onAbort);
      this.#send(id, request);
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
    if (waiting === undefined) {
      body?.cancel();
      return;
    }
    waiting.resolve({ ...head, body, url: reader.text(), redirected: reader.int() === 1 });
  }

  onNoResponse(reader: FrameReader): void {
    const waiting = this.#take(reader.int());
    waiting?.reject(new TypeError(reader.text()));
  }

  #send(id: number, request: OutgoingRequest): void {
    const described = describeBody(request.body, this.#streams, null);
    const payload =
      int(id) +
      int(this.#currentInvocation()) +
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
