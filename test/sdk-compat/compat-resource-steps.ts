/** Dependencies, quotas and triggers. */
import assert from "node:assert/strict";
import { zipSync } from "fflate";
import { answerOf, invoke, raw, refused, urn, type CompatStep } from "./compat-words.ts";
import type { CompatWorld } from "./compat-world.ts";

const base64Zip = (files: Readonly<Record<string, string>>): string =>
  Buffer.from(
    zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]))),
  ).toString("base64");
const user = `${urn}-user`;

/** Of the dependency that the first step makes. */
async function newest({ sdk, client }: CompatWorld): Promise<{ readonly id: string; readonly version: number }> {
  const asked = new sdk.ListDependenciesRequest().withName("colours").withDependencyType("private");
  const { dependencies = [] } = raw(await client.listDependencies(asked)) as {
    readonly dependencies?: readonly { readonly id: string; readonly version: number }[];
  };
  const [one] = dependencies;
  assert.ok(one !== undefined && dependencies.length === 1);
  return one;
}

const dependencySteps: readonly CompatStep[] = [
  {
    name: "upload a dependency twice, and list its versions",
    run: async (world) => {
      const { sdk, client } = world;
      for (const colour of ["red", "blue"]) {
        const body = new sdk.CreateDependencyRequestBody("zip", "Node.js18.15", "colours")
          .withDependFile(base64Zip({ "package.json": '{"main": "m.js"}', "m.js": `module.exports = "${colour}";` }))
          .withDescription(colour);
        await client.createDependencyVersion(new sdk.CreateDependencyVersionRequest().withBody(body));
      }
      const { id, version } = await newest(world);
      assert.equal(version, 2);
      const listed = raw(await client.listDependencyVersion(new sdk.ListDependencyVersionRequest(id)));
      assert.equal(listed["count"], 2);
      const shown = raw(await client.showDependencyVersion(new sdk.ShowDependencyVersionRequest(id, "1")));
      assert.deepEqual([shown["name"], shown["description"], shown["version"]], ["colours", "red", 1]);
    },
  },
  {
    name: "a function from a ZIP that uses it",
    run: async (world) => {
      const { sdk, client } = world;
      const { id } = await newest(world);
      const code = 'const colour = require("colours"); exports.handler = async (event, context) => ({ colour });';
      const body = new sdk.CreateFunctionRequestBody()
        .withFuncName("compat-user")
        .withPackage("default")
        .withRuntime("Node.js18.15")
        .withTimeout(30)
        .withHandler("index.handler")
        .withMemorySize(128)
        .withCodeType("zip")
        .withDependVersionList([id])
        .withFuncCode(new sdk.FuncCode().withFile(base64Zip({ "index.js": code })));
      const created = raw(await client.createFunction(new sdk.CreateFunctionRequest().withBody(body)));
      assert.deepEqual(created["depend_version_list"], [id]);
      assert.deepEqual(answerOf(await invoke(world, { urn: user, event: {} })), { colour: "blue" });
    },
  },
  {
    name: "a dependency in use is not deleted, one that is free is",
    run: async (world) => {
      const { sdk, client } = world;
      const { id } = await newest(world);
      const remove = (version: string): Promise<unknown> =>
        client.deleteDependencyVersion(new sdk.DeleteDependencyVersionRequest(id, version));
      await refused(remove("2"), 428, "FSS.1033");
      await remove("1");
      await refused(client.showDependencyVersion(new sdk.ShowDependencyVersionRequest(id, "1")), 404, "FSS.1056");
      await client.deleteFunction(new sdk.DeleteFunctionRequest(user));
      await remove("2");
    },
  },
];

const triggerSteps: readonly CompatStep[] = [
  {
    name: "a timer is kept, disabled, changed and deleted",
    run: async ({ sdk, client }) => {
      const data = new sdk.TriggerEventDataRequestBody()
        .withName("nightly")
        .withScheduleType("Cron")
        .withSchedule("CRON_TZ=Asia/Shanghai 0 15 2 * * ?")
        .withUserEvent("all of it");
      const body = new sdk.CreateFunctionTriggerRequestBody("TIMER", data).withTriggerStatus("DISABLED");
      const created = raw(await client.createFunctionTrigger(new sdk.CreateFunctionTriggerRequest(urn).withBody(body)));
      assert.equal(created["trigger_status"], "DISABLED");
      const id = String(created["trigger_id"]);
      const listed: unknown = await client.listFunctionTriggers(new sdk.ListFunctionTriggersRequest(urn));
      assert.equal(Object.values(listed as object).filter((one) => typeof one === "object").length, 1);
      // Its type knows brokers' data only.
      const schedule = { schedule_type: "Rate", schedule: "3m" } as never;
      const changed = new sdk.UpdateTriggerRequestBody().withEventData(schedule);
      await client.updateTrigger(new sdk.UpdateTriggerRequest(urn, "TIMER", id).withBody(changed));
      const shown = raw(await client.showFunctionTrigger(new sdk.ShowFunctionTriggerRequest(urn, "TIMER", id)));
      assert.deepEqual(shown["event_data"], {
        name: "nightly",
        schedule_type: "Rate",
        schedule: "3m",
        user_event: "all of it",
      });
      await client.deleteFunctionTrigger(new sdk.DeleteFunctionTriggerRequest(urn, "TIMER", id));
      await refused(client.showFunctionTrigger(new sdk.ShowFunctionTriggerRequest(urn, "TIMER", id)), 404, "FSS.1140");
    },
  },
  {
    name: "a timer that would have to fire is refused, and one without a schedule",
    run: async ({ sdk, client }) => {
      const data = new sdk.TriggerEventDataRequestBody().withName("t").withScheduleType("Rate").withSchedule("3m");
      const active = new sdk.CreateFunctionTriggerRequestBody("TIMER", data).withTriggerStatus("ACTIVE");
      await refused(
        client.createFunctionTrigger(new sdk.CreateFunctionTriggerRequest(urn).withBody(active)),
        412,
        "FSS.1153",
      );
      const wrong = new sdk.CreateFunctionTriggerRequestBody(
        "TIMER",
        new sdk.TriggerEventDataRequestBody().withName("t"),
      );
      await refused(
        client.createFunctionTrigger(new sdk.CreateFunctionTriggerRequest(urn).withBody(wrong)),
        400,
        "FSS.1109",
      );
    },
  },
  {
    name: "an HTTP trigger is kept, and all are deleted",
    run: async ({ sdk, client }) => {
      const data = new sdk.TriggerEventDataRequestBody()
        .withName("api")
        .withPath("/compat")
        .withProtocol("HTTPS")
        .withReqMethod("ANY")
        .withAuth("NONE")
        .withMatchMode("SWA")
        .withFuncInfo(new sdk.ApigTriggerFuncInfo(5_000));
      const body = new sdk.CreateFunctionTriggerRequestBody("APIG", data);
      const created = raw(await client.createFunctionTrigger(new sdk.CreateFunctionTriggerRequest(urn).withBody(body)));
      assert.deepEqual([created["trigger_type_code"], created["trigger_status"]], ["APIG", "DISABLED"]);
      await client.batchDeleteFunctionTriggers(new sdk.BatchDeleteFunctionTriggersRequest(urn));
      const id = String(created["trigger_id"]);
      await refused(client.showFunctionTrigger(new sdk.ShowFunctionTriggerRequest(urn, "APIG", id)), 404, "FSS.1131");
    },
  },
];

export const resourceSteps: readonly CompatStep[] = [
  {
    name: "quotas",
    run: async ({ sdk, client }) => {
      const { quotas } = raw(await client.listQuotas(new sdk.ListQuotasRequest())) as unknown as {
        readonly quotas: { readonly resources: readonly { readonly type: string; readonly quota: number }[] };
      };
      const functions = quotas.resources.find(({ type }) => type === "fgs_func_num");
      assert.equal(functions?.quota, 20_000);
    },
  },
  ...dependencySteps,
  ...triggerSteps,
];
