/** Runs the steps in order and says of each whether it held. */
import type { CompatStep } from "./compat-words.ts";
import type { CompatWorld } from "./compat-world.ts";

export interface StepResult {
  readonly name: string;
  readonly met: boolean;
  /** Why not; empty when it held. */
  readonly reason: string;
}

export async function runSteps(steps: readonly CompatStep[], world: CompatWorld): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) results.push(await runStep({ name: step.name, run: () => step.run(world) }));
  return results;
}

async function runStep({
  name,
  run,
}: {
  readonly name: string;
  readonly run: () => Promise<void>;
}): Promise<StepResult> {
  try {
    await run();
    return { name, met: true, reason: "" };
  } catch (error) {
    const { message, errorMsg } = error as { readonly message?: string; readonly errorMsg?: string };
    return { name, met: false, reason: (errorMsg ?? message ?? String(error)).slice(0, 2_000) };
  }
}
