/**
 * Goals: the numbers a scenario has to reach, and whether it did. Pure.
 *
 * Invariant: a goal that nothing was measured for is not met.
 */

/** What a value is compared with. `scale` explains the number, for example `x workerd` or `ms`. */
export interface Goal {
  readonly name: string;
  readonly comparison: "at-least" | "at-most";
  readonly bound: number;
  readonly scale: string;
}

/** A goal beside what was measured, as reports carry it. */
export interface GoalResult {
  readonly name: string;
  /** Readable form, for example `>= 3 x workerd`. */
  readonly goal: string;
  /** Null when nothing was measured. */
  readonly value: number | null;
  readonly met: boolean;
}

/** Compares a goal with the measured value; `undefined` when there is none. */
export function evaluateGoal(goal: Goal, value: number | undefined): GoalResult {
  const measured = value !== undefined && Number.isFinite(value) ? value : null;
  return {
    name: goal.name,
    goal: describeGoal(goal),
    value: measured,
    met: measured !== null && isMet(goal, measured),
  };
}

function isMet(goal: Goal, value: number): boolean {
  return goal.comparison === "at-least" ? value >= goal.bound : value <= goal.bound;
}

function describeGoal(goal: Goal): string {
  const sign = goal.comparison === "at-least" ? ">=" : "<=";
  return `${sign} ${goal.bound}${goal.scale === "" ? "" : ` ${goal.scale}`}`;
}
