/**
 * The key of TLS session tickets (RFC 8446 §4.6.1), the same for all fronts of a node, so that a client may come back to any of them.
 *
 * Invariant: a key is on no disk and lives for `tlsLimits.ticketKeyMs` at most; a ticket of the one before only costs a whole handshake.
 */
import { randomBytes } from "node:crypto";
import { tlsLimits } from "../../sdk/cdn-limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";

export interface TicketKeysOptions {
  readonly clock: Clock;
  readonly onNew: (key: string) => void;
}

/** As `tls.Server.setTicketKeys` takes them. */
const KEY_BYTES = 48;

export class TicketKeys {
  readonly #options: TicketKeysOptions;
  #current = newKey();
  #timer: CancelTimer | null = null;

  constructor(options: TicketKeysOptions) {
    this.#options = options;
  }

  /** Base64. */
  get current(): string {
    return this.#current;
  }

  /** Makes new keys from now on. */
  start(): void {
    this.#timer = this.#options.clock.after(tlsLimits.ticketKeyMs, () => {
      this.#current = newKey();
      this.#options.onNew(this.#current);
      this.start();
    });
  }

  stop(): void {
    this.#timer?.();
    this.#timer = null;
  }
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}
