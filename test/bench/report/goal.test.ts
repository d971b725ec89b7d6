/** The claims of bench/report/goal.ts. */
import { describe, expect, test } from "vitest";
import { evaluateGoal, type Goal } from "../../../bench/report/goal.ts";

const atLeast: Goal = { name: "hello", comparison: "at-least", bound: 3, scale: "x workerd" };
const atMost: Goal = { name: "cold", comparison: "at-most", bound: 5, scale: "ms" };

describe("evaluateGoal()", () => {
  test.each([
    [atLeast, 3, true],
    [atLeast, 2.99, false],
    [atMost, 5, true],
    [atMost, 5.01, false],
  ])("%o with %d measured: met %s", (goal, value, met) => {
    expect(evaluateGoal(goal, value)).toMatchObject({ name: goal.name, value, met });
  });

  test.each([atLeast, atMost])("nothing measured is not met, whichever way it compares", (goal) => {
    expect(evaluateGoal(goal, undefined)).toMatchObject({ value: null, met: false });
  });

  test("a ratio with nothing below the line is not met", () => {
    expect(evaluateGoal(atLeast, 1 / 0)).toMatchObject({ value: null, met: false });
    expect(evaluateGoal(atMost, 0 / 0)).toMatchObject({ value: null, met: false });
  });

  test("reads as a comparison with its scale", () => {
    expect(evaluateGoal(atLeast, 4).goal).toBe(">= 3 x workerd");
    expect(evaluateGoal({ ...atMost, bound: 0, scale: "" }, 0).goal).toBe("<= 0");
  });
});
