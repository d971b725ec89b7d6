/**
 * Whether a program was contained: what it did to the world, held against the definition in README.md. Pure.
 *
 * Invariant: "no" carries every reason.
 */
import type { AttackOutcome } from "./attack-request.ts";
import type { NeighbourSummary } from "./neighbour-samples.ts";

export type PublishOutcome =
  | { readonly kind: "published"; readonly ms: number; readonly hooks: readonly string[] }
  | {
      readonly kind: "refused";
      readonly ms: number;
      readonly status: number;
      readonly code: string;
      readonly message: string;
    }
  /** No answer, or one that blames the control plane. */
  | { readonly kind: "failed"; readonly ms: number; readonly code: string; readonly message: string };

/** Everything that was seen of one program. */
export interface ProgramRun {
  readonly name: string;
  readonly attack: string;
  readonly publish: PublishOutcome;
  /** Why the node does not serve what was published; null when it does, or was never asked to. */
  readonly rollout: string | null;
  /** In the order they were sent; none when the publish was refused. */
  readonly outcomes: readonly AttackOutcome[];
  /** Deadline of each request, until its head. */
  readonly headMs: number;
  /** Requests that came where nobody may get. */
  readonly trespasses: readonly string[];
  /** From the last request's end to when everything was well and stayed so for a second; null: not within the deadline. */
  readonly healthyMs: number | null;
  /** What was not well at the deadline. */
  readonly unwell: string | null;
  /** From before the publish until everything was cleaned up: its failures count. */
  readonly neighbour: NeighbourSummary;
  /** While the attack was going on: its p99 counts. */
  readonly neighbourUnderAttack: NeighbourSummary;
  /** Processes of the node that are not those from before. */
  readonly processesReplaced: number;
}

export interface Verdict {
  readonly contained: boolean;
  readonly reasons: readonly string[];
}

export function judge(run: ProgramRun): Verdict {
  const { publish, outcomes, neighbour } = run;
  const reached = new Set(outcomes.flatMap((outcome) => (outcome.kind === "answered" ? outcome.reached : [])));
  const unanswered = outcomes.filter(({ kind }) => kind === "unanswered").length;
  const reasons: string[] = [];
  if (publish.kind === "failed") reasons.push(`publish failed after ${Math.round(publish.ms)} ms: ${publish.code}`);
  if (publish.kind === "refused" && publish.message === "") reasons.push("publish refused without a word");
  if (reached.size > 0) reasons.push(`reached ${[...reached].join(", ")}`);
  if (run.trespasses.length > 0) reasons.push(`came to a forbidden port: ${run.trespasses[0] ?? ""}`);
  if (unanswered > 0) reasons.push(`${unanswered} of ${outcomes.length} requests unanswered for ${run.headMs} ms`);
  if (run.healthyMs === null) reasons.push(`not healthy: ${run.unwell ?? "unknown"}`);
  if (neighbour.failures > 0) {
    reasons.push(
      `${neighbour.failures} of ${neighbour.requests} neighbour requests failed: ${neighbour.firstFailure ?? ""}`,
    );
  }
  return { contained: reasons.length === 0, reasons };
}

/** What clients got, for example `{"503 FUNCTION_CPU_LIMIT": 20}`. */
export function countOutcomes(outcomes: readonly AttackOutcome[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const name = nameOf(outcome);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function nameOf(outcome: AttackOutcome): string {
  switch (outcome.kind) {
    case "answered":
      return outcome.code === null ? `${outcome.status}` : `${outcome.status} ${outcome.code}`;
    case "left":
      return `${outcome.status}, endless`;
    case "cut":
      return `${outcome.status}, cut`;
    case "lost":
    case "unanswered":
      return outcome.kind;
  }
}
