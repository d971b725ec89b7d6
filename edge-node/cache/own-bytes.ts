/** Bytes in memory of their own: what is kept must not keep the memory of others with it, and what it takes is what was counted. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
