/** A rollout in steps: an alias goes to a new version by growing weights, and back by itself when that one is worse. Types of REST. */
import type { GreySticky } from "./alias-grey.ts";

/** `superseded`: somebody moved the alias meanwhile, and it stays where it was put. */
export const stagedRolloutStates = ["running", "done", "aborted", "cancelled", "superseded"] as const;
export type StagedRolloutState = (typeof stagedRolloutStates)[number];

/** `POST /v1/functions/:name/aliases/:alias/rollouts` → 201 StagedRolloutResource. */
export interface StagedRolloutInput {
  /** The version to go to; default: the one published last. */
  readonly to?: string;
  /** Percent of requests, growing, the last one 100; 1..20 of them. */
  readonly steps: readonly number[];
  /** How long each step lasts, 1..86,400 seconds. */
  readonly everySeconds: number;
  /** As abort-condition.ts writes them, at most 10; default: `error-rate>1%`. */
  readonly abortIf?: readonly string[];
  /** By which a client keeps its version. */
  readonly sticky?: GreySticky | null;
}

/** What one version did. */
export interface RolloutSide {
  readonly version: string;
  readonly invocations: number;
  /** Failed, answered with 500 or more, or refused for want of an instance. */
  readonly errors: number;
  /** Milliseconds; null: nothing was invoked. */
  readonly p99Ms: number | null;
}

/** `GET /v1/rollouts?function=&state=` → {rollouts}, newest first; `GET /v1/rollouts/:id`; `POST /v1/rollouts/:id/cancel` goes back. */
export interface StagedRolloutResource {
  readonly id: string;
  readonly function: string;
  readonly alias: string;
  readonly state: StagedRolloutState;
  /** Why it ended as it did, or "". */
  readonly reason: string;
  readonly steps: readonly number[];
  /** Index of the present or last step. */
  readonly step: number;
  readonly everySeconds: number;
  readonly abortIf: readonly string[];
  readonly sticky: GreySticky | null;
  readonly startedAt: string;
  readonly stepStartedAt: string;
  readonly endedAt: string | null;
  /** Since the rollout began. */
  readonly old: RolloutSide;
  readonly new: RolloutSide;
}
