import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sourceFolder } from "../bundler/source-folder.ts";
import { runStep, type CheckStep, type Tally } from "./check-step.ts";
import { vitestTally } from "./vitest-tally.ts";

async function run(code: string, changes: Partial<CheckStep> = {}): Promise<{ tally: Tally; output: string }> {
  let output = "";
  const write = (text: string): boolean => {
    output += text;
    return true;
  };
  const step = {
    name: "a step",
    program: process.execPath,
    args: ["-e", code],
    live: false,
    deadlineMs: 10_000,
    ...changes,
  };
  const tally = await runStep(step, { cwd: "/", env: {}, write, monotonicMs: () => 0 });
  return { tally, output };
}

describe("runStep()", () => {
  it("counts a program that exits with 0 as passed and keeps its output to itself", async () => {
    await expect(run('console.log("all well")')).resolves.toEqual({
      tally: { passed: 1, failed: 0 },
      output: "ok     a step (0.0 s)\n",
    });
  });

  it("shows what a failing program printed, on both streams", async () => {
    const { tally, output } = await run('console.log("one"); console.error("two"); process.exitCode = 3');
    expect(tally).toEqual({ passed: 0, failed: 1 });
    expect(output).toMatch(/one\n[^]*FAILED a step/);
    expect(output).toContain("two\n");
  });

  it("counts a program that is killed, cannot start or does not end as failed", async () => {
    const failed = { passed: 0, failed: 1 };
    await expect(run("process.kill(process.pid, 'SIGKILL')")).resolves.toMatchObject({ tally: failed });
    await expect(run("", { program: "/nonexistent" })).resolves.toMatchObject({ tally: failed });
    const { tally, output } = await run("setInterval(() => {}, 1000)", { deadlineMs: 200 });
    expect(tally).toEqual(failed);
    expect(output).toContain("did not end within 0.2 s");
  });

  it("does not believe a count without failures when the program failed", async () => {
    const count = async (): Promise<Tally> => ({ passed: 5, failed: 0 });
    await expect(run("process.exit(1)", { count })).resolves.toMatchObject({ tally: { passed: 5, failed: 1 } });
    await expect(run("", { count })).resolves.toMatchObject({ tally: { passed: 5, failed: 0 } });
  });
});

describe("vitestTally()", () => {
  async function tallyOf(report: string): Promise<Tally> {
    const path = join(await sourceFolder({}), "report.json");
    await writeFile(path, report);
    return vitestTally(path);
  }

  it("counts tests, and test files that could not be loaded", async () => {
    const testResults = [
      { status: "failed", assertionResults: [] },
      { status: "failed", assertionResults: [{}] },
      { status: "passed", assertionResults: [{}] },
    ];
    const report = { numPassedTests: 7, numFailedTests: 2, testResults };
    await expect(tallyOf(JSON.stringify(report))).resolves.toEqual({ passed: 7, failed: 3 });
  });

  it.each(["", "{}", '{"numPassedTests":1}'])("counts the report %j as one failure", async (report) => {
    await expect(tallyOf(report)).resolves.toEqual({ passed: 0, failed: 1 });
  });

  it("counts a missing report as one failure", async () => {
    await expect(vitestTally("/nonexistent/report.json")).resolves.toEqual({ passed: 0, failed: 1 });
  });
});
