/**
 * When a rollout in steps stops and goes back: the new version is worse than the old one by more than a margin. Pure.
 *
 * As text: `error-rate>1%` (percentage points above the old version's), `p99>50%` (of the old version's 99th percentile), `p99>20ms` (above it).
 */
import { showValue } from "./field-reader.ts";

export type AbortCondition =
  /** Percentage points, 0..100. */
  | { readonly kind: "error-rate"; readonly points: number }
  /** Percent of the old version's, 0..10,000. */
  | { readonly kind: "p99-percent"; readonly percent: number }
  /** Milliseconds above the old version's, 0..900,000. */
  | { readonly kind: "p99-ms"; readonly ms: number };

export const defaultAbortConditions: readonly AbortCondition[] = [{ kind: "error-rate", points: 1 }];

export const abortConditionText =
  'error-rate>N% (points), p99>N% or p99>Nms over the old version\'s; ":" may stand for ">"';

/** The condition, or why the text is none. */
export function parseAbortCondition(text: unknown): AbortCondition | string {
  const refusal = `received ${showValue(text)}, allowed: ${abortConditionText}`;
  if (typeof text !== "string" || text.length > 64) return refusal;
  const found = /^(error-rate|p99)\s*[>:]\s*(\d{1,6}(?:\.\d{1,3})?)\s*(%|ms)$/.exec(text.trim());
  const [, metric, digits, unit] = found ?? [];
  const value = Number(digits);
  if (metric === "error-rate" && unit === "%" && value <= 100) return { kind: "error-rate", points: value };
  if (metric === "p99" && unit === "%" && value <= 10_000) return { kind: "p99-percent", percent: value };
  if (metric === "p99" && unit === "ms" && value <= 900_000) return { kind: "p99-ms", ms: value };
  return refusal;
}

export function writtenAbortCondition(condition: AbortCondition): string {
  switch (condition.kind) {
    case "error-rate":
      return `error-rate>${condition.points}%`;
    case "p99-percent":
      return `p99>${condition.percent}%`;
    case "p99-ms":
      return `p99>${condition.ms}ms`;
  }
}
