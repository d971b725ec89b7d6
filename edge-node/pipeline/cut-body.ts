/**
 * Parts of a body, for a client that asked for them. Invariant: each is exactly as long as it says, or its reader throws.
 */
import { emptyBody, type Body } from "../../runtime/body.ts";
import type { ByteRange } from "../cache/byte-range.ts";
import { DiskBody } from "../cache/disk-body.ts";

/** The bytes [from, to) of `body`, which has them. The body is the part's from then on. */
export function cutBody(body: Body, range: ByteRange): Body {
  switch (body.kind) {
    case "empty":
      return emptyBody;
    case "text":
      return { kind: "bytes", bytes: Buffer.from(body.text).subarray(range.from, range.to) };
    case "bytes":
      return { kind: "bytes", bytes: body.bytes.subarray(range.from, range.to) };
    default: {
      const { chunks: source } = body;
      const chunks = source instanceof DiskBody ? source.cut(range) : new CutStream(source, [{ range }]);
      return { kind: "stream", chunks, lengthBytes: range.to - range.from };
    }
  }
}

export interface CutPart {
  readonly range: ByteRange;
  /** What the reader gets before the part. */
  readonly before?: Uint8Array;
}

/** Several parts of `body`, which has them, in the order of the body, each after its own bytes, and `end` after all. The body is theirs from then on. */
export function cutParts(body: Body, parts: readonly CutPart[], end: Uint8Array): AsyncIterable<Uint8Array> {
  if (body.kind === "stream") return new CutStream(body.chunks, parts, end);
  const bytes = body.kind === "bytes" ? body.bytes : Buffer.from(body.kind === "text" ? body.text : "");
  return new CutStream(once(bytes), parts, end);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

const DONE: IteratorResult<Uint8Array, void> = { done: true, value: undefined };
const NOTHING = new Uint8Array();

/** An iterator of its own, since a generator cannot be given up while it waits. */
class CutStream implements AsyncIterableIterator<Uint8Array, void> {
  readonly #source: BodyReader;
  readonly #parts: readonly CutPart[];
  readonly #end: Uint8Array;
  #index = 0;
  #isBegun = false;

  constructor(source: AsyncIterable<Uint8Array>, parts: readonly CutPart[], end: Uint8Array = NOTHING) {
    this.#source = source instanceof DiskBody ? new StoredReader(source) : new PassingReader(source);
    this.#parts = parts;
    this.#end = end;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    for (let part = this.#parts[this.#index]; part !== undefined; part = this.#parts[this.#index]) {
      const { before = NOTHING, range } = part;
      if (!this.#isBegun) {
        this.#isBegun = true;
        if (before.byteLength > 0) return { done: false, value: before };
      }
      const piece = await this.#source.take(range);
      if (piece !== undefined) return { done: false, value: piece };
      this.#isBegun = false;
      this.#index++;
    }
    const isLast = this.#index++ === this.#parts.length;
    if (isLast) await this.#source.leave();
    return isLast && this.#end.byteLength > 0 ? { done: false, value: this.#end } : DONE;
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    this.#index = this.#parts.length + 1;
    await this.#source.leave();
    return DONE;
  }
}

interface BodyReader {
  /** The next piece of the part; undefined after its last byte. Parts are asked for one after the other, in the order of the body. */
  take(range: ByteRange): Promise<Uint8Array | undefined>;
  leave(): Promise<void>;
}

/** What is before, between and after the parts is read, too. */
class PassingReader implements BodyReader {
  readonly #source: AsyncIterator<Uint8Array>;
  /** What was read and not asked for yet, and where in the body it begins. */
  #rest: Uint8Array = NOTHING;
  #at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take({ from, to }: ByteRange): Promise<Uint8Array | undefined> {
    while (this.#at < to) {
      const start = Math.min(this.#rest.byteLength, Math.max(0, from - this.#at));
      const end = Math.min(this.#rest.byteLength, to - this.#at);
      const piece = this.#rest.subarray(start, end);
      this.#at += end;
      this.#rest = this.#rest.subarray(end);
      if (piece.byteLength > 0) return piece;
      if (this.#at < to) await this.#readOn();
    }
    return undefined;
  }

  async leave(): Promise<void> {
    await this.#source.return?.();
  }

  async #readOn(): Promise<void> {
    if (this.#rest.byteLength > 0) return;
    const item = await this.#source.next();
    if (item.done === true) throw new Error("The body ended before the part that was asked for");
    this.#rest = item.value;
  }
}

/** Only the parts are read. */
class StoredReader implements BodyReader {
  readonly #body: DiskBody;
  #part: { readonly range: ByteRange; readonly chunks: AsyncIterator<Uint8Array> } | null = null;
  #left = 0;

  constructor(body: DiskBody) {
    this.#body = body;
  }

  async take(range: ByteRange): Promise<Uint8Array | undefined> {
    if (this.#part?.range !== range) {
      this.#part = { range, chunks: this.#body.cut(range)[Symbol.asyncIterator]() };
      this.#left = range.to - range.from;
    }
    const item = await this.#part.chunks.next();
    this.#left -= item.done === true ? 0 : item.value.byteLength;
    if (item.done !== true) return item.value;
    if (this.#left !== 0) throw new Error("The body ended before the part that was asked for");
    return undefined;
  }

  async leave(): Promise<void> {
    await this.#part?.chunks.return?.();
  }
}
