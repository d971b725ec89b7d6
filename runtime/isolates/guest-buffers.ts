/** Buffers on their way into an isolate and out of it: copied once, then moved. */
import { batchLimits } from "../../sdk/limits.ts";
import { FrameError } from "../bridge/frame.ts";
import type { Pieces } from "../link.ts";
import { ivm, type Copy } from "./isolated-vm.ts";

const { charsMax, bytesMax, buffersMax } = batchLimits;
const encoder = new TextEncoder();

/**
 * A guest's batch as it can be read, once it is known to be within its bounds; of a text among its buffers the bytes take the place.
 * Throws `FrameError` before anything of it was acted on, so that whoever stops the guest answers all that it was to answer.
 */
export function readableBatch(batch: unknown, buffers: unknown[]): string {
  if (typeof batch !== "string") throw new FrameError("the batch is not a string");
  if (batch.length > charsMax) throw tooLarge(batch.length, { unit: "characters", max: charsMax });
  if (buffers.length > buffersMax) throw tooLarge(buffers.length, { unit: "buffers", max: buffersMax });
  let left = bytesMax;
  for (let index = 0; index < buffers.length; index += 1) {
    let buffer = buffers[index];
    // Each character is a byte at least: what is too long is not even encoded.
    if (typeof buffer === "string" && buffer.length <= left) buffer = buffers[index] = encoder.encode(buffer).buffer;
    left -= sizeOf(buffer);
    if (left < 0) throw tooLarge(bytesMax - left, { unit: "bytes of bodies", max: bytesMax });
  }
  return batch;
}

function sizeOf(buffer: unknown): number {
  if (typeof buffer === "string") return buffer.length;
  return buffer instanceof ArrayBuffer ? buffer.byteLength : 0;
}

function tooLarge(count: number, { unit, max }: { readonly unit: string; readonly max: number }): FrameError {
  return new FrameError(`the function said at least ${count} ${unit} at once, allowed are ${max}`);
}

/** The `count` buffers of a guest's batch from `from` on. Throws `FrameError` when the guest sent something else. */
export function takeBuffers(
  buffers: readonly unknown[],
  from: number,
  count: number,
): readonly Uint8Array<ArrayBuffer>[] {
  const taken: Uint8Array<ArrayBuffer>[] = [];
  for (let index = from; index < from + count; index += 1) {
    const buffer = buffers[index];
    if (!(buffer instanceof ArrayBuffer)) throw new FrameError("a buffer is missing");
    taken.push(new Uint8Array(buffer));
  }
  return taken;
}

/** The buffer as a link takes it: nobody else holds it. */
export function given(bytes: Uint8Array): Pieces {
  return { pieces: [bytes], byteLength: bytes.byteLength, areGiven: true };
}

/** The buffer itself: the isolate takes its memory over, and it is empty here from then on. */
export function moved(buffer: ArrayBuffer): Copy<ArrayBuffer> {
  return new ivm.ExternalCopy(buffer, { transferOut: true }).copyInto({ release: true, transferIn: true });
}

/** A copy that the isolate takes over. */
export function transferable(bytes: Uint8Array): Copy<ArrayBuffer> {
  // Not slice(): a Buffer would hand out the memory it is a view of.
  return moved(new Uint8Array(bytes).buffer);
}
