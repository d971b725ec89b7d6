/** Rollouts in steps as the store keeps them. */
import type { AbortCondition } from "../../sdk/abort-condition.ts";
import type { GreySticky } from "../../sdk/alias-grey.ts";
import type { DurationTally } from "../../sdk/duration-buckets.ts";
import type { StagedRolloutState } from "../../sdk/staged-rollout.ts";

/** What one version did. */
export interface SideCounts {
  readonly invocations: number;
  /** Rejections included. */
  readonly errors: number;
  readonly durations: DurationTally;
}
export interface RolloutCounts {
  /** Since the present step began. */
  readonly step: { readonly old: SideCounts; readonly fresh: SideCounts };
  readonly all: { readonly old: SideCounts; readonly fresh: SideCounts };
}
export interface StagedRolloutRow {
  readonly id: string;
  readonly function: string;
  readonly alias: string;
  readonly from: string;
  readonly to: string;
  readonly steps: readonly number[];
  readonly everySeconds: number;
  readonly conditions: readonly AbortCondition[];
  readonly sticky: GreySticky | null;
  readonly state: StagedRolloutState;
  readonly reason: string;
  /** Index of the present or last step. */
  readonly step: number;
  readonly startedAt: string;
  readonly stepStartedAt: string;
  /** When it was looked at last. */
  readonly checkedAt: string;
  readonly endedAt: string | null;
  readonly author: { readonly tokenId: string };
  readonly counts: RolloutCounts;
}
export interface StagedRolloutQuery {
  readonly functionName?: string;
  readonly alias?: string;
  readonly state?: StagedRolloutState;
}
export interface StagedRolloutView {
  get(id: string): Promise<StagedRolloutRow | null>;
  /** Newest first. */
  list(query: StagedRolloutQuery): Promise<readonly StagedRolloutRow[]>;
}
export interface StagedRolloutTable extends StagedRolloutView {
  /** Inserts or replaces. */
  put(row: StagedRolloutRow): Promise<void>;
  /** Those that ended, beyond the newest `stagedRolloutLimits.keptMax`. */
  forgetOldest(): Promise<void>;
}
