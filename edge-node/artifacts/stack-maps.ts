/**
 * The source maps of loaded versions, read from the disk when a first stack needs them.
 *
 * Knows which version has which map, not what a map means (sdk/map-stack.ts). Invariant: a map that is missing, damaged or broken
 * leaves the stack as it was; at most `MAPS_MAX` parsed maps are held.
 */
import { LRUCache } from "lru-cache";
import type { Digest } from "../../sdk/artifact.ts";
import { StackMap } from "../../sdk/map-stack.ts";
import type { BlobFolder } from "./blob-folder.ts";

const MAPS_MAX = 16;

export class StackMaps {
  readonly #blobs: BlobFolder;
  readonly #digests = new Map<string, Digest>();
  readonly #maps = new LRUCache<Digest, Promise<StackMap | null>>({ max: MAPS_MAX });

  constructor(blobs: BlobFolder) {
    this.#blobs = blobs;
  }

  /** `key` is the driver's key of a version; null: it has no source map. */
  add(key: string, sourceMap: Digest | null): void {
    if (sourceMap !== null) this.#digests.set(key, sourceMap);
  }

  remove(key: string): void {
    this.#digests.delete(key);
  }

  /** `stack` in positions of the author's sources where they are known. Never rejects. */
  async map(key: string, stack: string): Promise<string> {
    const digest = this.#digests.get(key);
    if (digest === undefined || stack === "") return stack;
    let loading = this.#maps.get(digest);
    if (loading === undefined) {
      loading = this.#load(digest);
      this.#maps.set(digest, loading);
    }
    const map = await loading;
    return map === null ? stack : map.map(stack);
  }

  async #load(digest: Digest): Promise<StackMap | null> {
    try {
      const read = await this.#blobs.read(digest);
      if (read.kind === "found") return new StackMap(read.bytes.toString("utf8"));
    } catch {
      // A disk that fails costs the mapping, not the log line.
    }
    this.#maps.delete(digest);
    return null;
  }
}
