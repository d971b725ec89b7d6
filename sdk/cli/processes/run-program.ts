/** Runs one of the project's programs in the foreground: its output is the tool's, signals reach it, its end is the tool's. */
import type { CliContext } from "../cli-context.ts";
import { CliError, exitCodes } from "../exit-code.ts";
import { Child, type ChildOutput } from "./child.ts";
import { nodeFlags } from "./program-files.ts";
import { runTogether } from "./run-together.ts";

export interface ProgramStart {
  readonly name: string;
  readonly program: string;
  readonly flags: readonly string[];
  /** Beside the tool's own. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Longer than a node's longest default drain. */
const GRACE_MS = 45_000;

/** @throws CliError when it ends with another code than 0. */
export async function runProgram(start: ProgramStart, context: CliContext): Promise<void> {
  const child = await startProgram(start, { context, output: "inherit" });
  await runTogether([child], { stop: context.stop, graceMs: GRACE_MS });
  const { exit } = child;
  if (exit?.code === 2) throw new CliError(exitCodes.usage, `the ${start.name} refused its settings`);
  if (exit?.code !== 0) throw new CliError(exitCodes.failure, `the ${start.name} ended: ${child.describeExit()}`);
}

export function startProgram(
  start: ProgramStart,
  { context, output }: { readonly context: CliContext; readonly output: ChildOutput },
): Promise<Child> {
  return Child.start({
    name: start.name,
    command: context.nodePath,
    arguments: [...nodeFlags, start.program, ...start.flags],
    environment: { ...context.environment, ...start.environment },
    workingDirectory: context.workingDirectory,
    output,
    signalGroup: context.signalGroup,
    force: context.force,
  });
}
