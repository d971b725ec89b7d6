import { expect, it, vi } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import type * as limitsModule from "../../sdk/limits.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import { versionOf } from "./driver-fixtures.ts";
import { guestCode } from "./guest-code.ts";

vi.mock("../../sdk/limits.ts", async (original) => {
  const limits = await original<typeof limitsModule>();
  return { ...limits, nodeLimits: { ...limits.nodeLimits, prewarmBelowInstances: 2 } };
});

it("prewarm() starts nothing in a host that has as many instances as guesses may find", async () => {
  const environment = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  await driver.start();
  const versions = [1, 2, 3].map((n) => versionOf(`{ fetch() { return new Response("${n}"); } }`, {}));
  for (const version of versions) {
    await driver.load(version);
    await driver.prewarm(version.key);
  }
  const instances = (await driver.stats()).map((stats) => stats.instances);
  expect(instances).toEqual([1, 1, 0]);
  const [, , last] = versions;
  expect(await driver.warm(last?.key ?? "", 1)).toBeNull();
  await driver.close();
});
