/** Uploads an archive of code in parts that fit into one request each, so that the control plane can be told of it by their digests. */
import { createHash } from "node:crypto";
import type { ArchivePlace } from "./api.ts";
import type { SelvageClient } from "./client.ts";
import { archiveLimits } from "./code-limits.ts";

/** Bytes of one part, before base64. */
export const archivePartBytes = 8_388_608;

/** @throws when it is larger than `archiveLimits.bytesMax`, and whatever the client throws. */
export async function uploadArchive(client: SelvageClient, archive: Uint8Array): Promise<ArchivePlace> {
  const { bytesMax } = archiveLimits;
  if (archive.byteLength > bytesMax) {
    throw new Error(`Cannot upload the archive: received ${archive.byteLength} bytes, allowed: at most ${bytesMax}`);
  }
  const parts: { readonly digest: string; readonly bytes: Buffer }[] = [];
  for (let at = 0; at < archive.byteLength; at += archivePartBytes) {
    const bytes = Buffer.from(archive.subarray(at, at + archivePartBytes));
    parts.push({ digest: createHash("sha256").update(bytes).digest("hex"), bytes });
  }
  const digests = parts.map(({ digest }) => digest);
  const missing = new Set(await client.missingBlobs({ digests }));
  for (const { digest, bytes } of parts) {
    if (missing.delete(digest)) await client.uploadBlobs({ blobs: [{ digest, base64: bytes.toString("base64") }] });
  }
  return { kind: "archive", parts: digests };
}
