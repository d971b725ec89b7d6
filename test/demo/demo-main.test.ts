/** The demo's command line. The demo as a whole is a step of `npm test` (test/check-main.ts). */
import { expect, test } from "vitest";
import { runToEnd } from "../../bench/harness/child-process.ts";
import { nodeBinary, projectRoot } from "../../bench/harness/project-files.ts";

test("an unknown argument is refused with 2 before anything starts", async () => {
  const args = [`${projectRoot}/test/demo/demo-main.ts`, "--twice"];
  const { code, stderr } = await runToEnd({ name: "demo", command: nodeBinary, args, env: {} }, 120_000);
  expect(code).toBe(2);
  expect(stderr).toMatch(/received --twice, allowed: --once/);
});
