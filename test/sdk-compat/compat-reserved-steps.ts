/** Reserved instances: set, listed, kept by the node without any request, refused, taken away. */
import assert from "node:assert/strict";
import { raw, refused, urn, type CompatStep } from "./compat-words.ts";
import type { CompatWorld } from "./compat-world.ts";

interface Listed {
  readonly func_urn?: string;
  readonly count?: number;
}
interface Config {
  readonly qualifier_type?: string;
  readonly qualifier_name?: string;
  readonly min_count?: number;
  readonly idle_mode?: boolean;
  readonly tactics_config?: object;
}

async function set(
  { sdk, client }: CompatWorld,
  body: InstanceType<CompatWorld["sdk"]["UpdateFunctionReservedInstancesCountRequestBody"]>,
  of: string = urn,
): Promise<Readonly<Record<string, unknown>>> {
  const request = new sdk.UpdateFunctionReservedInstancesCountRequest(of).withBody(body);
  return raw(await client.updateFunctionReservedInstancesCount(request));
}

async function listed({ sdk, client }: CompatWorld, of?: string): Promise<readonly Listed[]> {
  const request = new sdk.ListFunctionReservedInstancesRequest();
  if (of !== undefined) request.withUrn(of);
  return raw(await client.listFunctionReservedInstances(request))["reservedinstances"] as readonly Listed[];
}

async function configs({ sdk, client }: CompatWorld): Promise<readonly Config[]> {
  const request = new sdk.ListReservedInstanceConfigsRequest().withFunctionUrn(urn);
  return raw(await client.listReservedInstanceConfigs(request))["reserved_instances"] as readonly Config[];
}

export const reservedSteps: readonly CompatStep[] = [
  {
    name: "reserve instances of latest",
    run: async (world) => {
      const { sdk } = world;
      const body = new sdk.UpdateFunctionReservedInstancesCountRequestBody().withCount(2).withIdleMode(false);
      assert.deepEqual((await set(world, body))["count"], 2);
      assert.deepEqual(await listed(world), [{ func_urn: `${urn}:latest`, count: 2 }]);
      assert.deepEqual(await listed(world, urn), [{ func_urn: `${urn}:latest`, count: 2 }]);
    },
  },
  {
    name: "reserve instances of an alias by time and by utilisation",
    run: async (world) => {
      const { sdk, client } = world;
      const alias = new sdk.CreateVersionAliasRequestBody().withName("kept").withVersion("v1");
      await client.createVersionAlias(new sdk.CreateVersionAliasRequest(urn).withBody(alias));
      const cron = new sdk.CronConfig()
        .withName("day")
        .withCron("0 0 8 * * ?")
        .withCount(3)
        .withStartTime(1_796_083_200)
        .withExpiredTime(4_102_444_800);
      const metric = new sdk.MetricConfig().withName("busy").withType("Concurrency").withThreshold(60).withMin(1);
      const tactics = new sdk.TacticsConfig().withCronConfigs([cron]).withMetricConfigs([metric]);
      const body = new sdk.UpdateFunctionReservedInstancesCountRequestBody()
        .withCount(1)
        .withIdleMode(true)
        .withTacticsConfig(tactics);
      const answer = await set(world, body, `${urn}:!kept`);
      assert.deepEqual([answer["count"], answer["idle_mode"]], [1, true]);
      const shown = (await configs(world)).find((one) => one.qualifier_name === "kept");
      assert.deepEqual([shown?.qualifier_type, shown?.min_count, shown?.idle_mode], ["alias", 1, true]);
      assert.deepEqual(shown?.tactics_config, {
        cron_configs: [
          { name: "day", cron: "0 0 8 * * ?", count: 3, start_time: 1_796_083_200, expired_time: 4_102_444_800 },
        ],
        metric_configs: [{ name: "busy", type: "Concurrency", threshold: 60, min: 1 }],
      });
    },
  },
  {
    name: "reservations that are refused",
    run: async (world) => {
      const { sdk } = world;
      const ofCount = (count: number) =>
        new sdk.UpdateFunctionReservedInstancesCountRequestBody().withCount(count).withIdleMode(false);
      await refused(set(world, ofCount(1), `${urn}:v1`), 409, "FSS.0409");
      await refused(set(world, ofCount(11)), 400, "FSS.0400");
      await refused(set(world, ofCount(1), `${urn}:!nobody`), 404, "FSS.1053");
      const metric = new sdk.MetricConfig().withName("busy").withType("Concurrency").withThreshold(100).withMin(1);
      const tactics = new sdk.TacticsConfig().withMetricConfigs([metric]);
      await refused(set(world, ofCount(1).withTacticsConfig(tactics)), 400, "FSS.0400");
      const cron = new sdk.CronConfig()
        .withName("day")
        .withCron("0 0 8 * *")
        .withCount(1)
        .withStartTime(1)
        .withExpiredTime(2);
      await refused(
        set(world, ofCount(1).withTacticsConfig(new sdk.TacticsConfig().withCronConfigs([cron]))),
        400,
        "FSS.0400",
      );
    },
  },
  {
    name: "reserve none any more",
    run: async (world) => {
      const { sdk, client } = world;
      const none = () => new sdk.UpdateFunctionReservedInstancesCountRequestBody().withCount(0).withIdleMode(false);
      assert.equal((await set(world, none()))["count"], 0);
      assert.equal((await set(world, none()))["count"], 0);
      // What is reserved for an alias goes with it.
      await client.deleteVersionAlias(new sdk.DeleteVersionAliasRequest(urn, "kept"));
      assert.deepEqual(await listed(world), []);
      assert.deepEqual(await configs(world), []);
    },
  },
];
