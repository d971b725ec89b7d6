/** Runs the command line tool in this process, with a world of its own, and shows what it said. */
import type { CliContext } from "../../../sdk/cli/cli-context.ts";
import { runCli } from "../../../sdk/cli/program.ts";

export interface ToolWorld {
  readonly workingDirectory: string;
  readonly homeDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly stop?: AbortSignal;
  /** Called with everything written to stdout so far. */
  readonly onStdout?: (text: string) => void;
}

export interface ToolRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The one JSON value on stdout. */
  json(): unknown;
}

export async function runTool(words: readonly string[], world: ToolWorld): Promise<ToolRun> {
  const written = { stdout: "", stderr: "" };
  const context: CliContext = {
    environment: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", ...world.environment },
    workingDirectory: world.workingDirectory,
    homeDirectory: world.homeDirectory ?? world.workingDirectory,
    stdout: {
      isTerminal: false,
      write: (text) => {
        written.stdout += text;
        world.onStdout?.(written.stdout);
      },
    },
    stderr: {
      isTerminal: false,
      write: (text) => {
        written.stderr += text;
      },
    },
    readStdin: () => Promise.resolve(world.stdin ?? ""),
    monotonicMs: () => performance.now(),
    nowMs: () => Date.now(),
    stop: world.stop ?? new AbortController().signal,
    force: new AbortController().signal,
    nodePath: process.execPath,
    nodeVersion: process.versions.node,
    signalGroup: (groupId, signal) => {
      process.kill(-groupId, signal);
    },
    fetch: globalThis.fetch,
  };
  const code = await runCli(words, context);
  return { code, ...written, json: () => JSON.parse(written.stdout) as unknown };
}
