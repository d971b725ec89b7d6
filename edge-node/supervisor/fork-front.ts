/**
 * Starts a front as a child process with an IPC channel.
 *
 * The child gets its settings by message and an environment from a short list, so that the node's token never reaches it.
 * isolated-vm needs `--no-node-snapshot` (in-process driver).
 */
import { fork, type ChildProcess } from "node:child_process";
import type { FromFront } from "../ipc.ts";
import type { FrontEvents, SpawnFront } from "./front-handle.ts";

export interface ForkFrontOptions {
  /** The front's entry module. */
  readonly entryFile: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A `SpawnFront` that forks `entryFile`. */
export function forkFronts({ entryFile, environment }: ForkFrontOptions): SpawnFront {
  return (settings, events) => {
    const child = fork(entryFile, [], {
      execArgv: ["--no-node-snapshot"],
      env: environment,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    listenTo(child, events);
    child.send({ kind: "start", settings }, () => {});
    return {
      pid: child.pid,
      send: (message) => {
        if (child.connected) child.send(message, () => {});
      },
      kill: () => {
        child.kill("SIGKILL");
      },
    };
  };
}

function listenTo(child: ChildProcess, events: FrontEvents): void {
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    events.onExit(reason);
  };
  child.on("message", (message) => {
    if (!ended) events.onMessage(message as unknown as FromFront);
  });
  child.on("error", (error) => end(error.message));
  child.on("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
}
