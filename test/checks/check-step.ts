/** One step of `npm run check`: a program that says by its exit code whether all is well. */
import { spawn } from "node:child_process";

export interface CheckStep {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Show what the program prints while it runs, not only when it failed. */
  readonly live: boolean;
  readonly deadlineMs: number;
  /** What the step counts as; without it, as one thing that passed or failed. */
  readonly count?: (exitCode: number) => Promise<Tally>;
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export interface StepContext {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly monotonicMs: () => number;
}

/** Runs the step to its end or its deadline. A step that exits with failure counts at least one failure. */
export async function runStep(step: CheckStep, context: StepContext): Promise<Tally> {
  const startedMs = context.monotonicMs();
  const { exitCode, output } = await execute(step, context);
  const tally = step.count === undefined ? tallyOf(exitCode) : atLeast(await step.count(exitCode), exitCode);
  const seconds = ((context.monotonicMs() - startedMs) / 1000).toFixed(1);
  if (tally.failed > 0 && !step.live) context.write(output);
  context.write(`${tally.failed === 0 ? "ok    " : "FAILED"} ${step.name} (${seconds} s)\n`);
  return tally;
}

export function addTallies(left: Tally, right: Tally): Tally {
  return { passed: left.passed + right.passed, failed: left.failed + right.failed };
}

function tallyOf(exitCode: number): Tally {
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function atLeast(tally: Tally, exitCode: number): Tally {
  return exitCode !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

function execute(step: CheckStep, context: StepContext): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(step.program, [...step.args], {
      cwd: context.cwd,
      env: { ...context.env },
      stdio: step.live ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    const deadline = setTimeout(() => {
      context.write(`${step.name} did not end within ${String(step.deadlineMs / 1000)} s\n`);
      child.kill("SIGKILL");
    }, step.deadlineMs);
    const finish = (exitCode: number): void => {
      clearTimeout(deadline);
      resolve({ exitCode, output });
    };
    child.on("error", (error) => {
      output += `Cannot start ${step.program}: ${error.message}\n`;
      finish(1);
    });
    child.on("close", (code) => {
      finish(code ?? 1);
    });
  });
}
