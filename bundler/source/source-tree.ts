/**
 * The files a bundle may be made of, and nothing else on this machine.
 *
 * The bundler reads only through this interface, so that no import, map or link of a hostile source can name a file
 * outside the tree: a path that leaves it has no form here. `memory-tree.ts` and `directory-tree.ts` implement it.
 */
import type { SourcePath } from "./source-path.ts";

export type EntryKind = "file" | "directory";

/** What a path is, with links followed: `path` is the one name of the thing. */
export interface SourceEntry {
  readonly kind: EntryKind;
  readonly path: SourcePath;
}

export interface SourceTree {
  /** What `path` is, or null when it is absent or a link out of the tree. */
  find(path: SourcePath): Promise<SourceEntry | null>;
  /**
   * The bytes of a file that `find` returned.
   * @throws {SourceReadError} when it is larger than `bytesMax` or cannot be read.
   */
  read(path: SourcePath, bytesMax: number): Promise<Uint8Array>;
}

/** A file of the tree that cannot be used; the message is for the author and names no path outside the tree. */
export class SourceReadError extends Error {
  override readonly name = "SourceReadError";
}

/** The refusal of a file of `bytes` where `bytesMax` are allowed. */
export function fileTooLarge(bytes: number, bytesMax: number): SourceReadError {
  return new SourceReadError(`has ${String(bytes)} bytes, allowed are ${String(bytesMax)} for all sources together`);
}
