/**
 * Takes a batch that a guest sent apart into its frames, and collects those that go on to the front.
 *
 * It does not know what a frame means. A guest is not bound by types: what it sent may be anything.
 */
import { FrameReader } from "../bridge/frame.ts";
import { readableBatch, takeBuffers } from "./guest-buffers.ts";

export interface FrontWords {
  readonly text: string;
  readonly buffers: readonly Uint8Array[];
}

/**
 * `read` gets each frame with its buffers, and says whether it goes on to the front.
 * @throws FrameError when the batch is not well-formed, or beyond its bounds.
 */
export function readGuestWords(
  { batch, buffers }: { readonly batch: unknown; readonly buffers: unknown[] },
  read: (reader: FrameReader, buffers: readonly Uint8Array<ArrayBuffer>[]) => boolean,
): FrontWords {
  const reader = new FrameReader(readableBatch(batch, buffers));
  const front = { text: "", buffers: [] as Uint8Array[] };
  let used = 0;
  while (reader.next()) {
    const own = reader.buffers === 0 ? noBuffers : takeBuffers(buffers, used, reader.buffers);
    used += reader.buffers;
    if (!read(reader, own)) continue;
    front.text += reader.raw();
    for (const buffer of own) front.buffers.push(buffer);
  }
  return front;
}

const noBuffers: readonly Uint8Array<ArrayBuffer>[] = [];
