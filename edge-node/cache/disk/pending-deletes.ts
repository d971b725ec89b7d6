/**
 * Deletions that the disk has not taken: until it has, this front does not find these entries.
 *
 * Bounded; on overflow nothing on the disk may be found any more. Invariant: a deletion is forgotten only when it was done.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import { hashName, type KeyHash } from "./key-hash.ts";

export class PendingDeletes {
  readonly #pending = new Map<string, KeyHash>();

  has(hash: KeyHash): boolean {
    return this.#pending.size > 0 && this.#pending.has(hashName(hash));
  }

  /** False when there are too many. */
  add(hash: KeyHash): boolean {
    if (this.#pending.size >= diskCacheLimits.pendingDeletesMax) return false;
    this.#pending.set(hashName(hash), hash);
    return true;
  }

  done(hash: KeyHash): void {
    this.#pending.delete(hashName(hash));
  }

  /** As they are now. */
  all(): readonly KeyHash[] {
    return [...this.#pending.values()];
  }

  clear(): void {
    this.#pending.clear();
  }
}
