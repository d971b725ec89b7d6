/**
 * What a store throws when the database could not do what it was asked: a reason of a closed list, the same for every database.
 *
 * Callers check before they write, so `duplicate` and `reference` mean that a check is missing. Invariant: whatever the reason, the work
 * that threw left nothing behind, except that after `unavailable` a change may have been made whose answer was lost.
 */
import type { ErrorCode } from "../sdk/error-code.ts";

export type StoreReason =
  /** A key exists already. */
  | "duplicate"
  /** What a row names does not exist, or is named by others. */
  | "reference"
  /** Others hold what is needed for too long, or the database gave this transaction up for theirs. */
  | "busy"
  /** No room, on the disk or within a bound. */
  | "full"
  /** The database takes no changes now. */
  | "readOnly"
  /** The database cannot be reached, or went away. */
  | "unavailable"
  /** The database found its own files broken, or could not read or write them. */
  | "damaged";

/** What outsiders get. */
const codes: Readonly<Record<StoreReason, ErrorCode>> = {
  duplicate: "CONFLICT",
  reference: "CONFLICT",
  busy: "STORE_BUSY",
  full: "STORE_FULL",
  readOnly: "STORE_READ_ONLY",
  unavailable: "STORE_UNAVAILABLE",
  damaged: "STORE_DAMAGED",
};

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly reason: StoreReason;
  readonly code: ErrorCode;

  constructor(reason: StoreReason, cause: unknown) {
    const said = cause instanceof Error ? cause.message : String(cause);
    super(`Cannot use the store: ${reason}: ${said}`, { cause });
    this.reason = reason;
    this.code = codes[reason];
  }
}

/** What `running` gives; what the database threw, with its reason. */
export async function nameStoreErrors<T>(
  running: Promise<T>,
  reasonOf: (error: unknown) => StoreReason | null,
): Promise<T> {
  try {
    return await running;
  } catch (error) {
    const reason = reasonOf(error);
    throw reason === null ? error : new StoreError(reason, error);
  }
}
