/** Runs the whole demo as a user would: every answer is as expected, and nothing it started is left. */
import { expect, test } from "vitest";
import { runToEnd } from "../../bench/harness/child-process.ts";
import { nodeBinary, pathWithNode, projectRoot } from "../../bench/harness/project-files.ts";

const DEMO_MS = 120_000;

function runDemo(args: readonly string[]): ReturnType<typeof runToEnd> {
  const { PATH = "", HOME = "/", TMPDIR = "/tmp" } = process.env;
  const env = { PATH: pathWithNode(PATH), HOME, TMPDIR };
  const command = { name: "demo", command: nodeBinary, args: [`${projectRoot}/test/demo/demo-main.ts`, ...args], env };
  return runToEnd({ ...command, cwd: projectRoot }, DEMO_MS);
}

test(
  "--once publishes the four examples, gets every answer as expected, and exits with 0",
  { timeout: DEMO_MS + 10_000 },
  async () => {
    const { code, stdout, stderr } = await runDemo(["--once"]);
    expect(stderr).toBe("");
    expect(stdout).not.toContain("NOT OK");
    const [, asExpected, all] = /(\d+) of (\d+) answers as expected/.exec(stdout) ?? [];
    expect(Number(all)).toBeGreaterThan(20);
    expect(asExpected).toBe(all);
    expect(code).toBe(0);
  },
);

test("an unknown argument is refused with 2 before anything starts", { timeout: DEMO_MS }, async () => {
  expect(await runDemo(["--twice"])).toMatchObject({ code: 2, stdout: expect.stringContaining("allowed: --once") });
});
