/**
 * Part: the Streams standard, and what Fetch does with streams. The door to web-streams-polyfill: nothing else imports its classes.
 *
 * Its library takes built-ins while it loads, maybe after user code ran: it gets those of globals.ts.
 */
import { ReadableStream, WritableStream } from "web-streams-polyfill";
import { amendPolyfill } from "./amend-polyfill.ts";

export { cloneStream } from "./clone-stream.ts";
export { streamOfHostBody } from "./host-body-stream.ts";
export { readStream } from "./read-stream.ts";
export { consumeStream, isDisturbed, isReadableStream } from "./stream-state.ts";
export { TextDecoderStream, TextEncoderStream } from "./text-streams.ts";
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
