/**
 * Gets one blob from the control plane onto the disk, with a bounded number of attempts.
 *
 * Invariant: it returns only when the blob is on the disk with the right digest; what arrives broken or wrong is dropped and asked again.
 */
import { delay, type Clock } from "../clock.ts";
import { ControlError, type BlobSource } from "../control/control-client.ts";
import type { Logger } from "../logger.ts";
import { BackOff } from "../supervisor/back-off.ts";
import { BlobMismatchError, type BlobFolder, type BlobSpec } from "./blob-folder.ts";

export interface FetchBlobOptions {
  readonly source: BlobSource;
  readonly blobs: BlobFolder;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const ATTEMPTS = 4;
const WAIT_MS_MIN = 50;
const WAIT_MS_MAX = 1_000;
/** One attempt, whatever the speed of the line. */
const ATTEMPT_MS = 300_000;

/**
 * Throws `BlobMismatchError` when every attempt brought wrong bytes last, `ControlError` when the control plane has no such blob
 * or cannot be reached, the signal's reason when aborted, or what the file system throws.
 */
export async function fetchBlob(spec: BlobSpec, options: FetchBlobOptions): Promise<void> {
  const backOff = new BackOff({ minMs: WAIT_MS_MIN, maxMs: WAIT_MS_MAX, random: options.random });
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(spec, options);
    } catch (error) {
      options.signal.throwIfAborted();
      const failure = asFailure(error);
      if (attempt === ATTEMPTS || !mayWorkLater(failure)) throw failure;
      options.logger.warn({ digest: spec.digest, attempt, reason: failure.message }, "blob.fetch.retry");
      await delay(options.clock, { delayMs: backOff.nextMs(), signal: options.signal });
      options.signal.throwIfAborted();
    }
  }
}

async function attemptOnce(spec: BlobSpec, { source, blobs, clock, signal }: FetchBlobOptions): Promise<void> {
  const deadline = new AbortController();
  const cancel = clock.after(ATTEMPT_MS, () => deadline.abort(new Error(`no blob after ${ATTEMPT_MS} ms`)));
  try {
    const chunks = await source.openBlob(spec.digest, AbortSignal.any([signal, deadline.signal]));
    await blobs.write(spec, readOrUnreachable(chunks));
  } finally {
    cancel();
  }
}

/** Tells a broken transfer from a failing disk. */
async function* readOrUnreachable(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ControlError("unreachable", { message: `the blob's transfer broke off: ${reason}`, cause });
  }
}

function asFailure(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function mayWorkLater(error: Error): boolean {
  return error instanceof BlobMismatchError || (error instanceof ControlError && error.reason === "unreachable");
}
