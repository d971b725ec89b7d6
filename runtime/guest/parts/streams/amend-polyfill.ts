/**
 * Where web-streams-polyfill differs from today's Streams standard (https://streams.spec.whatwg.org/), put right on its classes.
 *
 * It reaches inside only through what a stream itself shows, and throws at once, when the base snapshot is made, where the
 * library's insides are not as expected.
 */
import type { ReadableStream, WritableStream } from "web-streams-polyfill";

interface Classes {
  readonly ReadableStream: typeof ReadableStream;
  readonly WritableStream: typeof WritableStream;
}

/** A read that waits in its reader's queue. */
interface ReadRequest {
  _chunkSteps: (this: ReadRequest, chunk: unknown) => void;
}

interface Piped {
  readonly _reader: { readonly _readRequests: { peek(): ReadRequest } };
}

const { apply } = Reflect;
const { then } = Promise.prototype;
const resolved = Promise.resolve();

/** Once for the library's classes, before anybody uses them. */
export function amendPolyfill(classes: Classes): void {
  inheritFromAsyncIterator(classes);
  writePipedChunksLater(classes);
}

/** The iterator of `values()` inherits from %AsyncIteratorPrototype% (Web IDL, asynchronous iterator prototype object). */
function inheritFromAsyncIterator({ ReadableStream: Readable }: Classes): void {
  const prototype = Object.getPrototypeOf(new Readable().values()) as object;
  const asyncGenerator = Object.getPrototypeOf(async function* none() {}) as { readonly prototype: object };
  Object.setPrototypeOf(prototype, Object.getPrototypeOf(asyncGenerator.prototype) as object);
  Reflect.deleteProperty(prototype, Symbol.asyncIterator);
}

/** ReadableStreamPipeTo: a chunk that a read waited for is written in a microtask, not inside `enqueue()`. */
function writePipedChunksLater({ ReadableStream: Readable, WritableStream: Writable }: Classes): void {
  const source = new Readable({}, { highWaterMark: 0 });
  void source.pipeTo(new Writable());
  // The pipe reads at once, and its request waits where every reader's do.
  const request = (source as unknown as Piped)._reader._readRequests.peek();
  const prototype = Object.getPrototypeOf(request) as ReadRequest;
  const { _chunkSteps: writeNow } = prototype;
  prototype._chunkSteps = function writeLater(chunk): void {
    void apply(then, resolved, [
      () => {
        apply(writeNow, this, [chunk]);
      },
    ]);
  };
}
