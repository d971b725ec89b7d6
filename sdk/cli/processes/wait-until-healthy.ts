/** Waits until a started process answers its `/healthz`, or ends, or takes too long. */
import { setTimeout as delay } from "node:timers/promises";
import { CliError, exitCodes } from "../exit-code.ts";
import type { Child } from "./child.ts";

export interface HealthWait {
  readonly url: string;
  readonly deadlineMs: number;
  readonly monotonicMs: () => number;
  readonly fetch: typeof globalThis.fetch;
  readonly stop: AbortSignal;
}

const PAUSE_MS = 25;
const ANSWER_MS = 2_000;

/** @throws CliError with the end of the process's output when it ended or was not healthy in time. */
export async function waitUntilHealthy(child: Child, wait: HealthWait): Promise<void> {
  const startMs = wait.monotonicMs();
  while (wait.monotonicMs() - startMs < wait.deadlineMs) {
    if (child.exit !== null) {
      throw new CliError(
        exitCodes.failure,
        `the ${child.name} ended while starting: ${child.describeExit()}${tail(child)}`,
      );
    }
    if (wait.stop.aborted) throw new CliError(exitCodes.failure, `stopped while the ${child.name} was starting`);
    if (await isHealthy(wait)) return;
    await delay(PAUSE_MS);
  }
  throw new CliError(exitCodes.failure, `the ${child.name} was not ready within ${wait.deadlineMs} ms${tail(child)}`);
}

async function isHealthy({ url, fetch }: HealthWait): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function tail(child: Child): string {
  return child.captured === "" ? "" : `; it wrote:\n${child.captured.trimEnd().split("\n").slice(-20).join("\n")}`;
}
