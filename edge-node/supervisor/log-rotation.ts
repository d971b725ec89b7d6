/**
 * Looks after the size of the access log's file while the node runs.
 *
 * Invariant: a file that cannot be moved goes on growing and is told once; nothing of the node's work waits for it.
 */
import { accessLogLimits } from "../../sdk/cdn-limits.ts";
import type { AccessLogPlace } from "../access-log/access-log-place.ts";
import { rotateFile } from "../access-log/rotate-file.ts";
import { delay, type Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";

/** Runs until `signal` aborts; never rejects. */
export async function keepLogSmall(
  place: AccessLogPlace,
  { clock, logger, signal }: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  if (place.kind !== "file") return;
  const { fileBytesMax: bytesMax, filesKept: kept, rotateMs } = accessLogLimits;
  let isFailing = false;
  while (!signal.aborted) {
    try {
      const isMoved = await rotateFile(place.file, { bytesMax, kept });
      if (isMoved) logger.info({ file: place.file }, "access_log.rotated");
      isFailing = false;
    } catch (error) {
      if (!isFailing) logger.error({ err: error, file: place.file }, "access_log.rotation.failed");
      isFailing = true;
    }
    await delay(clock, { delayMs: rotateMs, signal });
  }
}
