/**
 * A body of the front's that a guest may read chunk by chunk. Once it reads, one window is read ahead of it, which hides the way there and
 * back, and what came in small chunks meanwhile crosses as one.
 *
 * It sends nothing by itself; each `read` gives one chunk, the end, or a failure. Invariant: at most one window and one chunk are held.
 */
import { messageLimits } from "../../sdk/limits.ts";
import type { Body } from "../body.ts";
import type { Pieces } from "../link.ts";

export type BodyRead =
  | { readonly kind: "chunk"; readonly bytes: Pieces }
  | { readonly kind: "end" }
  | { readonly kind: "failed"; readonly message: string };

const windowBytes = messageLimits.bodyWindowBytes;

export class BodySource {
  readonly #body: Body;
  #iterator: AsyncIterator<Uint8Array> | null = null;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** How the source ended, to be told after what is held. */
  #end: Exclude<BodyRead, { kind: "chunk" }> | null = null;
  #filling = false;
  #reading = false;
  #wake: (() => void) | null = null;
  #taken = false;
  #over = false;
  #isHandedOn = false;

  constructor(body: Body) {
    this.#body = body;
  }

  /** Whether the guest read any of it, or somebody took it. */
  get touched(): boolean {
    return this.#taken;
  }

  /** The body itself, for whoever hands it on untouched; null when it was read or taken already. */
  take(): Body | null {
    if (this.#taken) return null;
    this.#taken = true;
    this.#isHandedOn = true;
    return this.#body;
  }

  /** One call at a time: another one fails. */
  async read(): Promise<BodyRead> {
    this.#taken = true;
    if (this.#reading) return { kind: "failed", message: "The body is being read already" };
    this.#reading = true;
    try {
      while (!this.#over) {
        this.#fill();
        if (this.#heldBytes > 0) return { kind: "chunk", bytes: this.#takeHeld() };
        if (this.#end !== null) {
          this.#over = true;
          return this.#end;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      return { kind: "end" };
    } finally {
      this.#reading = false;
    }
  }

  /** Gives the source back what it holds. Safe at any time, also for a body nobody touched; nothing happens to one that was handed on. */
  cancel(): void {
    if (this.#over || this.#isHandedOn) return;
    this.#over = true;
    this.#taken = true;
    this.#held = [];
    this.#heldBytes = 0;
    this.#wakeReader();
    if (this.#end !== null) return;
    this.#iterator ??= this.#open();
    const ended = this.#iterator.return?.();
    ended?.catch(() => undefined);
  }

  /** Reads until the window is full; harmless when it does already. */
  #fill(): void {
    if (this.#filling || this.#end !== null || this.#heldBytes >= windowBytes) return;
    this.#filling = true;
    this.#iterator ??= this.#open();
    void this.#readAhead(this.#iterator);
  }

  async #readAhead(iterator: AsyncIterator<Uint8Array>): Promise<void> {
    try {
      while (!this.#over && this.#heldBytes < windowBytes) {
        const result = await iterator.next();
        if (this.#over) return;
        if (result.done === true) {
          this.#end = { kind: "end" };
          return;
        }
        this.#held.push(result.value);
        this.#heldBytes += result.value.byteLength;
        this.#wakeReader();
      }
    } catch (error) {
      this.#end = { kind: "failed", message: error instanceof Error ? error.message : "The body broke off" };
    } finally {
      this.#filling = false;
      this.#wakeReader();
    }
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** What is held, at most a window. */
  #takeHeld(): Pieces {
    const pieces = this.#held;
    const beyond = this.#heldBytes - windowBytes;
    this.#held = [];
    const last = pieces.at(-1);
    if (beyond > 0 && last !== undefined) {
      // The window was not full before the last piece came.
      pieces[pieces.length - 1] = last.subarray(0, last.byteLength - beyond);
      this.#held = [last.subarray(last.byteLength - beyond)];
    }
    const byteLength = this.#heldBytes - Math.max(0, beyond);
    this.#heldBytes = Math.max(0, beyond);
    this.#fill();
    return { pieces, byteLength, areGiven: this.#body.kind === "stream" && this.#body.givesChunks === true };
  }

  #open(): AsyncIterator<Uint8Array> {
    const body = this.#body;
    if (body.kind === "stream") return body.chunks[Symbol.asyncIterator]();
    return wholeBody(body);
  }
}

async function* wholeBody(body: Exclude<Body, { kind: "stream" }>): AsyncGenerator<Uint8Array> {
  if (body.kind === "bytes" && body.bytes.byteLength > 0) yield body.bytes;
  if (body.kind === "text" && body.text !== "") yield new TextEncoder().encode(body.text);
}
