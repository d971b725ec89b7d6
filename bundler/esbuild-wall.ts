/**
 * A wall around esbuild's process. It is native code that has the rights of whoever starts it and reads files by rules of its own; what the loader keeps
 * from it (source/source-loader.ts) is only what we know of.
 *
 * To be put up before the first build of this process. Invariant: never throws; a wall that does not work here is left out, and said so.
 */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { join } from "node:path";

export interface EsbuildWall {
  /** `bubblewrap`: it sees no file but itself. `environment`: it sees no variables of the environment. */
  readonly kind: "bubblewrap" | "environment" | "none";
  /** Why it is not the strongest; null when it is. */
  readonly gap: string | null;
}

const script = join(import.meta.dirname, "confined-esbuild.sh");
const tryMs = 10_000;

/** Has every esbuild that is started with `environment` from now on run behind the strongest wall that works on this machine. */
export async function confineEsbuild(environment: NodeJS.ProcessEnv): Promise<EsbuildWall> {
  const system = platform();
  if (environment["ESBUILD_BINARY_PATH"] !== undefined) return { kind: "none", gap: "ESBUILD_BINARY_PATH is set" };
  if (system === "win32") return { kind: "none", gap: "there is none for win32" };
  const own = createRequire(import.meta.url);
  const binary = createRequire(own.resolve("esbuild")).resolve(`@esbuild/${system}-${arch()}/bin/esbuild`);
  const settings = (kind: EsbuildWall["kind"]): Readonly<Record<string, string>> => ({
    ESBUILD_BINARY_PATH: script,
    SELVAGE_ESBUILD: binary,
    SELVAGE_ESBUILD_WALL: kind,
  });
  const reasons: string[] = [];
  for (const kind of ["bubblewrap", "environment"] as const) {
    const failure = await failureOf({ ...environment, ...settings(kind) });
    if (failure !== null) {
      reasons.push(`${kind} does not work here: ${failure}`);
      continue;
    }
    Object.assign(environment, settings(kind));
    return { kind, gap: reasons[0] ?? null };
  }
  return { kind: "none", gap: reasons.join("; ") };
}

/** Null: it works. */
function failureOf(env: NodeJS.ProcessEnv): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(script, ["--version"], { env, timeout: tryMs }, (error, stdout, stderr) => {
      if (error === null && /^\d+\./.test(stdout)) resolve(null);
      else resolve(stderr.trim().split("\n")[0] || (error?.message ?? "it says no version"));
    });
  });
}
