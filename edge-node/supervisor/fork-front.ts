/**
 * Starts fronts as child processes with an IPC channel.
 *
 * A child gets its settings by message and an environment from a short list, so that the node's token never reaches it. The first ones are
 * started ahead, while the supervisor itself still loads: half of a node's start is loading code. isolated-vm needs
 * `--no-node-snapshot` (in-process driver).
 */
import { fork } from "node:child_process";
import type { FromFront, FrontSettings, ToFront } from "../ipc.ts";
import { IpcBatch } from "../ipc-batch.ts";
import type { FrontEvents, FrontHandle, SpawnFront } from "./front-handle.ts";

export interface ForkFrontOptions {
  /** The front's entry module. */
  readonly entryFile: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Fronts to start now, before they are asked for. */
  readonly ahead: readonly FrontSettings[];
}

/** A `SpawnFront` that forks `entryFile`. */
export function forkFronts(options: ForkFrontOptions): SpawnFront {
  const ahead = new Map(options.ahead.map((settings) => [settings.index, new ForkedFront(settings, options)]));
  return (settings, events) => {
    const front = ahead.get(settings.index) ?? new ForkedFront(settings, options);
    ahead.delete(settings.index);
    return front.handOver(events);
  };
}

class ForkedFront {
  readonly #child: ReturnType<typeof fork>;
  #events: FrontEvents | null = null;
  /** What happened before anybody listened. */
  #early: ((events: FrontEvents) => void)[] = [];
  #ended = false;

  constructor(settings: FrontSettings, { entryFile, environment }: ForkFrontOptions) {
    const child = fork(entryFile, [], {
      execArgv: ["--no-node-snapshot"],
      env: environment,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child = child;
    child.on("message", (messages) => {
      // Its type knows JSON only; the other end is our own code.
      for (const message of messages as unknown as readonly FromFront[]) {
        if (!this.#ended) this.#tell((events) => events.onMessage(message));
      }
    });
    child.on("error", (error) => this.#end(error.message));
    child.on("exit", (code, signal) => this.#end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    // A message that cannot be sent needs no word of its own: the exit that follows says why.
    child.send({ kind: "start", settings }, () => {});
  }

  handOver(events: FrontEvents): FrontHandle {
    queueMicrotask(() => {
      this.#events = events;
      for (const tell of this.#early.splice(0)) tell(events);
    });
    const child = this.#child;
    const batch = new IpcBatch<ToFront>({
      send: (messages, done) => {
        if (child.connected) child.send([...messages], () => done(null));
        else done(null);
      },
      defer: setImmediate,
    });
    return {
      pid: child.pid,
      send: (message) => {
        void batch.send(message);
      },
      kill: () => {
        child.kill("SIGKILL");
      },
    };
  }

  #tell(tell: (events: FrontEvents) => void): void {
    if (this.#events === null) this.#early.push(tell);
    else tell(this.#events);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#tell((events) => events.onExit(reason));
  }
}
