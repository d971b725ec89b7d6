/** Starts a program in its sandbox, with a socket as its file descriptor 3 and a file as its file descriptor 6, and knows which process it became. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, readFileSync } from "node:fs";
import type { Duplex, Readable, Writable } from "node:stream";
import type { Sandbox, SandboxedProgram } from "./sandbox.ts";

export interface Sandboxed {
  /** The launcher or the program itself; to kill it ends the program. */
  readonly child: ChildProcess;
  /** The other end of the program's file descriptor 3. */
  readonly socket: Duplex;
  /** The process that the program runs in; undefined as long as that is not known. */
  pid(): number | undefined;
}

export function startSandboxed(sandbox: Sandbox, program: SandboxedProgram): Sandboxed {
  const { command, args, filter, tellsProcess } = sandbox.launch(program);
  const child = spawn(command, [...args], {
    // The launcher is looked up; the program gets its own environment and nothing else.
    env: command === program.command ? { ...program.environment } : { PATH: SYSTEM_PATH },
    cwd: "/",
    stdio: [
      ...(["ignore", "ignore", "pipe", "pipe"] as const),
      filter === null ? "ignore" : "pipe",
      tellsProcess ? "pipe" : "ignore",
      program.given ?? "ignore",
    ],
  });
  if (program.given !== undefined) closeSync(program.given);
  // The types end with the fifth.
  const pipes: readonly unknown[] = child.stdio;
  if (filter !== null) sendFilter(pipes[4] as Writable, filter);
  const pid = tellsProcess ? toldProcess(pipes[5] as Readable) : () => child.pid;
  return { child, socket: pipes[3] as Duplex, pid };
}

const SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

function sendFilter(to: Writable, filter: Uint8Array): void {
  // A launcher that ends before it read it says why elsewhere.
  to.on("error", () => {});
  to.end(filter);
}

/** The launcher names the first process of the new namespace; the program is that one's only child. */
function toldProcess(from: Readable): () => number | undefined {
  let text = "";
  let pid: number | undefined;
  from.on("error", () => {});
  from.on("data", (chunk: Buffer) => {
    text = (text + chunk.toString("latin1")).slice(0, 1_024);
  });
  return () => {
    pid ??= onlyChildOf(/"child-pid":\s*(\d+)/.exec(text)?.[1]);
    return pid;
  };
}

function onlyChildOf(parent: string | undefined): number | undefined {
  if (parent === undefined) return undefined;
  try {
    const first = readFileSync(`/proc/${parent}/task/${parent}/children`, "latin1").split(" ")[0];
    return first === undefined || first === "" ? undefined : Number(first);
  } catch {
    return undefined;
  }
}
