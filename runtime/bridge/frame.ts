/**
 * The frame: how everything crosses between front, isolate host and isolate. A batch is one string of frames plus a list of buffers.
 *
 * A frame is `kind` (1 character), payload length and number of buffers (4 characters each), payload. Integers are four 7-bit characters, so that a batch
 * without text beyond Latin-1 stays a one-byte string, which crosses fastest. Nothing here knows what a kind means.
 * Invariant: reading never runs past the frame; a malformed batch throws `FrameError` and nothing else.
 */

/** Largest integer a frame can hold. */
export const frameIntMax = 0x0fff_ffff;

const headerChars = 9;

/** A batch that is not well-formed: the sender is broken or hostile. */
export class FrameError extends Error {
  constructor(reason: string) {
    super(`Cannot read frame: ${reason}`);
    this.name = "FrameError";
  }
}

/** An integer 0..`frameIntMax`; larger values are held at the maximum. */
export function int(value: number): string {
  const n = value > frameIntMax ? frameIntMax : value;
  return fromCharCode(n & 127, (n >> 7) & 127, (n >> 14) & 127, (n >> 21) & 127);
}

/** A string with its length before it. @throws RangeError when it has more than `frameIntMax` characters. */
export function text(value: string): string {
  if (value.length > frameIntMax) throw tooLong(value);
  return int(value.length) + value;
}

/**
 * One frame. `payload` is a concatenation of `int` and `text`; `buffers` is how many buffers of the batch belong to it.
 * @throws RangeError when `payload` has more than `frameIntMax` characters.
 */
export function frame(kind: string, payload: string, buffers = 0): string {
  if (payload.length > frameIntMax) throw tooLong(payload);
  return kind + int(payload.length) + int(buffers) + payload;
}

/** A length is never held at the maximum: what follows would be read as something else. */
function tooLong({ length }: string): RangeError {
  return new RangeError(`Cannot write frame: ${length} characters, allowed ${frameIntMax}`);
}

// Captured: inside the isolate, user code shares the realm and may replace the original.
const fromCharCode = String.fromCharCode;

/** Reads the frames of one batch in order. */
export class FrameReader {
  readonly #batch: string;
  #at = 0;
  #start = 0;
  #end = 0;
  /** Kind of the frame `next` moved to. */
  kind = "";
  /** How many buffers belong to it. */
  buffers = 0;

  constructor(batch: string) {
    this.#batch = batch;
  }

  /** Moves to the next frame; false at the end of the batch. Whatever was unread of the last frame is skipped. */
  next(): boolean {
    this.#start = this.#end;
    const start = this.#start;
    if (start === this.#batch.length) return false;
    this.#end = start + headerChars;
    if (this.#end > this.#batch.length) throw new FrameError("the header is cut");
    this.kind = this.#batch.charAt(start);
    this.#at = start + 1;
    const length = this.int();
    this.buffers = this.int();
    this.#end += length;
    if (this.#end > this.#batch.length) throw new FrameError("the payload is cut");
    return true;
  }

  int(): number {
    const at = this.#at;
    if (at + 4 > this.#end) throw new FrameError("an integer runs past the frame");
    const batch = this.#batch;
    const a = batch.charCodeAt(at);
    const b = batch.charCodeAt(at + 1);
    const c = batch.charCodeAt(at + 2);
    const d = batch.charCodeAt(at + 3);
    if ((a | b | c | d) > 127) throw new FrameError("an integer has a character above 127");
    this.#at = at + 4;
    return a | (b << 7) | (c << 14) | (d << 21);
  }

  text(): string {
    const length = this.int();
    const end = this.#at + length;
    if (end > this.#end) throw new FrameError("a text runs past the frame");
    const value = this.#batch.slice(this.#at, end);
    this.#at = end;
    return value;
  }

  /** Everything of the payload that was not read yet. */
  rest(): string {
    const value = this.#batch.slice(this.#at, this.#end);
    this.#at = this.#end;
    return value;
  }

  /** The whole frame as it stands in the batch, header included. */
  raw(): string {
    return this.#batch.slice(this.#start, this.#end);
  }
}
