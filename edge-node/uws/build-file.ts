/**
 * Decides which file of the uWebSockets.js package to load: the build as it comes, or a copy made for an older glibc in a cache folder.
 *
 * Knows files, not the process: platform, architecture and versions come in. Invariant: a copy is made only from a build whose SHA-256 is
 * listed here, and a cached copy is used only when its own SHA-256 is the listed one, so nothing found in the cache folder is trusted.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildForOlderGlibc } from "./older-glibc-build.ts";

export interface BuildFileOptions {
  /** The folder of the installed package. */
  readonly packageFolder: string;
  /** Where copies are kept; created when missing. Safe to delete and to share between processes. */
  readonly cacheFolder: string;
  readonly platform: string;
  readonly arch: string;
  /** `process.versions.modules`. */
  readonly abi: string;
  /** `MAJOR.MINOR`, or undefined where the platform has no glibc. */
  readonly glibcVersion: string | undefined;
}

/** The builds of uWebSockets.js 20.57.0 whose layout was checked: SHA-256 as published and after the change. */
export const knownBuilds: Readonly<Record<string, { readonly original: string; readonly patched: string }>> = {
  "uws_linux_x64_137.node": {
    original: "98128405dba2fb608448e921a979530f70c946a2cc9889c15f2fa70c2d00ab05",
    patched: "2630bb59236deeadf501d6abaf79c1a655b4a0b78579fba408eea84d1a30f6ca",
  },
  "uws_linux_arm64_137.node": {
    original: "88618b30ddf6b2b62310db89f40a701616676352aac5e0f6184dd8ef876199ce",
    patched: "50691cb2ed74d2e1711806a07a3f3c6419db5fd63d776c171912f9c097fd270a",
  },
};

/** The file to load. Throws when the system's glibc is too old for the build as it comes and the build is not a known one. */
export function uwsBuildFile(options: BuildFileOptions): string {
  const name = `uws_${options.platform}_${options.arch}_${options.abi}.node`;
  const original = path.join(options.packageFolder, name);
  if (!needsCopy(options)) return original;
  const known = knownBuilds[name];
  const cached = path.join(options.cacheFolder, `${known?.patched.slice(0, 16) ?? "unknown"}-${name}`);
  if (known !== undefined && sha256OfFile(cached) === known.patched) return cached;
  const bytes = readFileSync(original);
  const digest = sha256(bytes);
  if (digest !== known?.original) {
    throw new Error(
      `Cannot load uWebSockets.js on glibc ${options.glibcVersion}: ${original} is not a build that was checked: ` +
        `received SHA-256 ${digest}, expected ${known?.original ?? "one of a known build"}`,
    );
  }
  const patched = buildForOlderGlibc(bytes, options.arch);
  if (sha256(patched) !== known.patched) throw new Error(`Cannot load uWebSockets.js: the copy of ${original} differs`);
  writeAtomically(cached, patched);
  return cached;
}

function needsCopy(options: BuildFileOptions): boolean {
  if (options.platform !== "linux" || options.glibcVersion === undefined) return false;
  const [major = 0, minor = 0] = options.glibcVersion.split(".").map(Number);
  return major < 2 || (major === 2 && minor < 38);
}

/** Several processes may start at once: each writes a file of its own and the last rename wins with the same bytes. */
function writeAtomically(file: string, bytes: Uint8Array): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, bytes, { mode: 0o755, flush: true });
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

function sha256OfFile(file: string): string | undefined {
  try {
    return sha256(readFileSync(file));
  } catch {
    return undefined;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
