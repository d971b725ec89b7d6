/**
 * One process that a harness starts and ends: its output is kept for messages, and it is ended by its own id.
 *
 * Each child leads a process group of its own, so that a Ctrl-C in the terminal reaches the harness alone and whatever a
 * killed child leaves behind can be ended with it. Invariant: nothing here outlives `stop` or `kill`.
 */
import { spawn, type ChildProcess as NodeChild } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { sendSignal } from "./send-signal.ts";

const OUTPUT_CHARS_MAX = 262_144;
const STOP_MS = 40_000;

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class ChildProcess {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<ChildExit>;
  readonly #child: NodeChild;
  #stdout = "";
  #stderr = "";
  #exit: ChildExit | null = null;

  private constructor(name: string, child: NodeChild, pid: number) {
    this.name = name;
    this.pid = pid;
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-OUTPUT_CHARS_MAX);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-OUTPUT_CHARS_MAX);
    });
  }

  /** @throws Error when the command cannot be started. */
  static async start(options: ChildOptions): Promise<ChildProcess> {
    const child = spawn(options.command, [...options.args], {
      env: options.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    await once(child, "spawn");
    if (child.pid === undefined) throw new Error(`Cannot start ${options.name}: no process id`);
    return new ChildProcess(options.name, child, child.pid);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** How it ended, or null while it runs. */
  get exit(): ChildExit | null {
    return this.#exit;
  }

  /** Asks it to end (SIGTERM) and waits; ends the whole group the hard way after `graceMs` (default 40 s). Idempotent. */
  async stop(graceMs: number = STOP_MS): Promise<ChildExit> {
    if (this.#exit === null) this.#child.kill("SIGTERM");
    const stopped = new AbortController();
    const late = delay(graceMs, "late" as const, { signal: stopped.signal }).catch(() => "stopped" as const);
    const first = await Promise.race([this.exited.then(() => "stopped" as const), late]);
    stopped.abort();
    if (first === "late") sendSignal(-this.pid, "SIGKILL");
    return this.exited;
  }

  /** Ends this process alone with SIGKILL, as a crash would, and waits. Idempotent. */
  async kill(): Promise<ChildExit> {
    if (this.#exit === null) this.#child.kill("SIGKILL");
    return this.exited;
  }
}

/**
 * Runs a command to its end.
 * @throws Error when it cannot be started or takes longer than `deadlineMs`.
 */
export async function runToEnd(
  options: ChildOptions,
  deadlineMs: number,
): Promise<ChildExit & { readonly stdout: string; readonly stderr: string }> {
  const child = await ChildProcess.start(options);
  const timer = new AbortController();
  const late = delay(deadlineMs, null, { signal: timer.signal }).catch(() => null);
  const exit = await Promise.race([child.exited, late]);
  timer.abort();
  if (exit === null) {
    await child.stop(1_000);
    throw new Error(`${options.name} took longer than ${deadlineMs} ms; it printed: ${child.stdout}${child.stderr}`);
  }
  return { ...exit, stdout: child.stdout, stderr: child.stderr };
}
