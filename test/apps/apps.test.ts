/**
 * Real packages used as their documentation shows, each a project of its own: published with the command line tool and driven over
 * HTTP through a real node. What each must do is in its `scenario.yaml`.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setDomain } from "../../bench/harness/fleet-setup.ts";
import { LocalFleet, type FleetNode } from "../../bench/harness/local-fleet.ts";
import { pathWithNode } from "../../bench/harness/project-files.ts";
import { temporaryFolder, type TemporaryFolder } from "../sdk/project/temporary-project.ts";
import { Backend } from "./backend.ts";
import { runStep, type AppUnderTest } from "./run-scenario.ts";
import { readScenario, type Scenario } from "./scenario.ts";

const LOOPBACK = "127.0.0.0/8";
const names = readdirSync(import.meta.dirname).filter((name) => existsSync(projectOf(name, "scenario.yaml")));
const scenarios = await Promise.all(
  names.map(async (name) => ({ name, scenario: await readScenario(projectOf(name, "scenario.yaml")) })),
);

let folder: TemporaryFolder;
let fleet: LocalFleet;
let node: FleetNode;
let backend: Backend;

beforeAll(async () => {
  folder = await temporaryFolder();
  backend = await Backend.start();
  const { PATH = "", HOME = "/" } = process.env;
  fleet = await LocalFleet.start({ folder: join(folder.path, "fleet"), env: { PATH: pathWithNode(PATH), HOME } });
  // One front and one host: what a module keeps is seen by the next request.
  const settings = { SELVAGE_NODE_FRONTS: "1", SELVAGE_NODE_EGRESS_ALLOW_NETWORKS: LOOPBACK };
  node = await fleet.startNode({ name: "apps", settings });
}, 180_000);

afterAll(async () => {
  await fleet.stop();
  await backend.stop();
  await folder.remove();
}, 180_000);

describe.each(scenarios)("$name", { timeout: 180_000 }, ({ name, scenario }) => {
  let app: AppUnderTest;

  beforeAll(async () => {
    const domain = `${name}.apps.test`;
    await publish(name, scenario);
    const rules = [{ phase: "fetch", matchType: "all", function: name, alias: "prod", priority: 50 }] as const;
    await setDomain(fleet, { domain, rules });
    app = { name, domain, edgeUrl: node.edgeUrl, backend, kept: new Map() };
  });

  test.each(scenario.steps)("$name", async (step) => {
    await expect(runStep(app, step)).resolves.toBeUndefined();
  });
});

test("there are at least 15 apps", () => {
  expect(names.length).toBeGreaterThanOrEqual(15);
});

function projectOf(name: string, file = ""): string {
  return join(import.meta.dirname, name, file);
}

async function publish(name: string, { variables, secrets, backend: routes }: Scenario): Promise<void> {
  const url = backend.add(name, routes);
  const settings = Object.entries(variables).flatMap(([key, value]) => [
    "--var",
    `${key}=${value.replace("${backend}", url)}`,
  ]);
  const hidden = Object.keys(secrets).flatMap((key) => ["--secret", key]);
  const args = ["publish", projectOf(name), "--alias", "prod", "--wait", "30", ...settings, ...hidden];
  const { code, stdout, stderr } = await fleet.cli(args, { env: secrets });
  expect({ code, stdout, stderr }).toMatchObject({
    code: 0,
    stdout: expect.not.stringContaining("warning"),
    stderr: "",
  });
}
