/**
 * The guest's end of the bridge: one function that the host calls with a batch of frames, each handed to what it is about.
 * Invariant: it never throws into the host; what a frame starts fails on its own.
 */
import { FrameReader } from "../../bridge/frame.ts";
import { bodyOwner, toEngine, toGuest } from "../../bridge/protocol.ts";
import { errorFromHost } from "../web/core/host-error.ts";
import { reportUnhandledRejection } from "../web/events/global-events.ts";
import { connectHostPort } from "../host-port.ts";
import type { LogLevel } from "../host-port.ts";
import { HostBodies, OutgoingStreams } from "./bodies.ts";
import { answerHeartbeat } from "./heartbeat.ts";
import type { HostFunction } from "./call-host.ts";
import { Invocations, type InstanceFacts } from "./invocations.ts";
import { Outbox, type SendToHost } from "./outbox.ts";
import { BridgePort } from "./port.ts";
import { Sockets } from "./sockets.ts";
import { Subrequests } from "./subrequests.ts";
import { messageOf } from "./thrown.ts";

/** What the host hands in when it connects an instance. */
export interface HostFunctions {
  readonly send: SendToHost;
  readonly randomBytes: (lengthBytes: number) => ArrayBuffer;
  readonly domainToAscii: (domain: string) => string;
  readonly compute: HostFunction<string>;
}

export type Receive = (batch: string, ...buffers: ArrayBuffer[]) => void;

interface Parts {
  readonly outbox: Outbox;
  readonly hostBodies: HostBodies;
  readonly streams: OutgoingStreams;
  readonly invocations: Invocations;
  readonly sockets: Sockets;
  readonly subrequests: Subrequests;
  readonly port: BridgePort;
  readonly heartbeat: InstanceFacts["heartbeat"];
}

const promiseThen = Promise.prototype.then;

/** Connects the instance: sets the host port and returns the host's entry. */
export function connect(host: HostFunctions, facts: InstanceFacts): Receive {
  const outbox = new Outbox(host.send);
  const hostBodies = new HostBodies(outbox);
  const streams = new OutgoingStreams(outbox);
  let lastId = 0;
  const takeId = (): number => (lastId += 1);
  const sockets: Sockets = new Sockets({
    outbox,
    hold: (id) => invocations.hold(id),
    runAs: (id, act) => {
      invocations.runAs(id, act);
    },
  });
  const invocations = new Invocations(facts, { outbox, hostBodies, streams, sockets, takeId });
  const subrequests = new Subrequests({
    outbox,
    hostBodies,
    streams,
    sockets,
    takeId,
    currentInvocation: () => invocations.currentId(),
    keepAlive: (promise) => {
      const release = invocations.hold(invocations.currentId());
      void promiseThen.call(promise, release, release);
    },
  });
  const port = new BridgePort({
    outbox,
    bufferedBodyBytesMax: facts.bufferedBodyBytesMax,
    randomBytes: host.randomBytes,
    domainToAscii: host.domainToAscii,
    compute: host.compute,
    log: (level: LogLevel, message: string) => {
      invocations.log(level, message);
    },
    holdInvocation: () => invocations.hold(invocations.currentId()),
    fetch: (request, signal) => subrequests.fetch(request, signal),
  });
  connectHostPort(port);
  const parts: Parts = {
    outbox,
    hostBodies,
    streams,
    invocations,
    sockets,
    subrequests,
    port,
    heartbeat: facts.heartbeat,
  };
  return (batch, ...buffers) => {
    receive(parts, batch, buffers);
  };
}

function receive(parts: Parts, batch: string, buffers: ArrayBuffer[]): void {
  const reader = new FrameReader(batch);
  let buffersUsed = 0;
  parts.outbox.beginEntry();
  while (reader.next()) {
    const own = reader.buffers === 0 ? none : buffers.slice(buffersUsed, buffersUsed + reader.buffers);
    buffersUsed += reader.buffers;
    try {
      handle(parts, reader, own);
    } catch (error) {
      parts.invocations.log("error", messageOf(error));
    }
  }
  parts.outbox.endEntry();
}

const none: ArrayBuffer[] = [];

function handle(parts: Parts, reader: FrameReader, buffers: ArrayBuffer[]): void {
  switch (reader.kind) {
    case toEngine.invoke:
      reader.int();
      parts.invocations.invoke(reader);
      return;
    case toEngine.cancel:
      parts.invocations.cancel(reader.int());
      return;
    case toGuest.bodyChunk: {
      const [chunk] = buffers;
      if (chunk !== undefined) parts.hostBodies.deliver(reader.rest(), new Uint8Array(chunk));
      return;
    }
    case toGuest.bodyEnd:
      parts.hostBodies.deliver(reader.rest(), null);
      return;
    case toGuest.bodyFailed:
      parts.hostBodies.fail(reference(reader), reader.text());
      return;
    case toGuest.response:
      parts.subrequests.onResponse(reader);
      return;
    case toGuest.noResponse:
      parts.subrequests.onNoResponse(reader);
      return;
    case toGuest.callDone:
      parts.port.onCallDone(reader, buffers);
      return;
    case toGuest.callFailed:
      parts.port.onCallFailed(reader);
      return;
    case toGuest.timer:
      parts.port.onTimer(reader);
      return;
    case toGuest.credit:
      parts.streams.credit(reader.int(), reader.int());
      return;
    case toGuest.stop:
      parts.streams.stop(reader.int());
      return;
    case toGuest.heartbeat:
      answerHeartbeat(reader.int(), parts);
      return;
    case toGuest.unhandledRejection:
      reportUnhandledRejection(rejectionOf(reader));
      return;
    case toGuest.socketMessage:
      parts.sockets.onMessage(reader, buffers);
      return;
    case toGuest.socketSent:
      parts.sockets.onSent(reader);
      return;
    case toGuest.socketClosed:
      parts.sockets.onClosed(reader);
      return;
    default:
      return;
  }
}

/** The reason as the engine passes it on: a copy. */
function rejectionOf(reader: FrameReader): Error {
  const reason = errorFromHost(reader.text(), reader.text());
  defineProperty(reason, "stack", { value: reader.text(), writable: true, configurable: true, enumerable: false });
  return reason;
}

const { defineProperty } = Object;

function reference(reader: FrameReader): string {
  const owner = reader.int();
  const id = reader.int();
  return HostBodies.reference(owner === bodyOwner.request ? 0 : owner === bodyOwner.response ? 1 : 2, id);
}
