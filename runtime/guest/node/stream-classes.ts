/** The classes of `readable-stream` alone: what both `stream.ts` and its adapters need. */
import stream from "readable-stream/lib/stream.js";

export type { Callback, NodeStream } from "readable-stream/lib/stream.js";
export const readableStream: typeof stream = stream;
