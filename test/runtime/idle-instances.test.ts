import { expect, it } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import { nodeLimits } from "../../sdk/limits.ts";
import { invocationOf, quietHost, textOf, versionOf } from "./driver-fixtures.ts";
import { guestCode } from "./guest-code.ts";

/** A driver whose clock can be put forward. */
async function driverAhead(): Promise<{ readonly driver: LocalDriver; readonly clock: { aheadMs: number } }> {
  const clock = { aheadMs: 0 };
  const real = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const environment = { ...real, nowMs: () => real.nowMs() + clock.aheadMs };
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  await driver.start();
  return { driver, clock };
}

it("an instance idle for longer than allowed is disposed when another starts, and its version starts again when asked", async () => {
  const { driver, clock } = await driverAhead();
  const [idle, other] = [1, 2].map((n) => versionOf(`{ fetch() { return new Response("${n}"); } }`, {}));
  if (idle === undefined || other === undefined) throw new Error("no versions");
  await driver.load(idle);
  await driver.load(other);
  const instances = async (key: string): Promise<number | undefined> =>
    (await driver.stats()).find((stats) => stats.key === key)?.instances;

  await driver.warm(idle.key, 1);
  clock.aheadMs = nodeLimits.instanceIdleMs - 5_000;
  await driver.warm(other.key, 1);
  expect(await instances(idle.key)).toBe(1);

  clock.aheadMs = nodeLimits.instanceIdleMs + 5_000;
  await driver.warm(other.key, 2);
  expect(await instances(idle.key)).toBe(0);
  expect(await textOf(await driver.invoke(invocationOf(idle.key, {}), quietHost([])).outcome)).toBe("1");
  expect(await instances(idle.key)).toBe(1);
  await driver.close();
});

it("a reserved instance is never disposed for being idle; one beyond the reserved ones is", async () => {
  const { driver, clock } = await driverAhead();
  const [kept, other] = [1, 2].map((n) => versionOf(`{ fetch() { return new Response("${n}"); } }`, {}));
  if (kept === undefined || other === undefined) throw new Error("no versions");
  await driver.load(kept);
  await driver.load(other);
  const instances = async (): Promise<number | undefined> =>
    (await driver.stats()).find(({ key }) => key === kept.key)?.instances;

  await driver.warm(kept.key, 3);
  driver.reserve(kept.key, 2);
  expect(await textOf(await driver.invoke(invocationOf(kept.key, {}), quietHost([])).outcome)).toBe("1");
  clock.aheadMs = 2 * nodeLimits.instanceIdleMs;
  await driver.warm(other.key, 1);
  expect(await instances()).toBe(2);
  clock.aheadMs = 4 * nodeLimits.instanceIdleMs;
  await driver.warm(other.key, 2);
  expect(await instances()).toBe(2);

  driver.reserve(kept.key, 0);
  await driver.stats();
  clock.aheadMs = 6 * nodeLimits.instanceIdleMs;
  await driver.warm(other.key, 3);
  expect(await instances()).toBe(0);
  await driver.close();
});
