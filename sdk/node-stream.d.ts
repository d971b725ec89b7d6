/** `node:stream` and its parts in functions. See node-buffer.d.ts for projects with @types/node. */

declare module "node:stream" {
  import { EventEmitter } from "node:events";

  type Callback = (error?: Error | null) => void;
  type Chunks = Iterable<unknown> | AsyncIterable<unknown>;
  interface AbortOptions {
    signal?: AbortSignal;
  }
  interface StreamOptions<T> extends AbortOptions {
    autoDestroy?: boolean;
    emitClose?: boolean;
    highWaterMark?: number;
    objectMode?: boolean;
    destroy?(this: T, error: Error | null, callback: Callback): void;
    construct?(this: T, callback: Callback): void;
  }
  export interface ReadableOptions<T = Readable> extends StreamOptions<T> {
    encoding?: BufferEncoding;
    read?(this: T, size: number): void;
  }
  export interface WritableOptions<T = Writable> extends StreamOptions<T> {
    decodeStrings?: boolean;
    defaultEncoding?: BufferEncoding;
    write?(this: T, chunk: any, encoding: BufferEncoding, callback: Callback): void;
    writev?(this: T, chunks: { chunk: any; encoding: BufferEncoding }[], callback: Callback): void;
    final?(this: T, callback: Callback): void;
  }
  export interface DuplexOptions<T = Duplex> extends ReadableOptions<T>, WritableOptions<T> {
    allowHalfOpen?: boolean;
    readableObjectMode?: boolean;
    writableObjectMode?: boolean;
    readableHighWaterMark?: number;
    writableHighWaterMark?: number;
    destroy?(this: T, error: Error | null, callback: Callback): void;
    construct?(this: T, callback: Callback): void;
  }
  export type TransformCallback = (error?: Error | null, data?: any) => void;
  export interface TransformOptions<T = Transform> extends DuplexOptions<T> {
    transform?(this: T, chunk: any, encoding: BufferEncoding, callback: TransformCallback): void;
    flush?(this: T, callback: TransformCallback): void;
  }
  interface WebPair {
    readable: ReadableStream<any>;
    writable: WritableStream<any>;
  }

  class Stream extends EventEmitter {
    pipe<T extends Writable>(destination: T, options?: { end?: boolean }): T;
  }
  class Readable extends Stream implements AsyncIterable<any> {
    constructor(options?: ReadableOptions);
    readonly closed: boolean;
    destroyed: boolean;
    readonly errored: Error | null;
    readable: boolean;
    readonly readableAborted: boolean;
    readonly readableDidRead: boolean;
    readonly readableEncoding: BufferEncoding | null;
    readonly readableEnded: boolean;
    readonly readableFlowing: boolean | null;
    readonly readableHighWaterMark: number;
    readonly readableLength: number;
    readonly readableObjectMode: boolean;
    _read(size: number): void;
    _destroy(error: Error | null, callback: Callback): void;
    destroy(error?: Error): this;
    isPaused(): boolean;
    pause(): this;
    push(chunk: any, encoding?: BufferEncoding): boolean;
    read(size?: number): any;
    resume(): this;
    setEncoding(encoding: BufferEncoding): this;
    unpipe(destination?: Writable): this;
    unshift(chunk: any, encoding?: BufferEncoding): void;
    wrap(stream: EventEmitter): this;
    filter(test: (value: any, options: AbortOptions) => unknown, options?: AbortOptions): Readable;
    map(change: (value: any, options: AbortOptions) => unknown, options?: AbortOptions): Readable;
    flatMap(change: (value: any, options: AbortOptions) => unknown, options?: AbortOptions): Readable;
    forEach(visit: (value: any, options: AbortOptions) => unknown, options?: AbortOptions): Promise<void>;
    toArray(options?: AbortOptions): Promise<any[]>;
    some(test: (value: any) => unknown, options?: AbortOptions): Promise<boolean>;
    every(test: (value: any) => unknown, options?: AbortOptions): Promise<boolean>;
    find(test: (value: any) => unknown, options?: AbortOptions): Promise<any>;
    reduce<T>(reducer: (previous: T, value: any) => T, initial?: T, options?: AbortOptions): Promise<T>;
    drop(count: number, options?: AbortOptions): Readable;
    take(count: number, options?: AbortOptions): Readable;
    compose(stream: unknown, options?: AbortOptions): Duplex;
    iterator(options?: { destroyOnReturn?: boolean }): AsyncIterableIterator<any>;
    [Symbol.asyncIterator](): AsyncIterableIterator<any>;
    static from(chunks: Chunks, options?: ReadableOptions): Readable;
    static fromWeb(stream: ReadableStream<any>, options?: ReadableOptions): Readable;
    static toWeb(stream: Readable): ReadableStream<any>;
  }
  class Writable extends Stream {
    constructor(options?: WritableOptions);
    readonly closed: boolean;
    destroyed: boolean;
    readonly errored: Error | null;
    writable: boolean;
    readonly writableCorked: number;
    readonly writableEnded: boolean;
    readonly writableFinished: boolean;
    readonly writableHighWaterMark: number;
    readonly writableLength: number;
    readonly writableNeedDrain: boolean;
    readonly writableObjectMode: boolean;
    _write(chunk: any, encoding: BufferEncoding, callback: Callback): void;
    _final(callback: Callback): void;
    _destroy(error: Error | null, callback: Callback): void;
    cork(): void;
    destroy(error?: Error): this;
    end(callback?: () => void): this;
    end(chunk: any, callback?: () => void): this;
    end(chunk: any, encoding: BufferEncoding, callback?: () => void): this;
    setDefaultEncoding(encoding: BufferEncoding): this;
    uncork(): void;
    write(chunk: any, callback?: (error?: Error | null) => void): boolean;
    write(chunk: any, encoding: BufferEncoding, callback?: (error?: Error | null) => void): boolean;
    static fromWeb(stream: WritableStream<any>, options?: WritableOptions): Writable;
    static toWeb(stream: Writable): WritableStream<any>;
  }
  interface Duplex extends Writable {}
  // @ts-expect-error -- its conversions take and give pairs, those of Readable one stream
  class Duplex extends Readable {
    constructor(options?: DuplexOptions);
    allowHalfOpen: boolean;
    static from(source: unknown): Duplex;
    static fromWeb(pair: WebPair, options?: DuplexOptions): Duplex;
    static toWeb(stream: Duplex): WebPair;
  }
  class Transform extends Duplex {
    constructor(options?: TransformOptions);
    _transform(chunk: any, encoding: BufferEncoding, callback: TransformCallback): void;
    _flush(callback: TransformCallback): void;
  }
  class PassThrough extends Transform {}

  type AnyStream = Readable | Writable | Duplex;
  interface FinishedOptions extends AbortOptions {
    cleanup?: boolean;
    error?: boolean;
    readable?: boolean;
    writable?: boolean;
  }
  function addAbortSignal<T extends AnyStream>(signal: AbortSignal, stream: T): T;
  function compose(...streams: readonly unknown[]): Duplex;
  function destroy(stream: AnyStream, error?: Error): AnyStream;
  function finished(stream: AnyStream, callback: Callback): () => void;
  function finished(stream: AnyStream, options: FinishedOptions, callback: Callback): () => void;
  function getDefaultHighWaterMark(objectMode: boolean): number;
  function isDestroyed(stream: unknown): boolean | null;
  function isDisturbed(stream: unknown): boolean;
  function isErrored(stream: unknown): boolean;
  function isReadable(stream: unknown): boolean | null;
  function isWritable(stream: unknown): boolean | null;
  /** Streams, iterables, and functions that make one of another; the callback last. */
  function pipeline(...streams: readonly unknown[]): Writable;
  function setDefaultHighWaterMark(objectMode: boolean, value: number): void;
  const promises: typeof import("node:stream/promises");

  export {
    Duplex,
    PassThrough,
    Readable,
    Stream,
    Transform,
    Writable,
    addAbortSignal,
    compose,
    destroy,
    finished,
    getDefaultHighWaterMark,
    isDestroyed,
    isDisturbed,
    isErrored,
    isReadable,
    isWritable,
    pipeline,
    promises,
    setDefaultHighWaterMark,
  };
  const exported: typeof Stream & typeof import("node:stream");
  export default exported;
}

declare module "node:stream/promises" {
  import type { Duplex, Readable, Writable } from "node:stream";
  export function finished(
    stream: Readable | Writable | Duplex,
    options?: { signal?: AbortSignal; cleanup?: boolean; readable?: boolean; writable?: boolean; error?: boolean },
  ): Promise<void>;
  /** Streams, iterables, and functions that make one of another; options may come last. */
  export function pipeline(...streams: readonly unknown[]): Promise<any>;
  const exported: typeof import("node:stream/promises");
  export default exported;
}

declare module "node:stream/consumers" {
  type Source = AsyncIterable<unknown> | Iterable<unknown>;
  export function arrayBuffer(stream: Source): Promise<ArrayBuffer>;
  export function blob(stream: Source): Promise<Blob>;
  export function buffer(stream: Source): Promise<Buffer>;
  export function json(stream: Source): Promise<unknown>;
  export function text(stream: Source): Promise<string>;
  const exported: typeof import("node:stream/consumers");
  export default exported;
}

declare module "node:stream/web" {
  const theByteLengthQueuingStrategy: typeof ByteLengthQueuingStrategy;
  type theByteLengthQueuingStrategy = ByteLengthQueuingStrategy;
  const theCountQueuingStrategy: typeof CountQueuingStrategy;
  type theCountQueuingStrategy = CountQueuingStrategy;
  const theReadableByteStreamController: typeof ReadableByteStreamController;
  type theReadableByteStreamController = ReadableByteStreamController;
  const theReadableStream: typeof ReadableStream;
  type theReadableStream<R = unknown> = ReadableStream<R>;
  const theReadableStreamBYOBReader: typeof ReadableStreamBYOBReader;
  type theReadableStreamBYOBReader = ReadableStreamBYOBReader;
  const theReadableStreamBYOBRequest: typeof ReadableStreamBYOBRequest;
  type theReadableStreamBYOBRequest = ReadableStreamBYOBRequest;
  const theReadableStreamDefaultController: typeof ReadableStreamDefaultController;
  type theReadableStreamDefaultController<R = unknown> = ReadableStreamDefaultController<R>;
  const theReadableStreamDefaultReader: typeof ReadableStreamDefaultReader;
  type theReadableStreamDefaultReader<R = unknown> = ReadableStreamDefaultReader<R>;
  const theTextDecoderStream: typeof TextDecoderStream;
  type theTextDecoderStream = TextDecoderStream;
  const theTextEncoderStream: typeof TextEncoderStream;
  type theTextEncoderStream = TextEncoderStream;
  const theTransformStream: typeof TransformStream;
  type theTransformStream<I = unknown, O = I> = TransformStream<I, O>;
  const theTransformStreamDefaultController: typeof TransformStreamDefaultController;
  type theTransformStreamDefaultController<O = unknown> = TransformStreamDefaultController<O>;
  const theWritableStream: typeof WritableStream;
  type theWritableStream<W = unknown> = WritableStream<W>;
  const theWritableStreamDefaultController: typeof WritableStreamDefaultController;
  type theWritableStreamDefaultController = WritableStreamDefaultController;
  const theWritableStreamDefaultWriter: typeof WritableStreamDefaultWriter;
  type theWritableStreamDefaultWriter<W = unknown> = WritableStreamDefaultWriter<W>;
  export {
    theByteLengthQueuingStrategy as ByteLengthQueuingStrategy,
    theCountQueuingStrategy as CountQueuingStrategy,
    theReadableByteStreamController as ReadableByteStreamController,
    theReadableStream as ReadableStream,
    theReadableStreamBYOBReader as ReadableStreamBYOBReader,
    theReadableStreamBYOBRequest as ReadableStreamBYOBRequest,
    theReadableStreamDefaultController as ReadableStreamDefaultController,
    theReadableStreamDefaultReader as ReadableStreamDefaultReader,
    theTextDecoderStream as TextDecoderStream,
    theTextEncoderStream as TextEncoderStream,
    theTransformStream as TransformStream,
    theTransformStreamDefaultController as TransformStreamDefaultController,
    theWritableStream as WritableStream,
    theWritableStreamDefaultController as WritableStreamDefaultController,
    theWritableStreamDefaultWriter as WritableStreamDefaultWriter,
  };
  const exported: typeof import("node:stream/web");
  export default exported;
}

declare module "stream" {
  export * from "node:stream";
  export { default } from "node:stream";
}

declare module "stream/promises" {
  export * from "node:stream/promises";
  export { default } from "node:stream/promises";
}

declare module "stream/consumers" {
  export * from "node:stream/consumers";
  export { default } from "node:stream/consumers";
}

declare module "stream/web" {
  export * from "node:stream/web";
  export { default } from "node:stream/web";
}
