/** Buffers on their way into an isolate and out of it: copied once, then moved. */
import { FrameError } from "../bridge/frame.ts";
import { ivm, type Copy } from "./isolated-vm.ts";

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

/** The buffer itself: the isolate takes its memory over, and it is empty here from then on. */
export function moved(buffer: ArrayBuffer): Copy<ArrayBuffer> {
  return new ivm.ExternalCopy(buffer, { transferOut: true }).copyInto({ release: true, transferIn: true });
}

/** A copy that the isolate takes over. */
export function transferable(bytes: Uint8Array): Copy<ArrayBuffer> {
  // Not slice(): a Buffer would hand out the memory it is a view of.
  return moved(new Uint8Array(bytes).buffer);
}
