/**
 * The door to web-streams-polyfill: nothing else imports its classes.
 *
 * Beside the standard's classes it knows of their insides what Fetch asks for and no public member shows: the `_disturbed` mark and the kind
 * of controller. Every export with a capital letter is a global.
 */
import "../core/early-globals.ts";
import { ReadableByteStreamController, ReadableStream, WritableStream } from "web-streams-polyfill";
import { amendPolyfill } from "./amend-polyfill.ts";

export {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} from "web-streams-polyfill";

amendPolyfill({ ReadableStream, WritableStream });

interface Inside {
  _disturbed: boolean;
  readonly _readableStreamController: unknown;
}

export function isReadableStream(value: unknown): value is ReadableStream<Uint8Array> {
  return value instanceof ReadableStream;
}

/** Whether the stream was ever read from or cancelled. */
export function isDisturbed(stream: ReadableStream<unknown>): boolean {
  return (stream as unknown as Inside)._disturbed;
}

/** Locks the stream for good and marks it as read, for a reader that takes its source instead. */
export function consumeStream(stream: ReadableStream<unknown>): void {
  stream.getReader();
  (stream as unknown as Inside)._disturbed = true;
}

/** Whether the stream has the type `bytes`. */
export function isByteStream(stream: ReadableStream<unknown>): boolean {
  return (stream as unknown as Inside)._readableStreamController instanceof ReadableByteStreamController;
}
