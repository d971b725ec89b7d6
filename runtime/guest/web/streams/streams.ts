/**
 * The core's door to streams, which are a part: most requests never see one.
 *
 * Nothing here loads the part but `streams()`. Invariant: while it is not loaded no stream exists, so nothing is one.
 */
import type * as part from "../../parts/streams/main.ts";
import { loadedPart, loadPart } from "../../parts/load-part.ts";

export type {
  ReadableStream,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  WritableStream,
  WritableStreamDefaultController,
} from "web-streams-polyfill";

/** The classes, and what Fetch asks of streams; loaded by the first call. */
export function streams(): typeof part {
  return loadPart("streams");
}

export function isReadableStream(value: unknown): value is part.ReadableStream<Uint8Array> {
  return loadedPart("streams")?.isReadableStream(value) === true;
}
