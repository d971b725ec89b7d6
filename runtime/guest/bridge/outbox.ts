/**
 * Collects what the guest has to say and sends it in as few crossings as possible.
 *
 * Everything said in one entry leaves together, unless it is a lot: at the end of the entry, or a few microtask hops after the first word that came later.
 * It does not know what a frame means.
 */
import { batchLimits } from "../../../sdk/limits.ts";
import { frame } from "../../bridge/frame.ts";
import { byteLengthOf } from "../web/encoding/buffer-source.ts";
import { callHost, type GivenBuffer, type HostFunction } from "./call-host.ts";

export type SendToHost = HostFunction<void>;

// Hops of the microtask queue between the first word and the crossing: an async handler with a few awaits still shares it.
const hopsBeforeFlush = 6;

const { flushBytesMin, flushCharsMin } = batchLimits;
const promiseThen = Promise.prototype.then;
const resolved = Promise.resolve();

export class Outbox {
  readonly #send: SendToHost;
  #text = "";
  #buffers: GivenBuffer[] = [];
  /** Of the buffers, a character counted as one. */
  #bytes = 0;
  #scheduled = false;
  #inEntry = false;
  readonly #hop: () => void;
  #hopsLeft = 0;

  constructor(send: SendToHost) {
    this.#send = send;
    this.#hop = () => {
      if (this.#hopsLeft > 0) {
        this.#hopsLeft -= 1;
        void promiseThen.call(resolved, this.#hop);
        return;
      }
      this.#scheduled = false;
      this.flush();
    };
  }

  /** Adds one frame. */
  write(kind: string, payload: string): void {
    this.#text += frame(kind, payload);
    if (this.#text.length >= flushCharsMin) this.flush();
    else if (!this.#inEntry && !this.#scheduled) this.#schedule();
  }

  /** Adds one frame with buffers, which the host copies. */
  writeWithBuffers(kind: string, payload: string, buffers: readonly GivenBuffer[]): void {
    this.#bytes += bytesIn(buffers);
    for (let index = 0; index < buffers.length; index += 1) {
      const buffer = buffers[index];
      if (buffer !== undefined) this.#buffers[this.#buffers.length] = buffer;
    }
    this.#text += frame(kind, payload, buffers.length);
    if (this.#bytes >= flushBytesMin || this.#text.length >= flushCharsMin) this.flush();
    else if (!this.#inEntry && !this.#scheduled) this.#schedule();
  }

  /** Like `writeWithBuffers`, and crosses at once: the buffers are copied now and may change afterwards. */
  sendWithBuffers(kind: string, payload: string, buffers: readonly GivenBuffer[]): void {
    this.writeWithBuffers(kind, payload, buffers);
    this.flush();
  }

  /** The host entered: what is said until `endEntry` leaves there. */
  beginEntry(): void {
    this.#inEntry = true;
  }

  endEntry(): void {
    this.#inEntry = false;
    this.flush();
  }

  flush(): void {
    const batch = this.#text;
    if (batch === "") return;
    this.#text = "";
    if (this.#buffers.length === 0) {
      this.#send(batch);
      return;
    }
    const buffers = this.#buffers;
    this.#buffers = [];
    this.#bytes = 0;
    callHost(this.#send, batch, buffers);
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#hopsLeft = hopsBeforeFlush;
    void promiseThen.call(resolved, this.#hop);
  }
}

/** @throws TypeError when one of them is none: before anything of them is kept. */
function bytesIn(buffers: readonly GivenBuffer[]): number {
  let bytes = 0;
  for (let index = 0; index < buffers.length; index += 1) {
    const buffer = buffers[index];
    if (buffer !== undefined) bytes += typeof buffer === "string" ? buffer.length : byteLengthOf(buffer);
  }
  return bytes;
}
