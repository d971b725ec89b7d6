/**
 * What the front knows of one instance: its subrequests, its streams, the bodies of them, its sockets. Made when the instance first speaks, dropped when it is gone.
 */
import type { InvocationHost } from "../driver.ts";
import type { BodySource } from "./body-source.ts";
import type { FrontSocket } from "./front-socket.ts";
import type { GuestStream } from "./guest-stream.ts";

export interface OpenSubrequest {
  readonly abort: AbortController;
  /** The response's body once there is a response. */
  body: BodySource | null;
}

export class InstanceSide {
  readonly number: number;
  readonly subrequests: Map<number, OpenSubrequest> = new Map();
  readonly streams: Map<number, GuestStream> = new Map();
  /** What is said when nothing runs (an unhandled rejection, a timer left behind) is logged with the invocation that ended last. */
  lastEnded: { readonly host: InvocationHost; logCharsLeft: number | undefined } | null = null;
  readonly sockets: Map<number, FrontSocket> = new Map();
  /** Invocations that were answered and go on. */
  readonly answered: Set<number> = new Set();

  constructor(number: number) {
    this.number = number;
  }

  /** Nobody runs here any more: what is still open is given back. */
  releaseSubrequests(): void {
    for (const subrequest of this.subrequests.values()) {
      subrequest.abort.abort();
      subrequest.body?.cancel();
    }
    this.subrequests.clear();
  }

  /** The instance is gone: its streams break off, and the other ends of its sockets are told with `closeCode`. */
  fail(message: string, closeCode: number): void {
    for (const subrequest of this.subrequests.values()) {
      subrequest.abort.abort();
      subrequest.body?.cancel();
    }
    this.subrequests.clear();
    for (const stream of this.streams.values()) stream.fail(new Error(message));
    this.streams.clear();
    for (const socket of this.sockets.values()) socket.guestGone({ code: closeCode, reason: message });
    this.sockets.clear();
  }
}
