/**
 * A WebSocket between a function and the network, as two ends that hand messages to each other.
 *
 * Knows neither framing nor sockets: who implements an end decides where messages go. Invariant: after `close` an end hears nothing more,
 * and each end is closed exactly once, whichever side began.
 */

/** A text message, or bytes that nobody changes any more. */
export type SocketMessage = string | Uint8Array;

export interface SocketClose {
  /** A code of RFC 6455 §7.4; 1005: the close frame named none, 1006: there was no close frame. */
  readonly code: number;
  /** At most 123 bytes of UTF-8. */
  readonly reason: string;
  /** The closing handshake took place. */
  readonly wasClean: boolean;
}

/** One party of a WebSocket, as the other one sees it. */
export interface SocketEnd {
  /**
   * Calls `taken` once when the message has left the buffers on its way; a sender that waits for it keeps them small. Not any more when the
   * socket is closed meanwhile.
   */
  message(message: SocketMessage, taken: () => void): void;
  close(close: SocketClose): void;
}

/** The function's end of a socket that is not connected to the network yet. */
export interface GuestSocket extends SocketEnd {
  /** Called at most once: what the function said meanwhile goes to `network` at once. */
  attach(network: SocketEnd): void;
}

/** What a message of `bytes` counts for in a buffer: empty ones take room too. */
export function bufferBytes(bytes: number): number {
  return bytes + 64;
}

/** Bytes of the message's payload on the wire. */
export function messageBytes(message: SocketMessage): number {
  return typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
}
