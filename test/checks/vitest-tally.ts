/** Reads how many tests passed and failed from the report that vitest's JSON reporter writes. */
import { readFile } from "node:fs/promises";
import type { Tally } from "./check-step.ts";

/** A missing report counts as one failure; so does each test file that could not be loaded. */
export async function vitestTally(reportPath: string): Promise<Tally> {
  let report: unknown;
  try {
    report = JSON.parse(await readFile(reportPath, "utf8"));
  } catch {
    return { passed: 0, failed: 1 };
  }
  const { numPassedTests, numFailedTests, testResults } = report as Readonly<Record<string, unknown>>;
  if (typeof numPassedTests !== "number" || typeof numFailedTests !== "number" || !Array.isArray(testResults)) {
    return { passed: 0, failed: 1 };
  }
  const unloaded = testResults.filter((file: unknown) => isUnloaded(file)).length;
  return { passed: numPassedTests, failed: numFailedTests + unloaded };
}

function isUnloaded(file: unknown): boolean {
  const { status, assertionResults } = file as Readonly<Record<string, unknown>>;
  return status === "failed" && Array.isArray(assertionResults) && assertionResults.length === 0;
}
