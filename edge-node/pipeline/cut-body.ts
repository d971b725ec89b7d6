/**
 * A part of a body, for a client that asked for one. Invariant: it is exactly as long as it says, or its reader throws.
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
      const chunks = source instanceof DiskBody ? source.cut(range) : new CutStream(source, range);
      return { kind: "stream", chunks, lengthBytes: range.to - range.from };
    }
  }
}

const DONE: IteratorResult<Uint8Array, void> = { done: true, value: undefined };

/** An iterator of its own, since a generator cannot be given up while it waits. */
class CutStream implements AsyncIterableIterator<Uint8Array, void> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #range: ByteRange;
  #at = 0;

  constructor(source: AsyncIterable<Uint8Array>, range: ByteRange) {
    this.#source = source[Symbol.asyncIterator]();
    this.#range = range;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    const { from, to } = this.#range;
    while (this.#at < to) {
      const item = await this.#source.next();
      if (item.done === true) throw new Error("The body ended before the part that was asked for");
      const start = Math.max(0, from - this.#at);
      const end = Math.min(item.value.byteLength, to - this.#at);
      this.#at += item.value.byteLength;
      if (end > start) return { done: false, value: item.value.subarray(start, end) };
    }
    return await this.return();
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    this.#at = this.#range.to;
    await this.#source.return?.();
    return DONE;
  }
}
