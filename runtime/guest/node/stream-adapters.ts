/**
 * Node streams as web streams and back, with back-pressure in both directions: nothing is read before the other side asks, and a write is
 * over when the sink took it.
 */
import { readableStream, type Callback, type NodeStream } from "./stream-classes.ts";

const { Readable, Writable, Duplex, finished } = readableStream;

interface Pair {
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
}

/** The constructor's options of Node's streams that make sense here. */
interface Options {
  readonly objectMode?: boolean;
  readonly highWaterMark?: number;
  readonly encoding?: string;
  readonly signal?: AbortSignal;
}

export function readableToWeb(readable: NodeStream): ReadableStream {
  const chunks = readable[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      pull: async (controller) => {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(readable.readableObjectMode ? value : plainBytes(value));
      },
      cancel: async (reason) => {
        readable.destroy(reason);
        await chunks.return?.().catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A Buffer as the Uint8Array that web streams carry. */
function plainBytes(chunk: unknown): unknown {
  if (!(chunk instanceof Uint8Array)) return chunk;
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

export function readableFromWeb(web: ReadableStream, options: Options = {}): NodeStream {
  return new Readable({ ...options, ...readingFrom(web) });
}

function readingFrom(web: ReadableStream): { read(this: NodeStream): void; destroy: Destroy } {
  const reader = web.getReader();
  let isOver = false;
  return {
    read() {
      reader.read().then(
        ({ done, value }) => {
          isOver = done;
          this.push(done ? null : value);
        },
        (error: unknown) => {
          isOver = true;
          this.destroy(error);
        },
      );
    },
    destroy(error, callback) {
      const done = isOver ? Promise.resolve() : reader.cancel(error ?? undefined);
      settle(done, error, callback);
    },
  };
}

type Destroy = (this: NodeStream, error: unknown, callback: Callback) => void;

/** The stream's own error goes first. */
function settle(promise: Promise<unknown>, error: unknown, callback: Callback): void {
  promise.then(
    () => callback(error),
    (reason: unknown) => callback(error ?? reason),
  );
}

export function writableToWeb(writable: NodeStream): WritableStream {
  return new WritableStream({
    start: (controller) => {
      finished(writable, { readable: false }, (error) => {
        if (error !== undefined && error !== null) controller.error(error);
      });
    },
    write: (chunk) =>
      new Promise<void>((resolve, reject) => {
        writable.write(chunk, (error) => {
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
      }),
    close: () =>
      new Promise<void>((resolve, reject) => {
        finished(writable, { readable: false }, (error) => {
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
        writable.end();
      }),
    abort: (reason) => {
      writable.destroy(reason);
    },
  });
}

export function writableFromWeb(web: WritableStream, options: Options = {}): NodeStream {
  return new Writable({ ...options, ...writingTo(web) });
}

function writingTo(web: WritableStream): {
  write(chunk: unknown, encoding: string, callback: Callback): void;
  final(callback: Callback): void;
  destroy: Destroy;
} {
  const writer = web.getWriter();
  let isOver = false;
  writer.closed.catch(() => undefined);
  return {
    write(chunk, _encoding, callback) {
      settle(
        writer.ready.then(() => writer.write(plainBytes(chunk))),
        undefined,
        callback,
      );
    },
    final(callback) {
      isOver = true;
      settle(writer.close(), undefined, callback);
    },
    destroy(error, callback) {
      const done = isOver ? Promise.resolve() : writer.abort(error ?? undefined);
      settle(done, error, callback);
    },
  };
}

export function duplexToWeb(duplex: NodeStream): Pair {
  return { readable: readableToWeb(duplex), writable: writableToWeb(duplex) };
}

export function duplexFromWeb({ readable, writable }: Pair, options: Options = {}): NodeStream {
  const source = readingFrom(readable);
  const sink = writingTo(writable);
  return new Duplex({
    ...options,
    read: source.read,
    write: sink.write,
    final: sink.final,
    destroy(error, callback) {
      source.destroy.call(this, error, () => {
        sink.destroy.call(this, error, callback);
      });
    },
  });
}
