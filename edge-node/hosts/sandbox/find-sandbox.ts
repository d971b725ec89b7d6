/**
 * The strongest sandbox that works on this machine: each is tried with a program that does what a host needs, reading its files.
 *
 * Whether namespaces may be made, and whether another user may read the project's files, depends on kernel settings, containers and folders that
 * nobody can tell from looking at them. Invariant: never throws and never waits longer than `tryMs` for each.
 */
import { bubblewrap } from "./bubblewrap.ts";
import { noSandbox, type Sandbox } from "./sandbox.ts";
import { setpriv } from "./setpriv.ts";
import { startSandboxed } from "./start-sandboxed.ts";

export interface FindSandboxOptions {
  /** `auto`: the strongest that works. `off`: none. */
  readonly wanted: "auto" | "off";
  /** Node.js. */
  readonly command: string;
  /** What a host reads. */
  readonly readable: readonly string[];
  readonly platform: string;
  readonly architecture: string;
  readonly isRoot: boolean;
  /** The strongest first. Default: bubblewrap, then setpriv. */
  readonly candidates?: readonly Sandbox[];
}

const tryMs = 10_000;
/** Reads each of its arguments and ends well if it could. Folders are listed. */
const trial =
  "const fs = require('node:fs'); for (const path of process.argv.slice(1)) fs.statSync(path).isDirectory() ? fs.readdirSync(path) : fs.closeSync(fs.openSync(path));";

export async function findSandbox(options: FindSandboxOptions): Promise<Sandbox> {
  if (options.wanted === "off") return noSandbox(["the sandbox of isolate hosts is turned off"]);
  if (options.platform !== "linux") return noSandbox([`there is no sandbox for isolate hosts on ${options.platform}`]);
  const { architecture, isRoot } = options;
  const candidates = options.candidates ?? [
    bubblewrap({ command: "bwrap", architecture }),
    ...(isRoot ? [setpriv({ isRoot, user: "nobody" })] : []),
    setpriv({ isRoot, user: "same" }),
  ];
  const failures: string[] = [];
  for (const candidate of candidates) {
    const failure = await failureOf(candidate, options);
    if (failure === null) return { ...candidate, gaps: [...candidate.gaps, ...failures] };
    failures.push(`${candidate.kind} does not work here: ${failure}`);
  }
  return noSandbox(["isolate hosts have Node.js' permission model around them and nothing else", ...failures]);
}

/** Null: it works. */
function failureOf(sandbox: Sandbox, { command, readable }: FindSandboxOptions): Promise<string | null> {
  return new Promise((resolve) => {
    const started = startSandboxed(sandbox, { command, args: ["-e", trial, ...readable], readable });
    let said = "";
    const { child } = started;
    const timer = setTimeout(() => child.kill("SIGKILL"), tryMs);
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(0, 500);
    });
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve(error.message);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      resolve(code === 0 ? null : (said.trim().split("\n")[0] ?? "") || how);
    });
  });
}
