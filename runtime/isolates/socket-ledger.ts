/**
 * Which invocations of an instance hold open WebSockets, and whether their function is getting somewhere: for the CPU limit.
 *
 * A socket may live for days, so its invocation does not have the CPU time of one request for all of it. It has it anew for each message that is
 * handled, and once in a while when the guest has returned from what it did. All it knows comes from the front's frames; the guest's word that it
 * handled a message counts only while one is on its way to it.
 */
import { socketLimits } from "../../sdk/limits.ts";
import { FrameReader } from "../bridge/frame.ts";
import { toGuest } from "../bridge/protocol.ts";

interface OpenSocket {
  readonly invocationId: number;
  /** Messages given to the guest that it did not handle yet. */
  unhandled: number;
}

export class SocketLedger {
  readonly #sockets = new Map<number, OpenSocket>();
  #quiet = 0;
  #renewedAtMs = 0;
  #isProbing = false;

  get isEmpty(): boolean {
    return this.#sockets.size === 0;
  }

  /** Open sockets without a message to handle. */
  get quiet(): number {
    return this.#quiet;
  }

  /** Whether the invocation has an open socket. */
  isHolding(invocationId: number): boolean {
    return [...this.#sockets.values()].some((socket) => socket.invocationId === invocationId);
  }

  /** Notes a frame of the front; returns the invocation that begins something new with it, or null. `onClosed` gets that whose socket closed. */
  delivered(raw: string, onClosed: (invocationId: number) => void = ignore): number | null {
    const reader = new FrameReader(raw);
    reader.next();
    const id = reader.int();
    const socket = this.#sockets.get(id);
    if (reader.kind === toGuest.socketOpened) {
      const invocationId = reader.int();
      this.#sockets.set(id, { invocationId, unhandled: 0 });
      this.#quiet += 1;
      return invocationId;
    }
    if (socket === undefined) return null;
    if (reader.kind === toGuest.socketClosed) {
      this.#remove(id, socket);
      onClosed(socket.invocationId);
      return null;
    }
    socket.unhandled += 1;
    // A message that waits behind others renews nothing: the guest may be looping over the first of them.
    if (socket.unhandled > 1) return null;
    this.#quiet -= 1;
    return socket.invocationId;
  }

  /** The guest says that it handled a message; returns the invocation that got further, or null when there was none to handle. */
  handled(id: number): number | null {
    const socket = this.#sockets.get(id);
    if (socket === undefined || socket.unhandled === 0) return null;
    socket.unhandled -= 1;
    if (socket.unhandled === 0) this.#quiet += 1;
    return socket.invocationId;
  }

  ended(invocationId: number): void {
    if (this.isEmpty) return;
    for (const [id, socket] of this.#sockets) {
      if (socket.invocationId === invocationId) this.#remove(id, socket);
    }
  }

  /** Has the CPU time of whoever holds sockets counted anew, once in a while and when the guest has returned from all it does now. */
  renewIfDue(wires: {
    readonly nowMs: () => number;
    readonly passThrough: () => Promise<unknown>;
    readonly renew: (invocationId: number) => void;
  }): void {
    if (!this.isDue(wires.nowMs())) return;
    void this.probe(wires.passThrough, wires.nowMs).then((holders) => {
      for (const id of holders) wires.renew(id);
    });
  }

  /** Whether it is time to ask the guest if it has returned from what it does; not while it is being asked. */
  isDue(nowMs: number): boolean {
    return !this.isEmpty && !this.#isProbing && nowMs - this.#renewedAtMs >= socketLimits.cpuRenewalMs;
  }

  /** Asks by `probe`, which resolves once the guest returned; resolves with the invocations to renew. */
  async probe(probe: () => Promise<unknown>, nowMs: () => number): Promise<ReadonlySet<number>> {
    this.#isProbing = true;
    await probe();
    this.#isProbing = false;
    this.#renewedAtMs = nowMs();
    return new Set([...this.#sockets.values()].map(({ invocationId }) => invocationId));
  }

  #remove(id: number, socket: OpenSocket): void {
    this.#sockets.delete(id);
    if (socket.unhandled === 0) this.#quiet -= 1;
  }
}

/** Frames of the front that `delivered` is to be told of. */
export const aboutSockets: ReadonlySet<string> = new Set([
  toGuest.socketOpened,
  toGuest.socketMessage,
  toGuest.socketClosed,
]);

function ignore(): void {}
