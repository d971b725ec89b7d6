/**
 * Entry of the command line tool: makes the real context and runs one command. Started by selvage.mjs, which finds the right Node.
 *
 * The only file of the tool that touches `process`. A first SIGINT, SIGTERM or SIGHUP asks the command to stop, a second to stop at once, a third ends
 * the process.
 */
import { homedir } from "node:os";
import { text } from "node:stream/consumers";
import type { CliContext, TextSink } from "./cli-context.ts";
import { CliError, exitCodes } from "./exit-code.ts";
import { runCli } from "./program.ts";

const stop = new AbortController();
const force = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (force.signal.aborted) process.exit(exitCodes.failure);
    (stop.signal.aborted ? force : stop).abort(signal);
  });
}
// A reader such as `head` may go away; there is nobody left to tell.
process.stdout.on("error", () => {
  process.exit(exitCodes.failure);
});

const context: CliContext = {
  environment: process.env,
  workingDirectory: process.cwd(),
  homeDirectory: homedir(),
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  readStdin: async () => {
    if (process.stdin.isTTY) throw new CliError(exitCodes.usage, "standard input is a terminal: pipe the value in");
    return text(process.stdin);
  },
  monotonicMs: () => performance.now(),
  nowMs: () => Date.now(),
  stop: stop.signal,
  force: force.signal,
  nodePath: process.execPath,
  nodeVersion: process.versions.node,
  signalGroup: (groupId, signal) => {
    try {
      process.kill(-groupId, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  },
  fetch: globalThis.fetch,
};

process.exitCode = await runCli(process.argv.slice(2), context);

function sinkOf(stream: NodeJS.WriteStream): TextSink {
  return {
    write: (chunk) => {
      stream.write(chunk);
    },
    isTerminal: stream.isTTY,
  };
}
