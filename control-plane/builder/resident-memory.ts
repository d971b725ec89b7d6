/** How much memory another process has resident, from /proc where there is one, else from `ps`. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { platform } from "node:os";

/** MiB; null when the process is gone or the system does not tell. */
export async function residentMiB(pid: number): Promise<number | null> {
  try {
    const status = await readFile(`/proc/${String(pid)}/status`, "utf8");
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return platform() === "linux" ? null : residentMiBFromPs(pid);
  }
}

function residentMiBFromPs(pid: number): Promise<number | null> {
  return new Promise((resolve) => {
    execFile("ps", ["-o", "rss=", "-p", String(pid)], { timeout: 2_000 }, (error, stdout) => {
      const kib = Number(stdout.trim());
      resolve(error !== null || !(kib > 0) ? null : kib / 1024);
    });
  });
}
