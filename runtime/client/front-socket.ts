/**
 * A guest's WebSocket on the front's side: hands what comes from the network to the guest as frames, and the guest's words to the network.
 *
 * The guest is hostile: what it sends is counted until the network took it. Invariant: the network's end is closed exactly once, by the peer,
 * by the guest, or because the guest is gone, and the guest hears of it unless it is gone.
 */
import { socketLimits } from "../../sdk/limits.ts";
import { frame, int, text } from "../bridge/frame.ts";
import { toGuest } from "../bridge/protocol.ts";
import {
  bufferBytes,
  messageBytes,
  type GuestSocket,
  type SocketClose,
  type SocketEnd,
  type SocketMessage,
} from "../socket.ts";

export interface FrontSocketWires {
  readonly id: number;
  readonly invocationId: number;
  /** Sends one frame to the guest. */
  readonly say: (raw: string, buffers: readonly Uint8Array[]) => void;
  /** Called once when the socket is over. */
  readonly onOver: () => void;
}

type Unclean = Pick<SocketClose, "code" | "reason">;

const noBuffers: readonly Uint8Array[] = [];

export class FrontSocket implements GuestSocket {
  readonly #wires: FrontSocketWires;
  /** The guest knows of the socket: what comes for it is passed on at once. */
  #isAnnounced: boolean;
  #network: SocketEnd | null = null;
  /** Came before the guest knew of the socket. */
  readonly #early: (() => void)[] = [];
  /** Said by the guest before there was a network. */
  readonly #late: (() => void)[] = [];
  /** Of the messages the guest did not handle yet, in order. */
  readonly #taken: (() => void)[] = [];
  #unsentBytes = 0;
  #isClosing = false;
  #isOver = false;

  constructor(wires: FrontSocketWires, { isAnnounced }: { readonly isAnnounced: boolean }) {
    this.#wires = wires;
    this.#isAnnounced = isAnnounced;
  }

  attach(network: SocketEnd): void {
    this.#network = network;
    if (!this.#isOver) this.#say(toGuest.socketOpened, int(this.#wires.invocationId));
    this.#isAnnounced = true;
    for (const act of this.#early.splice(0)) act();
    for (const act of this.#late.splice(0)) act();
  }

  message(message: SocketMessage, taken: () => void): void {
    if (!this.#isAnnounced) {
      this.#early.push(() => this.message(message, taken));
      return;
    }
    if (this.#isOver) return;
    this.#taken.push(taken);
    if (typeof message === "string") this.#say(toGuest.socketMessage, int(0) + text(message));
    else this.#say(toGuest.socketMessage, int(1) + text(""), [message]);
  }

  close(close: SocketClose): void {
    if (!this.#isAnnounced) {
      this.#early.push(() => this.close(close));
      return;
    }
    if (this.#isOver) return;
    this.#end();
    this.#tellClosed(close);
  }

  /** The guest sends a message. */
  send(message: SocketMessage): void {
    if (this.#isOver || this.#isClosing) return;
    const bytes = messageBytes(message);
    const held = bufferBytes(bytes);
    this.#unsentBytes += held;
    if (bytes > socketLimits.messageBytesMax) {
      this.breakOff({
        code: 1009,
        reason: `The function sent a message of ${bytes} bytes, allowed ${socketLimits.messageBytesMax}`,
      });
      return;
    }
    if (this.#unsentBytes > socketLimits.sendBufferBytesMax) {
      this.breakOff({ code: 1006, reason: "The function sent more than its peer took" });
      return;
    }
    this.#toNetwork((network) => network.message(message, () => this.#sent(held)));
  }

  /** The guest handled its oldest message. */
  handled(): void {
    this.#taken.shift()?.();
  }

  /** The guest begins the closing handshake; the network answers with `close`. */
  closeByGuest(code: number, reason: string): void {
    if (this.#isOver || this.#isClosing) return;
    this.#isClosing = true;
    this.#toNetwork((network) => network.close({ code, reason, wasClean: code !== 1006 }));
  }

  /** Ends the socket from in between: both ends hear of it. */
  breakOff(why: Unclean): void {
    if (this.#isOver) return;
    this.guestGone(why);
    if (this.#isAnnounced) this.#tellClosed({ ...why, wasClean: false });
  }

  /** Ends the socket; the guest hears nothing any more. */
  guestGone(why: Unclean): void {
    if (this.#isOver) return;
    this.#end();
    this.#early.length = 0;
    this.#toNetwork((network) => network.close({ ...why, wasClean: false }));
  }

  #end(): void {
    this.#isOver = true;
    this.#taken.length = 0;
    this.#wires.onOver();
  }

  #sent(bytes: number): void {
    this.#unsentBytes -= bytes;
    if (!this.#isOver) this.#say(toGuest.socketSent, "");
  }

  #tellClosed({ code, reason, wasClean }: SocketClose): void {
    this.#say(toGuest.socketClosed, int(code) + text(reason) + int(wasClean ? 1 : 0));
  }

  #toNetwork(act: (network: SocketEnd) => void): void {
    const network = this.#network;
    if (network !== null) act(network);
    else {
      this.#late.push(() => {
        if (this.#network !== null) act(this.#network);
      });
    }
  }

  #say(kind: string, payload: string, buffers: readonly Uint8Array[] = noBuffers): void {
    this.#wires.say(frame(kind, int(this.#wires.id) + payload, buffers.length), buffers);
  }
}
