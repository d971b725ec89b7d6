/**
 * What Fetch asks of a stream and no public member shows: the `_disturbed` mark and the kind of controller, insides of web-streams-polyfill.
 */
import { ReadableByteStreamController, ReadableStream } from "web-streams-polyfill";

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
