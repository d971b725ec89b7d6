/**
 * The base snapshot on disk: made once for each runtime key by a throw-away process, found by its name ever after.
 * Without one, isolates run the guest script at every start: slower, otherwise the same.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseGuestCode } from "../../runtime/guest-code.ts";
import { runtimeKey } from "../../runtime/runtime-key.ts";

const entry = fileURLToPath(new URL("base-snapshot-main.ts", import.meta.url));
const makeMsMax = 30_000;

export interface BaseSnapshotOptions {
  readonly guestPath: string;
  /** Folder for snapshots; created when missing. */
  readonly folder: string;
}

/** The path of this runtime's base snapshot; makes it when it is missing. Throws when it cannot be made. */
export async function ensureBaseSnapshot(options: BaseSnapshotOptions): Promise<string> {
  const guest = parseGuestCode(await readFile(options.guestPath, "utf8"));
  const path = join(options.folder, `base-${runtimeKey(guest)}.snapshot`);
  const known = await stat(path).catch(() => null);
  if (known !== null && known.size > 0) return path;
  await mkdir(options.folder, { recursive: true });
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    await make(options.guestPath, unfinished);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}

function make(guestPath: string, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--no-node-snapshot", entry, guestPath, target], {
      env: {},
      stdio: ["ignore", "ignore", "pipe"],
      timeout: makeMsMax,
      killSignal: "SIGKILL",
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString("utf8")).slice(-2_000);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`Cannot make the base snapshot: exit code ${String(code)}, signal ${String(signal)}: ${stderr}`),
        );
    });
  });
}
