/**
 * The WebSockets of all instances of a front: opens them for an upgrade or a subrequest, and hands each frame of a guest to its socket.
 *
 * Invariant: a guest reaches only sockets of its own instance, and every socket belongs to an invocation that has not ended.
 */
import { socketLimits } from "../../sdk/limits.ts";
import { FrameError, frame, int, text, type FrameReader } from "../bridge/frame.ts";
import { fromGuest, toGuest } from "../bridge/protocol.ts";
import { SubrequestError, type Subrequest, type SubrequestResponse } from "../driver.ts";
import { FrontSocket } from "./front-socket.ts";
import type { PendingInvocation } from "./pending-invocation.ts";
import type { InstanceSide } from "./instance-side.ts";

type Say = (side: InstanceSide, raw: string, buffers: readonly Uint8Array[]) => void;

interface Connecting {
  readonly invocation: number;
  readonly pending: PendingInvocation;
  readonly request: Subrequest;
  readonly signal: AbortSignal;
}

/** A close frame holds 125 bytes, two of them the code (RFC 6455 §5.5.1). */
const reasonBytesMax = 123;

export class GuestSockets {
  readonly #say: Say;

  constructor(say: Say) {
    this.#say = say;
  }

  /** The socket of an upgrade, which its guest knows already. Null when the instance has too many, or this one already. */
  open(
    side: InstanceSide,
    socketId: number,
    owner: { readonly id: number; readonly pending: PendingInvocation },
  ): FrontSocket | null {
    return this.#open(side, { id: socketId, invocationId: owner.id, pending: owner.pending, isAnnounced: true });
  }

  /**
   * A subrequest that asks for a WebSocket. Resolves with null when it became one (the guest was told), else with the response to pass on.
   * Rejects with a SubrequestError.
   */
  async connect(side: InstanceSide, id: number, connecting: Connecting): Promise<SubrequestResponse | null> {
    const { invocation, pending, request, signal } = connecting;
    const socket = this.#open(side, { id, invocationId: invocation, pending, isAnnounced: false });
    if (socket === null) throw new SubrequestError("FUNCTION_SUBREQUEST_LIMIT", "Too many WebSockets are open");
    try {
      const connection = await pending.host.connect(request, socket, signal);
      if (connection.kind === "response") {
        socket.breakOff(discarded);
        return connection.response;
      }
      if (signal.aborted) {
        connection.end.close({ code: 1006, reason: "", wasClean: false });
        throw new SubrequestError("REQUEST_ABORTED", "The request was aborted");
      }
      const head = int(id) + int(101) + text("Switching Protocols") + text(connection.headers);
      this.#say(side, frame(toGuest.response, head + int(0) + text(request.url) + int(0)), []);
      socket.attach(connection.end);
      return null;
    } catch (error) {
      socket.breakOff(discarded);
      throw error;
    }
  }

  /** A frame of a guest about one of its sockets; one about no socket of its own is ignored. */
  read(side: InstanceSide, reader: FrameReader, buffers: readonly Uint8Array[]): void {
    const socket = side.sockets.get(reader.int());
    if (socket === undefined) return;
    switch (reader.kind) {
      case fromGuest.socketMessage: {
        const isText = reader.int() === 0;
        socket.send(isText ? reader.text().toWellFormed() : (buffers[0] ?? new Uint8Array(0)));
        return;
      }
      case fromGuest.socketTaken:
        socket.handled();
        return;
      default: {
        const code = reader.int();
        const reason = reader.text().toWellFormed();
        if (!mayClose(code) || Buffer.byteLength(reason) > reasonBytesMax) throw new FrameError("no such close");
        socket.closeByGuest(code, reason);
      }
    }
  }

  #open(
    side: InstanceSide,
    from: {
      readonly id: number;
      readonly invocationId: number;
      readonly pending: PendingInvocation;
      readonly isAnnounced: boolean;
    },
  ): FrontSocket | null {
    const { id, pending } = from;
    if (side.number === 0 || side.sockets.size >= socketLimits.perInstanceMax || side.sockets.has(id)) return null;
    const sockets = (pending.sockets ??= new Set());
    const socket: FrontSocket = new FrontSocket(
      {
        id,
        invocationId: from.invocationId,
        say: (raw, buffers) => this.#say(side, raw, buffers),
        onOver: () => {
          side.sockets.delete(id);
          sockets.delete(socket);
        },
      },
      from,
    );
    side.sockets.set(id, socket);
    sockets.add(socket);
    return socket;
  }
}

/** Closes what an invocation left open. */
export function endSockets(pending: PendingInvocation, why: { readonly code: number; readonly reason: string }): void {
  for (const socket of pending.sockets ?? []) socket.breakOff(why);
}

const discarded = { code: 1006, reason: "" };

/** Codes an endpoint may put into a close frame (RFC 6455 §7.4), 1005 for none, and 1006 for a connection to be broken off without one. */
function mayClose(code: number): boolean {
  return (code >= 3000 && code <= 4999) || (code >= 1000 && code <= 1014 && code !== 1004);
}
