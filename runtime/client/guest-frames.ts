/**
 * Reads what guests say and does it: settles outcomes, feeds bodies, performs subrequests, collects stream chunks, hands on logs.
 *
 * Guests are hostile: every id is looked up among what that instance owns, every bound is counted here, and what does not fit is answered
 * with a refusal or ignored.
 */
import { messageLimits } from "../../sdk/limits.ts";
import type { Body } from "../body.ts";
import { FrameError, FrameReader, frame, frameIntMax, int, text } from "../bridge/frame.ts";
import { ownerOf, readBodyDescriptor, type BodyDescriptor, type ReadOutcome } from "../bridge/outcome-frame.ts";
import { bodyOwner, fromGuest, logLevels, toEngine, toGuest, type BodyOwner } from "../bridge/protocol.ts";
import type { Outcome, OutcomeBody, SubrequestResponse } from "../driver.ts";
import { letGo } from "../let-go.ts";
import type { IdTable } from "../id-table.ts";
import type { Link, Sendable } from "../link.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import { settleWhenBegun, unbegunStream } from "./begun-stream.ts";
import { BodySource } from "./body-source.ts";
import { GuestStream } from "./guest-stream.ts";
import { bodyConsumed, readOutcomeSafely, socketRefused } from "./guest-outcome.ts";
import { InstanceSide, type OpenSubrequest } from "./instance-side.ts";
import { endSockets, GuestSockets } from "./guest-sockets.ts";
import type { PendingInvocation } from "./pending-invocation.ts";
import {
  asksForSocket,
  readSubrequest,
  resolveTarget,
  subrequestMessage,
  subrequestRefusal,
} from "./subrequest-reader.ts";

export class GuestFrames {
  readonly #link: Link;
  readonly #pending: IdTable<PendingInvocation>;
  readonly #instances = new Map<number, InstanceSide>();
  readonly #sockets: GuestSockets;
  readonly #environment: Pick<RuntimeEnvironment, "nowMs" | "startTimer">;

  constructor(
    link: Link,
    {
      pending,
      environment,
    }: {
      readonly pending: IdTable<PendingInvocation>;
      readonly environment: Pick<RuntimeEnvironment, "nowMs" | "startTimer">;
    },
  ) {
    this.#link = link;
    this.#environment = environment;
    this.#pending = pending;
    this.#sockets = new GuestSockets((side, raw, buffers) => {
      this.#say(side, raw, buffers);
    });
  }

  /** Instances that spoke and are not gone. */
  get instances(): number {
    return this.#instances.size;
  }

  /** One batch of an instance's frames. */
  read(instanceNumber: number, batch: string, buffers: readonly Uint8Array[]): void {
    const side = this.#side(instanceNumber);
    const reader = new FrameReader(batch);
    let used = 0;
    while (reader.next()) {
      const own = reader.buffers === 0 ? noBuffers : buffers.slice(used, used + reader.buffers);
      used += reader.buffers;
      try {
        this.#handle(side, reader, own);
      } catch (error) {
        // The engine saw that the frame is one; what is in it only this side reads. A hostile guest must not end the front.
        if (!(error instanceof FrameError)) throw error;
      }
    }
  }

  instanceGone(instanceNumber: number): void {
    const side = this.#instances.get(instanceNumber);
    if (side === undefined) return;
    side.fail("The function's instance was stopped", CLOSE_FAILED);
    for (const id of side.answered) this.#pending.delete(id);
    this.#instances.delete(instanceNumber);
  }

  /** Nothing runs in the instance: subrequests nobody waits for are given back. */
  instanceIdle(instanceNumber: number): void {
    this.#instances.get(instanceNumber)?.releaseSubrequests();
  }

  /** `isGoingAway`: on purpose, so that the peers of sockets may try again elsewhere. */
  linkGone(message: string, { isGoingAway }: { readonly isGoingAway: boolean }): void {
    for (const side of this.#instances.values()) side.fail(message, isGoingAway ? CLOSE_GOING_AWAY : CLOSE_FAILED);
    this.#instances.clear();
  }

  #side(instanceNumber: number): InstanceSide {
    const known = this.#instances.get(instanceNumber);
    if (known !== undefined) return known;
    const side = new InstanceSide(instanceNumber);
    this.#instances.set(instanceNumber, side);
    return side;
  }

  #handle(side: InstanceSide, reader: FrameReader, buffers: readonly Uint8Array[]): void {
    switch (reader.kind) {
      case fromGuest.outcome:
        this.#onOutcome(side, reader, buffers);
        return;
      case fromGuest.ended:
        this.#end(side, reader.int());
        return;
      case fromGuest.socketMessage:
      case fromGuest.socketTaken:
      case fromGuest.socketClose:
        this.#sockets.read(side, reader, buffers);
        return;
      case fromGuest.log:
        this.#onLog(side, reader);
        return;
      case fromGuest.readBody:
        this.#onReadBody(side, ownerOf(reader.int()), reader.int());
        return;
      case fromGuest.cancelBody:
        this.#source(side, ownerOf(reader.int()), reader.int())?.cancel();
        return;
      case fromGuest.subrequest:
        this.#onSubrequest(side, reader, buffers);
        return;
      case fromGuest.abortSubrequest:
        side.subrequests.get(reader.int())?.abort.abort();
        return;
      case fromGuest.chunk:
        side.streams.get(reader.int())?.push(buffers[0] ?? emptyBytes);
        return;
      case fromGuest.end:
        this.#closeStream(side, reader.int(), null);
        return;
      case fromGuest.fail:
        this.#closeStream(side, reader.int(), reader.text().slice(0, 1024));
        return;
      default:
        return;
    }
  }

  #onOutcome(side: InstanceSide, reader: FrameReader, buffers: readonly Uint8Array[]): void {
    const id = reader.int();
    const ended = reader.int() === 1;
    const pending = this.#pending.get(id);
    if (pending === undefined || pending.giveUpBeginning !== null) return;
    const { isOverdue } = pending;
    const settle = isOverdue ? letGo : pending.settle;
    if (settle === null) return;
    pending.isOverdue = false;
    const read = readOutcomeSafely(reader);
    const outcome = this.#outcome({ side, pending, read, bytes: buffers[0] ?? emptyBytes, id });
    const stream = unbegunStream(outcome);
    const answer = (settled: Outcome): void => {
      pending.settle = null;
      settle(settled);
    };
    const { beginning: limit } = pending;
    if (stream === null || limit === null || isOverdue) answer(outcome);
    else {
      const environment = this.#environment;
      pending.giveUpBeginning = settleWhenBegun({ outcome, stream, limit, environment, settle: answer });
    }
    if (ended) this.#end(side, id);
    else side.answered.add(id);
  }

  /** Nothing of the invocation goes on; sockets it left open are closed. */
  #end(side: InstanceSide, id: number): void {
    side.answered.delete(id);
    const pending = this.#pending.get(id);
    // One without an outcome does not end: its caller waits.
    if (pending === undefined || (pending.settle !== null && pending.giveUpBeginning === null)) return;
    this.#pending.delete(id);
    side.lastEnded = { host: pending.host, logCharsLeft: pending.logCharsLeft };
    endSockets(pending, { code: CLOSE_FAILED, reason: "The function's invocation ended" });
  }

  #outcome(from: {
    readonly side: InstanceSide;
    readonly pending: PendingInvocation;
    readonly read: ReadOutcome;
    readonly bytes: Uint8Array;
    readonly id: number;
  }): Outcome {
    const { read } = from;
    if (read.kind === "continue") {
      const own = from.pending.inResponsePhase ? from.pending.response : from.pending.request;
      return own?.touched === true ? bodyConsumed : read;
    }
    if (read.kind === "failed") return read;
    if (read.kind === "upgrade") {
      const { side, pending, id } = from;
      const socket = pending.inResponsePhase ? null : this.#sockets.open(side, read.socketId, { id, pending });
      return socket === null ? socketRefused : { kind: "upgrade", headers: read.headers, socket };
    }
    const body = this.#outcomeBody(from.side, read.body, from);
    if (body === null) return bodyConsumed;
    if (read.kind === "request") {
      return { kind: "request", method: read.method, url: read.url, headers: read.headers, body };
    }
    return { kind: "response", status: read.status, headers: read.headers, body };
  }

  #outcomeBody(
    side: InstanceSide,
    descriptor: BodyDescriptor,
    from: { readonly pending: PendingInvocation; readonly bytes: Uint8Array; readonly id: number },
  ): OutcomeBody | null {
    if (descriptor.kind === "host" && descriptor.id === from.id && descriptor.owner === ownOwner(from.pending)) {
      const own = from.pending.inResponsePhase ? from.pending.response : from.pending.request;
      return own === null || own.take() !== null ? { kind: "same" } : null;
    }
    return this.#body(side, descriptor, from.bytes);
  }

  /** The body a descriptor stands for, or null when it was used already or belongs to another. */
  #body(side: InstanceSide, descriptor: BodyDescriptor, bytes: Uint8Array): Body | null {
    switch (descriptor.kind) {
      case "empty":
        return descriptor;
      case "text":
        return descriptor;
      case "bytes":
        return { kind: "bytes", bytes };
      case "stream":
        return {
          kind: "stream",
          chunks: this.#openStream(side, descriptor.id),
          lengthBytes: undefined,
          givesChunks: true,
        };
      case "host":
        return this.#handOn(side, descriptor.owner, descriptor.id);
    }
  }

  /** A body that its guest passes on unread belongs to whoever gets it: the instance's end or idleness does not touch it any more. */
  #handOn(side: InstanceSide, owner: BodyOwner, id: number): Body | null {
    const body = this.#source(side, owner, id)?.take() ?? null;
    if (body !== null && owner === bodyOwner.subrequest) side.subrequests.delete(id);
    return body;
  }

  #openStream(side: InstanceSide, id: number): GuestStream {
    const stream = new GuestStream({
      credit: (chunks) => {
        this.#say(side, frame(toGuest.credit, int(id) + int(chunks)));
      },
      stop: () => {
        side.streams.delete(id);
        this.#say(side, frame(toGuest.stop, int(id)));
      },
    });
    // An id that is used twice: whoever reads the first would wait for ever.
    side.streams.get(id)?.fail(new Error("The stream was replaced"));
    side.streams.set(id, stream);
    return stream;
  }

  #closeStream(side: InstanceSide, id: number, failure: string | null): void {
    const stream = side.streams.get(id);
    side.streams.delete(id);
    if (failure === null) stream?.end();
    else stream?.fail(new Error(failure));
  }

  #onLog(side: InstanceSide, reader: FrameReader): void {
    const pending = this.#pending.get(reader.int()) ?? side.lastEnded;
    if (pending === null) return;
    const level = logLevels[reader.int()] ?? "info";
    const message = reader.text().slice(0, messageLimits.logLineCharsMax);
    const left = pending.logCharsLeft ?? messageLimits.logCharsMax;
    pending.logCharsLeft = left - message.length;
    if (left <= 0) return;
    pending.host.log(level, message.slice(0, left));
  }

  #onReadBody(side: InstanceSide, owner: BodyOwner, id: number): void {
    const reference = int(owner) + int(id);
    const source = this.#source(side, owner, id);
    if (source === undefined || source === null) {
      this.#say(side, frame(toGuest.bodyFailed, reference + text("This body was used already")));
      return;
    }
    void source.read().then((result) => {
      switch (result.kind) {
        case "chunk":
          this.#say(side, frame(toGuest.bodyChunk, reference, 1), [result.bytes]);
          return;
        case "end":
          this.#say(side, frame(toGuest.bodyEnd, reference));
          return;
        case "failed":
          this.#say(side, frame(toGuest.bodyFailed, reference + text(result.message)));
      }
    });
  }

  #source(side: InstanceSide, owner: BodyOwner, id: number): BodySource | null | undefined {
    switch (owner) {
      case bodyOwner.request:
        return this.#pending.get(id)?.request;
      case bodyOwner.response:
        return this.#pending.get(id)?.response;
      case bodyOwner.subrequest:
        return side.subrequests.get(id)?.body;
    }
  }

  #onSubrequest(side: InstanceSide, reader: FrameReader, buffers: readonly Uint8Array[]): void {
    const id = reader.int();
    if (side.subrequests.has(id)) throw new FrameError("the subrequest is under way");
    const invocation = reader.int();
    const pending = this.#pending.get(invocation);
    const request = readSubrequest(reader);
    const body = this.#body(side, readBodyDescriptor(reader), buffers[0] ?? emptyBytes);
    const target = pending === undefined ? null : resolveTarget(request.target, pending.services);
    const refusal =
      subrequestRefusal(request, { pending, openSubrequests: side.subrequests.size }) ??
      (body === null ? "The body was used already" : null);
    if (refusal !== null || pending === undefined || body === null || target === null) {
      this.#say(side, frame(toGuest.noResponse, int(id) + text(refusal ?? "No such service")));
      return;
    }
    pending.subrequestsLeft -= 1;
    const open: OpenSubrequest = { abort: new AbortController(), body: null };
    side.subrequests.set(id, open);
    const { signal } = open.abort;
    const whole = { ...request, target, body };
    const answer = asksForSocket(request)
      ? this.#sockets.connect(side, id, { invocation, pending, request: whole, signal })
      : pending.host.fetch(whole, signal);
    answer.then(
      (response) => {
        if (response === null) side.subrequests.delete(id);
        else this.#onSubresponse(side, id, { open, response });
      },
      (error: unknown) => {
        side.subrequests.delete(id);
        this.#say(side, frame(toGuest.noResponse, int(id) + text(subrequestMessage(target.kind, error))));
      },
    );
  }

  #onSubresponse(
    side: InstanceSide,
    id: number,
    from: { readonly open: OpenSubrequest; readonly response: SubrequestResponse },
  ): void {
    const { response, open } = from;
    const source = response.body.kind === "empty" ? null : new BodySource(response.body);
    open.body = source;
    if (open.abort.signal.aborted || this.#instances.get(side.number) !== side) {
      source?.cancel();
      side.subrequests.delete(id);
      this.#say(side, frame(toGuest.noResponse, int(id) + text("The subrequest was aborted")));
      return;
    }
    if (source === null) side.subrequests.delete(id);
    const lengthBytes = response.body.kind === "stream" ? response.body.lengthBytes : undefined;
    const unknown = lengthBytes === undefined || lengthBytes + 2 > frameIntMax;
    const announcedBody = source === null ? 0 : unknown ? 1 : lengthBytes + 2;
    this.#say(
      side,
      frame(
        toGuest.response,
        int(id) +
          int(response.status) +
          text(response.statusText) +
          text(response.headers) +
          int(announcedBody) +
          text(response.url) +
          int(response.redirected ? 1 : 0),
      ),
    );
  }

  #say(side: InstanceSide, raw: string, buffers: readonly Sendable[] = noBuffers): void {
    if (side.number === 0) return;
    this.#link.send(frame(toEngine.toInstance, int(side.number) + raw, buffers.length), buffers);
  }
}

/** RFC 6455 §7.4.1. */
const CLOSE_GOING_AWAY = 1001;
const CLOSE_FAILED = 1011;

const noBuffers: readonly Uint8Array[] = [];
const emptyBytes = new Uint8Array(0);

function ownOwner(pending: PendingInvocation): BodyOwner {
  return pending.inResponsePhase ? bodyOwner.response : bodyOwner.request;
}
