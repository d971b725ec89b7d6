/** The official client's whole flow, as `npm run sdk-compat` runs it: here each step is a test. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pathWithNode } from "../../bench/harness/project-files.ts";
import { temporaryFolder, type TemporaryFolder } from "../sdk/project/temporary-project.ts";
import { compatSteps } from "./compat-steps.ts";
import { startCompatWorld, type CompatWorld } from "./compat-world.ts";

let folder: TemporaryFolder;
let world: CompatWorld;
beforeAll(async () => {
  folder = await temporaryFolder();
  const { PATH = "", HOME = "/" } = process.env;
  world = await startCompatWorld({ folder: join(folder.path, "world"), env: { PATH: pathWithNode(PATH), HOME } });
}, 180_000);
afterAll(async () => {
  await world.stop();
  await folder.remove();
}, 180_000);

describe("the official client", { timeout: 60_000 }, () => {
  test.each(compatSteps.map((step) => [step.name, step] as const))("%s", async (_name, step) => {
    await expect(step.run(world)).resolves.toBeUndefined();
  });
});
