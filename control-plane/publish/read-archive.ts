/** The files of a ZIP that a request names, by its uploaded parts or by an address. */
import type { ArchivePlace } from "../../sdk/api.ts";
import { unpackArchive, type ArchiveFile } from "../../sdk/code-archive.ts";
import { archiveLimits } from "../../sdk/code-limits.ts";
import type { Uploads } from "../blobs/uploads.ts";
import { ControlError, invalidInput } from "../control-error.ts";
import type { CodeDownload } from "./code-download.ts";

export interface ArchiveSources {
  readonly uploads: Uploads;
  readonly download: Pick<CodeDownload, "fetch">;
  readonly signal?: AbortSignal;
}

/** @throws ControlError INPUT_INVALID, PAYLOAD_TOO_LARGE, BUILD_QUEUE_FULL; problems are at `source.…`. */
export async function readArchive(place: ArchivePlace, sources: ArchiveSources): Promise<readonly ArchiveFile[]> {
  return await filesOf(await readArchiveBytes(place, sources));
}

export function readArchiveBytes(place: ArchivePlace, sources: ArchiveSources): Promise<Uint8Array> {
  return place.kind === "url" ? download(place.url, sources) : joinParts(place.parts, sources.uploads);
}

/** @throws ControlError INPUT_INVALID. */
export async function filesOf(archive: Uint8Array): Promise<readonly ArchiveFile[]> {
  const unpacked = await unpackArchive(archive);
  if (unpacked.ok) return unpacked.files;
  throw invalidInput([{ path: "source", message: `received an archive that cannot be used: ${unpacked.reason}` }]);
}

async function download(url: string, { download: code, signal }: ArchiveSources): Promise<Uint8Array> {
  const outcome = await code.fetch(url, signal === undefined ? {} : { signal });
  switch (outcome.kind) {
    case "fetched":
      return outcome.bytes;
    case "refused":
      throw invalidInput([{ path: "source.url", message: outcome.reason }]);
    case "too-large":
      throw tooLarge("source.url", outcome.reason);
    case "busy":
      throw new ControlError("BUILD_QUEUE_FULL");
  }
}

async function joinParts(parts: readonly string[], uploads: Uploads): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let total = 0;
  for (const [index, digest] of parts.entries()) {
    const bytes = await uploads.read(digest);
    if (bytes === null) {
      throw invalidInput([
        { path: `source.parts[${String(index)}]`, message: `received ${digest}: upload this blob first` },
      ]);
    }
    total += bytes.byteLength;
    if (total > archiveLimits.bytesMax) {
      throw tooLarge("source.parts", `received more bytes than allowed: at most ${String(archiveLimits.bytesMax)}`);
    }
    read.push(bytes);
  }
  return Buffer.concat(read, total);
}

function tooLarge(path: string, message: string): ControlError {
  return new ControlError("PAYLOAD_TOO_LARGE", { message: `${path}: ${message}`, problems: [{ path, message }] });
}
