/**
 * Keeps processes running side by side: they end together, whoever ends first.
 *
 * Invariant: when it returns, none of them runs.
 */
import type { Child } from "./child.ts";

/** Why they ended: the user asked, or one of them ended by itself. */
export type TogetherEnd = { readonly kind: "asked" } | { readonly kind: "ended"; readonly child: Child };

export interface TogetherOptions {
  readonly stop: AbortSignal;
  /** From SIGTERM to SIGKILL, for each. */
  readonly graceMs: number;
}

/** Waits for `stop` or the first to end, then stops all in the given order. */
export async function runTogether(children: readonly Child[], options: TogetherOptions): Promise<TogetherEnd> {
  const end = await Promise.race([
    aborted(options.stop).then((): TogetherEnd => ({ kind: "asked" })),
    ...children.map((child) => child.exited.then((): TogetherEnd => ({ kind: "ended", child }))),
  ]);
  await stopAll(children, options.graceMs);
  return end;
}

/** One after the other, in the given order. */
export async function stopAll(children: readonly Child[], graceMs: number): Promise<void> {
  for (const child of children) await child.stop(graceMs);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener("abort", () => {
        resolve();
      });
  });
}
