/**
 * WebSockets over the bridge: each has an id, belongs to the invocation that opened it, and keeps that alive until it is closed.
 *
 * Invariant: what comes for a socket before anybody listens to it waits, in order; it is neither lost nor said to be handled.
 */
import { socketLimits } from "../../../sdk/limits.ts";
import { int, text, type FrameReader } from "../../bridge/frame.ts";
import { fromGuest } from "../../bridge/protocol.ts";
import type { HostSocket, SocketData, SocketEvents } from "../host-port.ts";
import { byteLengthOf } from "../web/encoding/buffer-source.ts";
import type { Outbox } from "./outbox.ts";

/** Characters or bytes of a message from which on the front closes its socket (1009): no more than so many cross. */
const refusedFrom = socketLimits.messageBytesMax + 1;

export interface SocketWires {
  readonly outbox: Outbox;
  /** Keeps an invocation alive until the returned function is called. */
  readonly hold: (invocationId: number) => () => void;
  /** Runs `act` as part of an invocation: what it logs and fetches is that invocation's. */
  readonly runAs: (invocationId: number, act: () => void) => void;
}

export class Sockets {
  readonly #wires: SocketWires;
  readonly #sockets = new Map<number, BridgeSocket>();

  constructor(wires: SocketWires) {
    this.#wires = wires;
  }

  /** The socket `id` of the host's, which belongs to an invocation from now on. */
  open(id: number, invocationId: number): HostSocket {
    const release = this.#wires.hold(invocationId);
    const socket = new BridgeSocket(this.#wires, { id, invocationId, release });
    this.#sockets.set(id, socket);
    return socket;
  }

  onMessage(reader: FrameReader, buffers: readonly ArrayBuffer[]): void {
    const socket = this.#sockets.get(reader.int());
    const isText = reader.int() === 0;
    socket?.onMessage(isText ? reader.text() : (buffers[0] ?? new ArrayBuffer(0)));
  }

  onSent(reader: FrameReader): void {
    this.#sockets.get(reader.int())?.onSent();
  }

  onClosed(reader: FrameReader): void {
    const id = reader.int();
    const socket = this.#sockets.get(id);
    this.#sockets.delete(id);
    socket?.onClosed({ code: reader.int(), reason: reader.text(), wasClean: reader.int() === 1 });
  }
}

interface Close {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

class BridgeSocket implements HostSocket {
  readonly #wires: SocketWires;
  readonly #id: number;
  readonly #invocationId: number;
  readonly #release: () => void;
  #events: SocketEvents | null = null;
  #early: ((events: SocketEvents) => void)[] = [];

  constructor(
    wires: SocketWires,
    owner: { readonly id: number; readonly invocationId: number; readonly release: () => void },
  ) {
    this.#wires = wires;
    this.#id = owner.id;
    this.#invocationId = owner.invocationId;
    this.#release = owner.release;
  }

  listen(events: SocketEvents): void {
    this.#events = events;
    const early = this.#early;
    this.#early = [];
    for (let index = 0; index < early.length; index += 1) early[index]?.(events);
  }

  send(data: SocketData): void {
    const { outbox } = this.#wires;
    const id = int(this.#id);
    if (typeof data === "string") {
      const sent = data.length > refusedFrom ? data.slice(0, refusedFrom) : data;
      outbox.write(fromGuest.socketMessage, id + int(0) + text(sent));
    } else {
      const sent = byteLengthOf(data) > refusedFrom ? new ArrayBuffer(refusedFrom) : data;
      outbox.writeWithBuffers(fromGuest.socketMessage, id + int(1) + text(""), [sent]);
    }
  }

  close(code: number, reason: string): void {
    this.#wires.outbox.write(fromGuest.socketClose, int(this.#id) + int(code) + text(reason));
  }

  onMessage(data: SocketData): void {
    this.#tell((events) => {
      events.message(data, () => {
        this.#wires.outbox.write(fromGuest.socketTaken, int(this.#id));
      });
    });
  }

  onSent(): void {
    this.#tell((events) => {
      events.sent();
    });
  }

  onClosed({ code, reason, wasClean }: Close): void {
    this.#tell((events) => {
      events.closed(code, reason, wasClean);
    });
    this.#release();
  }

  #tell(act: (events: SocketEvents) => void): void {
    const events = this.#events;
    if (events === null) {
      this.#early[this.#early.length] = act;
      return;
    }
    this.#wires.runAs(this.#invocationId, () => {
      act(events);
    });
  }
}
