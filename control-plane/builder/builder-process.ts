/**
 * Starts a builder with as few rights as its work allows: no environment, no network of its own making, reading of program files
 * only, no writing, no child processes.
 *
 * Node's permission model is the second wall (native code ignores it); the first is that a builder knows and holds nothing.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { Readable, type Writable } from "node:stream";

/** A started builder and the ends of its pipes. */
export interface BuilderChild {
  readonly process: ChildProcess;
  readonly job: Writable;
  readonly answers: Readable;
  readonly errors: Readable;
}

export interface BuilderSpawnOptions {
  /** A Node.js 24 with isolated-vm's ABI. */
  readonly nodePath: string;
  /** Absolute path of the project: its program folders may be read, its data may not. */
  readonly projectRoot: string;
}

/** What of the project a builder reads: its own code and packages, never `data` or a configuration file. */
const readable = ["package.json", "control-plane/builder", "node_modules", "runtime", "sdk"];

export function spawnBuilder({ nodePath, projectRoot }: BuilderSpawnOptions): BuilderChild {
  const root = realpathSync(projectRoot);
  const paths = readable.flatMap((name) => [join(root, name), realpathSync(join(root, name))]);
  const allowed = [...new Set([...paths, "/etc/alpine-release"])].map((path) => `--allow-fs-read=${path}`);
  const entry = join(root, "control-plane", "builder", "builder-main.ts");
  const flags = ["--no-node-snapshot", "--permission", "--allow-addons", ...allowed, "--no-warnings"];
  const child = spawn(nodePath, [...flags, entry], {
    cwd: root,
    env: {},
    stdio: ["pipe", "ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const [job, , errors, answers] = child.stdio;
  if (job === null || errors === null || !(answers instanceof Readable)) {
    throw new Error("Cannot start a builder: its pipes could not be opened");
  }
  return { process: child, job, errors, answers };
}
