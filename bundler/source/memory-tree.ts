/**
 * A source tree held in memory: the uploaded files of a publish, or one inline module. It has no links.
 */
import { ancestorsOf, joinPath, parentOf, type SourcePath } from "./source-path.ts";
import { SourceReadError, fileTooLarge, type SourceEntry, type SourceTree } from "./source-tree.ts";

export class MemoryTree implements SourceTree {
  readonly #files: Map<SourcePath, Uint8Array>;
  readonly #directories = new Set<SourcePath>([""]);

  /** `files` by path. Paths that leave the root are left out; nothing can import them. */
  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = new Map();
    for (const [name, bytes] of files) {
      const path = joinPath("", name);
      if (path === null || path === "") continue;
      this.#files.set(path, bytes);
      for (const directory of ancestorsOf(parentOf(path))) this.#directories.add(directory);
    }
  }

  async find(path: SourcePath): Promise<SourceEntry | null> {
    if (this.#files.has(path)) return { kind: "file", path };
    return this.#directories.has(path) ? { kind: "directory", path } : null;
  }

  async read(path: SourcePath, bytesMax: number): Promise<Uint8Array> {
    const bytes = this.#files.get(path);
    if (bytes === undefined) throw new SourceReadError("does not exist");
    if (bytes.byteLength > bytesMax) throw fileTooLarge(bytes.byteLength, bytesMax);
    return bytes;
  }
}
