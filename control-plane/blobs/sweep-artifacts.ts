/**
 * Removes artifacts that no version needs: of publishes that did not finish, of deleted versions and dependencies, and code that no function has any more.
 *
 * Invariant: a blob that was stored or stored again within `keepMs`, or since the look at what is needed, stays, so that a publish under way loses
 * nothing.
 */
import type { Clock } from "../clock.ts";
import type { Store } from "../store.ts";
import type { BlobStore } from "./blob-store.ts";

/** No publish takes this long. */
const keepMs = 3_600_000;

/** Answers how many were removed. */
export async function sweepArtifacts({
  artifacts,
  store,
  clock,
}: {
  readonly artifacts: BlobStore;
  readonly store: Store;
  readonly clock: Clock;
}): Promise<number> {
  const usedUntil = clock.now() - keepMs;
  const files = await artifacts.list();
  const needed = await store.read(async ({ dependencies, fgsFunctions, versions }) => {
    const code = (await fgsFunctions.list()).map(({ codeBlob }) => codeBlob);
    return new Set([...(await versions.listBlobs()), ...(await dependencies.listBlobs()), ...code]);
  });
  let removed = 0;
  for (const { digest, usedAt } of files) {
    if (needed.has(digest) || usedAt > usedUntil) continue;
    // A version that was committed since then has stored its blobs again before.
    if (await artifacts.removeUnused(digest, usedUntil)) removed++;
  }
  return removed;
}
