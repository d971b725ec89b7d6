/**
 * What becomes of a running rollout at a moment: it goes on, takes its next step, is done, or goes back. Pure.
 *
 * Invariant: a step lasts its whole time under watch: after a gap in which nobody looked (the control plane was away, the clock jumped), its time
 * begins again.
 */
import { judgeStep, noCounts } from "./judge-step.ts";
import type { SideCounts, StagedRolloutRow } from "./staged-rollout-row.ts";

/** Longest time between two looks that still counts, milliseconds. */
export const watchGapMs = 10_000;
/** Fewer of the old version in one step, and those of the whole rollout are compared with. */
const oldInvocationsMin = 100;

export interface Look {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Why a node cannot run the new version; null: none said so. */
  readonly refusal: string | null;
}

export type Advance =
  | { readonly kind: "stays"; readonly row: StagedRolloutRow }
  /** The alias gets the row's new step. */
  | { readonly kind: "steps"; readonly row: StagedRolloutRow }
  /** The alias names the new version alone. */
  | { readonly kind: "done"; readonly row: StagedRolloutRow }
  /** The alias names the old version alone. */
  | { readonly kind: "back"; readonly row: StagedRolloutRow };

export function advanceRollout(row: StagedRolloutRow, { now, refusal }: Look): Advance {
  const at = new Date(now).toISOString();
  const looked = { ...row, checkedAt: at };
  const reason = refusal ?? judge(row);
  if (reason !== null) return abortedRollout(looked, { now, reason });
  const gap = now - Date.parse(row.checkedAt);
  const lasted = now - Date.parse(row.stepStartedAt);
  if (gap > watchGapMs || gap < 0 || lasted < 0) return { kind: "stays", row: { ...looked, stepStartedAt: at } };
  if (lasted < row.everySeconds * 1_000) return { kind: "stays", row: looked };
  if (row.step + 1 >= row.steps.length) return { kind: "done", row: { ...looked, state: "done", endedAt: at } };
  const counts = { ...row.counts, step: { old: noCounts, fresh: noCounts } };
  return { kind: "steps", row: { ...looked, step: row.step + 1, stepStartedAt: at, counts } };
}

/** The rollout goes back to the old version, because of `reason`. `now`: milliseconds since the epoch. */
export function abortedRollout(
  row: StagedRolloutRow,
  { now, reason }: { readonly now: number; readonly reason: string },
): Extract<Advance, { readonly kind: "back" }> {
  return { kind: "back", row: { ...row, state: "aborted", reason, endedAt: new Date(now).toISOString() } };
}

function judge({ conditions, counts }: StagedRolloutRow): string | null {
  const old: SideCounts = counts.step.old.invocations >= oldInvocationsMin ? counts.step.old : counts.all.old;
  return judgeStep(conditions, { old, fresh: counts.step.fresh });
}
