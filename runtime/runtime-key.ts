/**
 * Which runtime a snapshot belongs to: V8's own tag of version, flags and processor features, and the guest it was made with, parts included.
 * A snapshot is machine code; it is restored only where the key is equal.
 */
import { createHash } from "node:crypto";
import { arch, platform } from "node:os";
import { cachedDataVersionTag } from "node:v8";
import type { GuestCode } from "./guest-code.ts";

/** 32 hex characters, the same in every process of one installation on one kind of machine. */
export function runtimeKey({ script, parts }: GuestCode): string {
  const hash = createHash("sha256").update(`${platform()} ${arch()} ${cachedDataVersionTag()}\n`);
  const pieces = [script, ...[...parts].toSorted(([a], [b]) => (a < b ? -1 : 1)).flat()];
  for (const piece of pieces) hash.update(`${piece.length}\n${piece}`);
  return hash.digest("hex").slice(0, 32);
}
