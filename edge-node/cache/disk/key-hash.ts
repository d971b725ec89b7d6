/**
 * The 128 bits by which an entry is found: the start of the key's SHA-256, so that nobody can choose keys that crowd one bucket.
 *
 * The key itself stands in the record and is compared there.
 */
import { hash } from "node:crypto";

/** Four unsigned 32-bit words. */
export interface KeyHash {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** A key that is looked for, and its hash. */
export interface Wanted {
  readonly hash: KeyHash;
  readonly key: string;
}

export const keyHashBytes = 16;

export function hashKey(key: string): KeyHash {
  return readKeyHash(hash("sha256", key, "buffer"), 0);
}

export function readKeyHash(from: Buffer, at: number): KeyHash {
  return {
    a: from.readUInt32LE(at),
    b: from.readUInt32LE(at + 4),
    c: from.readUInt32LE(at + 8),
    d: from.readUInt32LE(at + 12),
  };
}

export function writeKeyHash(hash: KeyHash, into: Buffer, at: number): void {
  into.writeUInt32LE(hash.a, at);
  into.writeUInt32LE(hash.b, at + 4);
  into.writeUInt32LE(hash.c, at + 8);
  into.writeUInt32LE(hash.d, at + 12);
}

export function isSameHash(left: KeyHash, right: KeyHash): boolean {
  return left.a === right.a && left.b === right.b && left.c === right.c && left.d === right.d;
}

/** For sets of hashes. */
export function hashName(hash: KeyHash): string {
  return `${hash.a},${hash.b},${hash.c},${hash.d}`;
}
