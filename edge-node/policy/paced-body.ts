/**
 * A body that is read no faster than so many bytes a second, after so many at full speed.
 *
 * Pull-based like what it wraps: a slow reader slows the source, and there is a timer only while a reader waits. Invariants: nobody saves up
 * speed by reading slowly; the source is given up when the reader is, also while it waits.
 */
import type { Body } from "../../runtime/body.ts";
import { policyLimits } from "../../sdk/cdn-limits.ts";
import type { Clock } from "../clock.ts";

export interface Pace {
  /** Bytes at full speed first. */
  readonly fullSpeedBytes: number;
  /** 1 and more. */
  readonly bytesPerSecond: number;
}

/** The body at this pace; as it is when it is no longer than what goes at full speed. */
export function pacedBody(body: Body, { pace, clock }: { readonly pace: Pace; readonly clock: Clock }): Body {
  switch (body.kind) {
    case "empty":
      return body;
    case "text":
      return pacedBody({ kind: "bytes", bytes: Buffer.from(body.text) }, { pace, clock });
    case "bytes": {
      const lengthBytes = body.bytes.byteLength;
      if (lengthBytes <= pace.fullSpeedBytes) return body;
      return { kind: "stream", chunks: new PacedBody(oneChunk(body.bytes), { pace, clock }), lengthBytes };
    }
    default: {
      const { chunks, lengthBytes } = body;
      if (lengthBytes !== undefined && lengthBytes <= pace.fullSpeedBytes) return body;
      // Its chunks go out in pieces of shared memory.
      return { kind: "stream", chunks: new PacedBody(chunks, { pace, clock }), lengthBytes };
    }
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

class PacedBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, void> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  /** What is sent at once, so that sending it takes `pacingMs`. */
  readonly #pieceBytes: number;
  #fullSpeedLeft: number;
  #rest: Uint8Array = new Uint8Array();
  /** When the next piece may go, in milliseconds of the monotonic clock. */
  #nextAt = 0;
  #isOver = false;
  #wake: (() => void) | null = null;

  constructor(source: AsyncIterable<Uint8Array>, { pace, clock }: { readonly pace: Pace; readonly clock: Clock }) {
    this.#source = source[Symbol.asyncIterator]();
    this.#clock = clock;
    this.#bytesPerSecond = pace.bytesPerSecond;
    this.#pieceBytes = Math.max(1, Math.floor((pace.bytesPerSecond * policyLimits.pacingMs) / 1_000));
    this.#fullSpeedLeft = pace.fullSpeedBytes;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    while (!this.#isOver && this.#rest.byteLength === 0) {
      const item = await this.#source.next();
      if (item.done === true) this.#isOver = true;
      else this.#rest = item.value;
    }
    if (this.#isOver) return { done: true, value: undefined };
    if (this.#fullSpeedLeft > 0) {
      const piece = this.#take(this.#fullSpeedLeft);
      this.#fullSpeedLeft -= piece.byteLength;
      return { done: false, value: piece };
    }
    await this.#turn();
    // Given up while it waited.
    if (this.#hasEnded()) return { done: true, value: undefined };
    const piece = this.#take(this.#pieceBytes);
    this.#nextAt += (piece.byteLength * 1_000) / this.#bytesPerSecond;
    return { done: false, value: piece };
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    this.#isOver = true;
    this.#wake?.();
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  #take(bytesMax: number): Uint8Array {
    const piece = this.#rest.subarray(0, bytesMax);
    this.#rest = this.#rest.subarray(piece.byteLength);
    return piece;
  }

  /** Waits until the next piece may go. Timers are late, which the piece after makes up for; a late reader gains no more than that. */
  async #turn(): Promise<void> {
    const now = this.#clock.monotonicMs();
    this.#nextAt = Math.max(this.#nextAt, now - policyLimits.pacingMs);
    if (this.#nextAt <= now) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(Math.ceil(this.#nextAt - now), resolve);
    this.#wake = resolve;
    await promise;
    this.#wake = null;
    cancel();
  }

  #hasEnded(): boolean {
    return this.#isOver;
  }
}
