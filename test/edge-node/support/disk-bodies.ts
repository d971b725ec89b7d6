/** Bodies for disk stores, and short words for writing and reading entries. Imports no test runner: programs use it, too. */
import type { ByteRange, DiskStore } from "../../../edge-node/cache/disk/disk-store.ts";

export const smallStoreBytes = 33_554_432;

/** Bytes that depend on `seed` and position, so that bytes of other bodies or places differ. */
export function bodyOf(seed: number, bytes: number): Buffer {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = state;
  }
  return Buffer.from(words.buffer, 0, bytes);
}

export interface NewEntry {
  readonly head?: string;
  readonly body: Uint8Array;
  readonly chunkBytes?: number;
}

/** Whether the entry exists afterwards. */
export async function writeEntry(store: DiskStore, key: string, entry: NewEntry): Promise<boolean> {
  const { head = "head", body, chunkBytes = 50_000 } = entry;
  const writer = store.begin(key, Buffer.from(head));
  for (let at = 0; at < body.byteLength; at += chunkBytes) await writer.write(body.subarray(at, at + chunkBytes));
  return writer.finish();
}

export interface ReadEntry {
  readonly head: string;
  readonly body: Buffer;
}

/** Whether the entry is there with that head and body. (Comparing long buffers with `toEqual` takes seconds.) */
export async function isEntry(
  store: DiskStore,
  key: string,
  expected: { readonly head: string; readonly body: Buffer },
): Promise<boolean> {
  const read = await readEntry(store, key);
  return read?.head === expected.head && read.body.equals(expected.body);
}

export async function readEntry(store: DiskStore, key: string, range?: ByteRange): Promise<ReadEntry | undefined> {
  const found = await store.read(key);
  if (found === undefined) return undefined;
  return { head: Buffer.from(found.head).toString(), body: await collect(found.body(range)) };
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
