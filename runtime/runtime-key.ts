/**
 * Which runtime a snapshot belongs to: V8's own tag of version, flags and processor features, and the guest script it was made with.
 * A snapshot is machine code; it is restored only where the key is equal.
 */
import { createHash } from "node:crypto";
import { arch, platform } from "node:os";
import { cachedDataVersionTag } from "node:v8";

/** 32 hex characters, the same in every process of one installation on one kind of machine. */
export function runtimeKey(guestScript: string): string {
  return createHash("sha256")
    .update(`${platform()} ${arch()} ${cachedDataVersionTag()}\n`)
    .update(guestScript)
    .digest("hex")
    .slice(0, 32);
}
