/**
 * Everything of the outside world that commands use. `main.ts` makes the real one; tests make their own.
 */

export interface TextSink {
  write(text: string): void;
  readonly isTerminal: boolean;
}

export interface CliContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly homeDirectory: string;
  /** Results. With `--json` exactly one JSON value (streams: one per line) and nothing else. */
  readonly stdout: TextSink;
  /** Progress, notes, errors. */
  readonly stderr: TextSink;
  /** Everything on standard input; refuses when it is a terminal. */
  readonly readStdin: () => Promise<string>;
  /** Milliseconds, only for differences. */
  readonly monotonicMs: () => number;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  /** Aborts with the signal's name as reason when the user or the system wants the process to end. */
  readonly stop: AbortSignal;
  /** Aborts when they want it at once: nothing is waited for any more. */
  readonly force: AbortSignal;
  /** Node's own binary, for child processes. */
  readonly nodePath: string;
  readonly nodeVersion: string;
  /** Sends a signal to a process group; nothing happens when it is gone. */
  readonly signalGroup: (groupId: number, signal: NodeJS.Signals) => void;
  readonly fetch: typeof globalThis.fetch;
}
