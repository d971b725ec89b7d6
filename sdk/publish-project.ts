/**
 * Publishes a project: names every file by its digest, uploads what the control plane lacks, asks for the version.
 *
 * Knows no command line and no bundler. Invariant: a file that changes while it is being published fails the publish; it
 * can never go out under another content's digest.
 */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { PublishRequest, PublishResult, Source } from "./api.ts";
import type { Digest } from "./artifact.ts";
import type { SelvageClient } from "./client.ts";
import type { ProjectSource, SourceFile } from "./project-source.ts";

/** Bytes of one upload before base64; a larger single file goes alone. */
export const uploadBatchBytesMax = 8_388_608;
/** Digests asked about in one request. */
const DIGESTS_PER_REQUEST = 10_000;
const READS_AT_ONCE = 16;

/** How far a publish is. */
export type PublishProgress =
  | { readonly kind: "hashing"; readonly files: number }
  | { readonly kind: "uploading"; readonly sentBytes: number; readonly totalBytes: number }
  | { readonly kind: "building" };

export type PublishSettings = Omit<PublishRequest, "source">;

/** Publishes the tree; the control plane bundles it. `digests` may be kept for the next publish of the same folder. */
export async function publishProject(
  client: SelvageClient,
  options: {
    readonly project: ProjectSource;
    readonly settings: PublishSettings;
    readonly digests: FileDigests;
    readonly onProgress: (progress: PublishProgress) => void;
  },
): Promise<PublishResult> {
  const { project, settings, digests, onProgress } = options;
  onProgress({ kind: "hashing", files: project.files.length });
  const named = await mapBounded(project.files, async (file) => ({ ...file, digest: await digests.of(file) }));
  const missing = await askMissing(client, [...new Set(named.map(({ digest }) => digest))]);
  const uploads = new Map(named.filter(({ digest }) => missing.has(digest)).map((file) => [file.digest, file]));
  await upload(client, { files: [...uploads.values()], onProgress });
  onProgress({ kind: "building" });
  const files = named.map(({ path, digest }) => ({ path, digest }));
  const source: Source = { kind: "tree", entry: project.entry, files };
  return client.publish(project.file.name, { ...settings, source });
}

/** Digests of files, read again only when size or modification time changed. */
export class FileDigests {
  readonly #known = new Map<string, { readonly bytes: number; readonly mtimeMs: number; readonly digest: Digest }>();

  async of(file: SourceFile): Promise<Digest> {
    const { size: bytes, mtimeMs } = await stat(file.location);
    const known = this.#known.get(file.location);
    if (known?.bytes === bytes && known.mtimeMs === mtimeMs) return known.digest;
    const digest = digestOf(await readFile(file.location));
    this.#known.set(file.location, { bytes, mtimeMs, digest });
    return digest;
  }

  /** Forgets everything, for example after a file changed while it was read. */
  clear(): void {
    this.#known.clear();
  }
}

function digestOf(content: Uint8Array): Digest {
  return createHash("sha256").update(content).digest("hex");
}

async function askMissing(client: SelvageClient, digests: readonly Digest[]): Promise<ReadonlySet<Digest>> {
  const missing = new Set<Digest>();
  for (let at = 0; at < digests.length; at += DIGESTS_PER_REQUEST) {
    const part = digests.slice(at, at + DIGESTS_PER_REQUEST);
    for (const digest of await client.missingBlobs({ digests: part })) missing.add(digest);
  }
  return missing;
}

async function upload(
  client: SelvageClient,
  options: {
    readonly files: readonly (SourceFile & { readonly digest: Digest })[];
    readonly onProgress: (progress: PublishProgress) => void;
  },
): Promise<void> {
  const totalBytes = options.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let sentBytes = 0;
  for (const batch of cutBatches(options.files)) {
    options.onProgress({ kind: "uploading", sentBytes, totalBytes });
    const blobs = await mapBounded(batch, async ({ path, location, digest }) => {
      const content = await readFile(location);
      if (digestOf(content) !== digest) throw new Error(`Cannot publish ${path}: it changed meanwhile: publish again`);
      return { digest, base64: content.toString("base64") };
    });
    await client.uploadBlobs({ blobs });
    sentBytes += batch.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/** Groups of at most `uploadBatchBytesMax`, order kept. */
export function cutBatches<T extends { readonly bytes: number }>(files: readonly T[]): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let room = 0;
  for (const file of files) {
    const last = batches.at(-1);
    if (last === undefined || file.bytes > room) {
      batches.push([file]);
      room = uploadBatchBytesMax - file.bytes;
    } else {
      last.push(file);
      room -= file.bytes;
    }
  }
  return batches;
}

/** `map` over all items, a few at a time, order kept. */
async function mapBounded<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += READS_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + READS_AT_ONCE).map(map))));
  }
  return results;
}
