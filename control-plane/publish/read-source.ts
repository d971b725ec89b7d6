/**
 * The source of a publish request → what the bundler takes. Uploaded files stay in memory: no path of a request ever reaches the disk.
 *
 * Invariant: every file's bytes have the digest the request names, and all problems of a tree are reported together.
 */
import type { BundleInput } from "../../bundler/bundle.ts";
import type { Source } from "../../sdk/api.ts";
import { showValue } from "../../sdk/field-reader.ts";
import { publishLimits } from "../../sdk/limits.ts";
import { fileOf, type EventSettings } from "../../sdk/event-settings.ts";
import type { ArchiveFile } from "../../sdk/code-archive.ts";
import { archiveEntries, refuseSourcePath } from "../../sdk/manifest-file.ts";
import type { Problem } from "../../sdk/problem.ts";
import { mapLimited } from "../blobs/map-limited.ts";
import { uploadLimits, type Uploads } from "../blobs/uploads.ts";
import { ControlError, invalidInput } from "../control-error.ts";
import { readArchive, type ArchiveSources } from "./read-archive.ts";

export interface SourceReading extends ArchiveSources {
  /** Null: not an event function. */
  readonly event: EventSettings | null;
}

/** @throws ControlError INPUT_INVALID for paths, blobs, archives and addresses, PAYLOAD_TOO_LARGE, BUILD_QUEUE_FULL. */
export async function readSource(source: Source, reading: SourceReading): Promise<BundleInput> {
  switch (source.kind) {
    case "inline":
      refuseLarge(source.code, publishLimits.inlineBytesMax);
      return source;
    case "bundle":
      refuseLarge(source.code, publishLimits.bundleBytesMax);
      return source;
    case "tree":
      return { kind: "files", entry: source.entry, files: await readTree(source, reading.uploads) };
    case "archive":
    case "url": {
      const files = await readArchive(source, reading);
      const entry = source.entry ?? findEntry(files, reading.event);
      if (!files.some(({ path }) => path === entry)) throw noEntry(entry);
      return { kind: "files", entry, files: new Map(files.map(({ path, bytes }) => [path, bytes])) };
    }
  }
}

/** Extensions that a handler's file is looked for with. */
const handlerExtensions = ["js", "mjs", "cjs", "ts", "mts"];

/** @throws ControlError INPUT_INVALID. */
function findEntry(files: readonly ArchiveFile[], event: EventSettings | null): string {
  const candidates =
    event === null ? archiveEntries : handlerExtensions.map((extension) => `${fileOf(event.handler)}.${extension}`);
  const entry = candidates.find((candidate) => files.some(({ path }) => path === candidate));
  if (entry !== undefined) return entry;
  const message = `the archive has none of ${candidates.join(", ")}, allowed: the path of one of its files`;
  throw invalidInput([{ path: "source.entry", message }]);
}

function noEntry(entry: string): ControlError {
  const message = `received ${showValue(entry)}, allowed: the path of one of the archive's files`;
  return invalidInput([{ path: "source.entry", message }]);
}

type Tree = Extract<Source, { kind: "tree" }>;

async function readTree(tree: Tree, uploads: Uploads): Promise<ReadonlyMap<string, Uint8Array>> {
  const problems = checkPaths(tree);
  if (problems.length > 0) throw invalidInput(problems);
  let bytesLeft = publishLimits.sourceBytesMax;
  const contents = await mapLimited(tree.files, {
    limit: uploadLimits.filesAtOnce,
    work: async ({ digest }) => {
      const bytes = await uploads.read(digest);
      bytesLeft -= bytes?.byteLength ?? 0;
      if (bytesLeft < 0) refuseTotal();
      return bytes;
    },
  });
  const files = new Map<string, Uint8Array>();
  for (const [index, { path, digest }] of tree.files.entries()) {
    const bytes = contents[index] ?? null;
    if (bytes !== null) files.set(path, bytes);
    else
      problems.push({
        path: `source.files[${String(index)}].digest`,
        message: `received ${digest}: upload this blob first`,
      });
  }
  if (problems.length > 0) throw invalidInput(problems);
  return files;
}

function checkPaths({ entry, files }: Tree): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [index, { path }] of files.entries()) {
    const at = `source.files[${String(index)}].path`;
    const allowed = refuseSourcePath(path);
    if (allowed !== null) problems.push({ path: at, message: `received ${showValue(path)}, allowed: ${allowed}` });
    else if (seen.has(path)) problems.push({ path: at, message: `received ${showValue(path)} twice` });
    seen.add(path);
  }
  for (const [index, { path }] of files.entries()) {
    const parent = parents(path).find((directory) => seen.has(directory));
    if (parent === undefined) continue;
    const message = `received ${showValue(path)}, but ${showValue(parent)} is a file as well`;
    problems.push({ path: `source.files[${String(index)}].path`, message });
  }
  if (!seen.has(entry)) {
    problems.push({
      path: "source.entry",
      message: `received ${showValue(entry)}, allowed: the path of one of the files`,
    });
  }
  return problems;
}

function parents(path: string): string[] {
  const segments = path.split("/");
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
}

function refuseLarge(code: string, bytesMax: number): void {
  const bytes = Buffer.byteLength(code);
  if (bytes <= bytesMax) return;
  const message = `received ${String(bytes)} bytes, allowed: at most ${String(bytesMax)}`;
  throw new ControlError("PAYLOAD_TOO_LARGE", {
    message: `source.code: ${message}`,
    problems: [{ path: "source.code", message }],
  });
}

function refuseTotal(): never {
  const message = `all files together have more than ${String(publishLimits.sourceBytesMax)} bytes`;
  throw new ControlError("PAYLOAD_TOO_LARGE", {
    message: `source.files: ${message}`,
    problems: [{ path: "source.files", message }],
  });
}
