/**
 * The build step: keeps `.build/guest.js` equal to what its sources say, and does nothing when it is already.
 *
 * Beside the script lies a record of the inputs and their digests; the script is up to date when every one still matches.
 * Invariant: the script and the record are each replaced in one rename, the script first.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { digestOf } from "../sdk/artifact-format.ts";

export interface BuildOptions {
  /** Absolute path of the project. */
  readonly projectRoot: string;
  /** Distinguishes temporary files of processes that build at the same time. */
  readonly processId: number;
}

export interface BuildReport {
  readonly path: string;
  readonly rebuilt: boolean;
}

interface BuildRecord {
  readonly script: string;
  /** Path relative to the project → digest. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Files that decide how the guest is bundled without being part of it. */
const settings = [
  "package-lock.json",
  "bundler/bundle-guest.ts",
  "bundler/esbuild.ts",
  "runtime/guest/bundle-aliases.json",
];

/** Bundles the guest when an input changed. */
export async function buildGuest({ projectRoot, processId }: BuildOptions): Promise<BuildReport> {
  const path = join(projectRoot, ".build", "guest.js");
  const recordPath = join(projectRoot, ".build", "guest.json");
  if (await isUpToDate({ projectRoot, path, recordPath })) return { path, rebuilt: false };
  // Imported here, because loading esbuild takes longer than finding that there is nothing to do.
  const { bundleGuest } = await import("./bundle-guest.ts");
  const aliases = JSON.parse(await readFile(join(projectRoot, "runtime/guest/bundle-aliases.json"), "utf8")) as unknown;
  const entryPath = join(projectRoot, "runtime/guest/main.ts");
  const bundle = await bundleGuest({ entryPath, aliases: aliases as Readonly<Record<string, string>> });
  const inputs: Record<string, string> = {};
  for (const input of [...bundle.inputs, ...settings.map((file) => join(projectRoot, file))].toSorted()) {
    inputs[relative(projectRoot, input)] = digestOf(await readFile(input));
  }
  const record: BuildRecord = { script: digestOf(Buffer.from(bundle.code)), inputs };
  await replaceFile(path, bundle.code, processId);
  await replaceFile(recordPath, JSON.stringify(record, null, 1), processId);
  return { path, rebuilt: true };
}

async function isUpToDate(options: {
  readonly projectRoot: string;
  readonly path: string;
  readonly recordPath: string;
}): Promise<boolean> {
  const record = await readRecord(options.recordPath);
  if (record === null || (await digestOrNull(options.path)) !== record.script) return false;
  const matches = await Promise.all(
    Object.entries(record.inputs).map(
      async ([input, digest]) => (await digestOrNull(resolve(options.projectRoot, input))) === digest,
    ),
  );
  return matches.every(Boolean);
}

async function readRecord(path: string): Promise<BuildRecord | null> {
  try {
    const record = JSON.parse(await readFile(path, "utf8")) as Partial<BuildRecord> | null;
    if (typeof record?.script !== "string" || typeof record.inputs !== "object") return null;
    return { script: record.script, inputs: record.inputs };
  } catch {
    return null;
  }
}

async function digestOrNull(path: string): Promise<string | null> {
  try {
    return digestOf(await readFile(path));
  } catch {
    return null;
  }
}

async function replaceFile(path: string, text: string, processId: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${String(processId)}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}
