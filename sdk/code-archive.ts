/**
 * Source files out of a ZIP that a client sent: checked, bounded, nothing written anywhere.
 *
 * Invariants: no path leaves the archive's root; what is unpacked is counted while it is unpacked, so that no archive is a bomb; an entry that is
 * neither a file nor a folder (a link, a device) is refused. Unpacking yields to others after every step: a control plane goes on serving.
 */
import { setImmediate } from "node:timers/promises";
import { Unzip, UnzipInflate, zipSync } from "fflate";
import { publishLimits } from "./limits.ts";
import { refuseSourcePath } from "./manifest-file.ts";
import { readZipDirectory } from "./zip-directory.ts";

export interface ArchiveFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export type Unpacked =
  { readonly ok: true; readonly files: readonly ArchiveFile[] } | { readonly ok: false; readonly reason: string };

/** Of one step. Deflate makes at most about a thousand times as much of it. */
const chunkBytes = 8_192;

/** The files of `archive` in its order, folders left out. */
export async function unpackArchive(archive: Uint8Array): Promise<Unpacked> {
  const refused = refuseArchive(archive);
  return refused === null ? await unpackEntries(archive) : { ok: false, reason: refused };
}

/** What its directory tells before anything is unpacked. */
function refuseArchive(archive: Uint8Array): string | null {
  if (!looksLikeZip(archive)) return "it is no ZIP archive";
  const directory = readZipDirectory(archive);
  if (directory === null) return "it is cut off, or in a form that is not read (ZIP64, several files)";
  const [special] = directory.special;
  if (special === undefined) return null;
  return `the entry ${JSON.stringify(special.slice(0, 200))} is a link or a device, allowed: files and folders`;
}

async function unpackEntries(archive: Uint8Array): Promise<Unpacked> {
  const files: ArchiveFile[] = [];
  const seen = new Set<string>();
  let total = 0;
  const problems: string[] = [];
  const refuse = (reason: string): void => void problems.push(reason);
  const unzip = new Unzip((entry) => {
    if (problems.length > 0 || entry.name.endsWith("/")) return;
    const path = entry.name.replaceAll("\\", "/");
    const refused = refuseSourcePath(path);
    if (refused !== null) return refuse(`the entry ${JSON.stringify(path.slice(0, 200))}: allowed: ${refused}`);
    if (seen.has(path)) return refuse(`the entry ${JSON.stringify(path)} is there twice`);
    seen.add(path);
    if (files.length >= publishLimits.sourceFilesMax) return refuse(`more than ${publishLimits.sourceFilesMax} files`);
    const parts: Uint8Array[] = [];
    entry.ondata = (error, part, isLast) => {
      if (error !== null) return refuse(`the entry ${JSON.stringify(path)} cannot be unpacked`);
      total += part.byteLength;
      if (total > publishLimits.sourceBytesMax) {
        refuse(`it unpacks to more than ${publishLimits.sourceBytesMax} bytes`);
        return entry.terminate();
      }
      parts.push(part.slice());
      if (isLast) files.push({ path, bytes: concat(parts) });
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  try {
    // In small steps: the bound on what is unpacked is looked at between them.
    for (let at = 0; at < archive.byteLength && problems.length === 0; at += chunkBytes) {
      unzip.push(archive.subarray(at, at + chunkBytes), at + chunkBytes >= archive.byteLength);
      await setImmediate();
    }
  } catch {
    refuse("it is damaged");
  }
  if (files.length < seen.size) refuse("it is cut off");
  if (files.length === 0) refuse("it holds no file");
  const [reason] = problems;
  return reason === undefined ? { ok: true, files } : { ok: false, reason };
}

/** A ZIP of `files`; the same bytes for the same files. */
export function packArchive(files: readonly ArchiveFile[]): Uint8Array {
  const entries = Object.fromEntries(files.map(({ path, bytes }) => [path, bytes]));
  return zipSync(entries, { level: 6, mtime: new Date("1980-01-01T00:00:00") });
}

/** A local file header, or the end record of an empty archive. */
export function looksLikeZip(bytes: Uint8Array): boolean {
  const [first, second, third, fourth] = bytes;
  return first === 0x50 && second === 0x4b && ((third === 3 && fourth === 4) || (third === 5 && fourth === 6));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
