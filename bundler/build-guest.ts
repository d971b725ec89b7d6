/**
 * The build step: keeps the scripts in `.build` equal to what their sources say, and does nothing when they are already: the guest, which every
 * isolate runs first, with its parts, the isolate host, which starts three times faster as one file than from its sources, and the counterparts of
 * Node's modules that authors' bundles may import.
 *
 * Beside each script lies a record of the inputs and their digests; the script is up to date when every one still matches.
 * Invariant: the script and the record are each replaced in one rename, the script first.
 */
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
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
  /** Names of what is bundled besides the entry. */
  readonly parts: readonly string[];
  /** Path relative to the project → digest. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Files that decide how scripts are bundled without being part of them. */
const settings = ["package-lock.json", "bundler/esbuild.ts", "bundler/own-code.ts"];
const nodeModulesFolder = "runtime/guest/node";
const aliasFile = "runtime/guest/bundle-aliases.json";

interface Script {
  readonly file: string;
  readonly record: string;
  /** Further files that decide how it is bundled. */
  readonly settings: readonly string[];
  /** What there is to bundle besides the entry. */
  readonly partNames: (projectRoot: string) => Promise<readonly string[]>;
  readonly bundle: (
    projectRoot: string,
    partNames: readonly string[],
  ) => Promise<{ readonly code: string; readonly inputs: readonly string[] }>;
}

// Bundlers are imported when they are needed: loading esbuild takes longer than finding that there is nothing to do.
const guest: Script = {
  file: "guest-code.json",
  record: "guest-code.inputs.json",
  settings: ["bundler/bundle-guest.ts", "bundler/bundle-part.ts", aliasFile],
  partNames: async (projectRoot) => {
    const folders = await readdir(join(projectRoot, "runtime/guest/parts"), { withFileTypes: true });
    return folders
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  },
  bundle: async (projectRoot, partNames) => {
    const { bundleGuest } = await import("./bundle-guest.ts");
    const aliases = JSON.parse(await readFile(join(projectRoot, aliasFile), "utf8")) as unknown;
    const entryPath = join(projectRoot, "runtime/guest/main.ts");
    const { script, parts, inputs } = await bundleGuest({
      entryPath,
      aliases: aliases as Readonly<Record<string, string>>,
      partNames,
    });
    // What runtime/guest-code.ts reads.
    return { code: JSON.stringify({ script, parts }), inputs };
  },
};

const nodeModules: Script = {
  file: "node-modules.json",
  record: "node-modules.record.json",
  settings: ["bundler/bundle-node-modules.ts"],
  partNames: async (projectRoot) => {
    const files = await readdir(join(projectRoot, nodeModulesFolder));
    return files.filter((name) => /(?<!\.d)\.ts$/.test(name)).toSorted();
  },
  bundle: async (projectRoot, partNames) => {
    const { bundleNodeModules } = await import("./bundle-node-modules.ts");
    return bundleNodeModules(join(projectRoot, nodeModulesFolder), partNames);
  },
};

const isolateHost: Script = {
  file: "isolate-host.mjs",
  record: "isolate-host.json",
  settings: ["bundler/bundle-host.ts"],
  partNames: () => Promise.resolve([]),
  bundle: async (projectRoot) => {
    const { bundleHost } = await import("./bundle-host.ts");
    return bundleHost(join(projectRoot, "edge-node/hosts/isolate-host-main.ts"));
  },
};

/** Bundles the guest when an input changed. */
export function buildGuest(options: BuildOptions): Promise<BuildReport> {
  return build(guest, options);
}

/** The text that `buildGuest` leaves (runtime/guest-code.ts). @throws when the build step did not run. */
export async function readBuiltGuest(projectRoot: string): Promise<string> {
  const path = join(projectRoot, ".build", guest.file);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Error(`Cannot read the guest's code at ${path}: npm run build makes it`, { cause: error });
  }
}

/** Bundles the counterparts of Node's modules when an input changed. */
export function buildNodeModules(options: BuildOptions): Promise<BuildReport> {
  return build(nodeModules, options);
}

/** Bundles the isolate host when an input changed. */
export function buildIsolateHost(options: BuildOptions): Promise<BuildReport> {
  return build(isolateHost, options);
}

async function build(script: Script, { projectRoot, processId }: BuildOptions): Promise<BuildReport> {
  const path = join(projectRoot, ".build", script.file);
  const recordPath = join(projectRoot, ".build", script.record);
  const parts = await script.partNames(projectRoot);
  if (await isUpToDate({ projectRoot, path, recordPath, parts })) return { path, rebuilt: false };
  const bundle = await script.bundle(projectRoot, parts);
  const inputs: Record<string, string> = {};
  const deciding = [...settings, ...script.settings].map((file) => join(projectRoot, file));
  for (const input of [...bundle.inputs, ...deciding].toSorted()) {
    inputs[relative(projectRoot, input)] = digestOf(await readFile(input));
  }
  const record: BuildRecord = { script: digestOf(Buffer.from(bundle.code)), parts, inputs };
  await replaceFile(path, bundle.code, processId);
  await replaceFile(recordPath, JSON.stringify(record, null, 1), processId);
  return { path, rebuilt: true };
}

async function isUpToDate(options: {
  readonly projectRoot: string;
  readonly path: string;
  readonly recordPath: string;
  readonly parts: readonly string[];
}): Promise<boolean> {
  const record = await readRecord(options.recordPath);
  if (record === null || record.parts.join() !== options.parts.join()) return false;
  if ((await digestOrNull(options.path)) !== record.script) return false;
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
    return { script: record.script, parts: record.parts ?? [], inputs: record.inputs };
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
