/**
 * One process the tool started: how it ended, and a way to end it.
 *
 * Each leads a process group of its own, so that Ctrl-C reaches the tool alone, which then stops its children in order.
 * Invariant: `stop` always ends the process: politely first, with SIGKILL to its group after the grace period.
 */
import { spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";

export interface ChildOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** `inherit`: writes where the tool writes. `stderr`: all of it to stderr. `capture`: kept (its end) for messages. */
  readonly output: ChildOutput;
  /** Sends a signal to a process group; nothing happens when it is gone. */
  readonly signalGroup: SignalGroup;
  /** Aborted: `stop` does not wait any longer. */
  readonly force: AbortSignal;
}

export type SignalGroup = (groupId: number, signal: NodeJS.Signals) => void;

export type ChildOutput = "inherit" | "stderr" | "capture";

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Standard input, output and error of a child; 2 is the tool's stderr. */
// The channel closes with this process, however that ends: a control plane or node then stops by itself.
const STREAMS: Readonly<Record<ChildOutput, StdioOptions>> = {
  inherit: ["ignore", "inherit", "inherit", "ipc"],
  stderr: ["ignore", 2, 2, "ipc"],
  capture: ["ignore", "pipe", "pipe", "ipc"],
};

const CAPTURED_CHARS_MAX = 65_536;

export class Child {
  readonly name: string;
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<ChildExit>;
  readonly #process: ReturnType<typeof spawn>;
  readonly #pid: number;
  readonly #signalGroup: SignalGroup;
  readonly #force: AbortSignal;
  #exit: ChildExit | null = null;
  #captured = "";

  private constructor({ name, signalGroup, force }: ChildOptions, child: ReturnType<typeof spawn>, pid: number) {
    this.name = name;
    this.#signalGroup = signalGroup;
    this.#force = force;
    this.#process = child;
    this.#pid = pid;
    this.exited = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#captured = (this.#captured + text).slice(-CAPTURED_CHARS_MAX);
      });
    }
  }

  /** @throws Error when the command cannot be started. */
  static async start(options: ChildOptions): Promise<Child> {
    const child = spawn(options.command, [...options.arguments], {
      cwd: options.workingDirectory,
      env: { ...options.environment },
      stdio: STREAMS[options.output],
      detached: true,
    });
    await once(child, "spawn");
    if (child.pid === undefined) throw new Error(`Cannot start ${options.name}: it has no process id`);
    return new Child(options, child, child.pid);
  }

  /** How it ended, or null while it runs. */
  get exit(): ChildExit | null {
    return this.#exit;
  }

  /** The end of what it wrote (`capture` only). */
  get captured(): string {
    return this.#captured;
  }

  /** SIGTERM, and SIGKILL for the whole group after `graceMs` or when `force` aborts. Idempotent. */
  async stop(graceMs: number): Promise<ChildExit> {
    if (this.#exit !== null) return this.#exit;
    this.#process.kill("SIGTERM");
    const kill = () => {
      this.#signalGroup(this.#pid, "SIGKILL");
    };
    const timer = setTimeout(kill, this.#force.aborted ? 0 : graceMs);
    this.#force.addEventListener("abort", kill);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
      this.#force.removeEventListener("abort", kill);
    }
  }

  /** For example `exit code 1` or `SIGKILL`. */
  describeExit(): string {
    if (this.#exit === null) return "still running";
    return this.#exit.signal ?? `exit code ${this.#exit.code ?? "unknown"}`;
  }
}
