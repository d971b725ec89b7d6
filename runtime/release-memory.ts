/**
 * Gives a chunk's memory back at once instead of at some later collection: V8 counts the bytes of buffers, and at hundreds of megabytes a
 * second of them it would do little else than collect. Only whoever owns the chunk alone may do so: it is empty from then on.
 */

/** Smaller chunks cost less to leave to the collector. */
const bytesMin = 16 * 1024;

/** Empties the chunk; leaves one alone that is small or shares its memory with others. */
export function releaseMemory(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (chunk.byteLength < bytesMin || chunk.byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
