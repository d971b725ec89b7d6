/** What belongs to instances: snapshot start with its restore hook, heartbeat, dynamic memory, and what happens beyond concurrency and instances. */
import assert from "node:assert/strict";
import { waitFor } from "../../bench/harness/wait-for.ts";
import { invoke, raw, refused, type CompatStep } from "./compat-words.ts";
import type { CompatWorld } from "./compat-world.ts";

const name = "compat-instances";
const urn = `urn:fss:local:compat:function:default:${name}`;

const source = `
let initialized = 0, restored = 0;
exports.prepare = (context, callback) => { initialized += 1; callback(null); };
exports.again = async (context, callback) => { restored += 1; };
exports.well = () => true;
exports.handler = async (event, context) => {
  if (event.waitMs) await new Promise((resolve) => setTimeout(resolve, event.waitMs));
  return { initialized, restored, memory: context.getMemorySize() };
};`;

async function configure({ sdk, client }: CompatWorld, changes: object): Promise<void> {
  const body = Object.assign(
    new sdk.UpdateFunctionConfigRequestBody()
      .withFuncName(name)
      .withRuntime("Node.js18.15")
      .withTimeout(30)
      .withHandler("index.handler")
      .withMemorySize(128),
    changes,
  );
  await client.updateFunctionConfig(new sdk.UpdateFunctionConfigRequest(urn).withBody(body));
}

async function answer(world: CompatWorld, event: object, memory?: string): Promise<unknown> {
  const { sdk, client } = world;
  if (memory === undefined) return JSON.parse(String((await invoke(world, { urn, event })).result));
  const request = new sdk.InvokeFunctionRequest(urn).withBody(event as never).withXCFFRequestVersion("v1");
  const answered = raw(await client.invokeFunction(request.withXCffInstanceMemory(memory)));
  return JSON.parse(String(answered["result"]));
}

export const instanceSteps: readonly CompatStep[] = [
  {
    name: "a snapshot is taken after the initializer, and instances run the restore hook instead",
    run: async (world) => {
      const { sdk, client } = world;
      const body = new sdk.CreateFunctionRequestBody()
        .withFuncName(name)
        .withPackage("default")
        .withRuntime("Node.js18.15")
        .withTimeout(30)
        .withHandler("index.handler")
        .withMemorySize(128)
        .withCodeType("inline")
        .withInitializerHandler("index.prepare")
        .withInitializerTimeout(10)
        .withFuncCode(new sdk.FuncCode().withFile(Buffer.from(source).toString("base64")));
      await client.createFunction(new sdk.CreateFunctionRequest().withBody(body));
      await configure(world, { restore_hook_handler: "index.again", heartbeat_handler: "index.well" });
      assert.deepEqual(await answer(world, {}), { initialized: 1, restored: 0, memory: "128" });

      const state = async (action: string) =>
        raw(await client.showFuncSnapshotState(new sdk.ShowFuncSnapshotStateRequest(urn, action)))["state"];
      assert.deepEqual([await state("state"), await state("enableSnapshot")], ["off", "disable"]);
      await client.updateFuncSnapshot(new sdk.UpdateFuncSnapshotRequest(urn, "enable"));
      assert.deepEqual([await state("state"), await state("enableSnapshot")], ["ready", "enable"]);
      assert.deepEqual(await answer(world, {}), { initialized: 1, restored: 1, memory: "128" });

      const published = new sdk.CreateFunctionVersionRequestBody().withVersion("frozen");
      await client.createFunctionVersion(new sdk.CreateFunctionVersionRequest(urn).withBody(published));
      await refused(
        client.updateFuncSnapshot(new sdk.UpdateFuncSnapshotRequest(`${urn}:frozen`, "disable")),
        400,
        "FSS.1015",
      );
    },
  },
  {
    name: "who invokes chooses an instance's size where that is enabled",
    run: async (world) => {
      assert.deepEqual(await answer(world, {}, "256"), { initialized: 1, restored: 1, memory: "128" });
      await configure(world, { enable_dynamic_memory: true });
      assert.deepEqual(await answer(world, {}, "256"), { initialized: 1, restored: 1, memory: "256" });
      assert.deepEqual(await answer(world, {}), { initialized: 1, restored: 1, memory: "128" });
      await assert.rejects(answer(world, {}, "300"), {
        httpStatusCode: 406,
        errorCode: "FSS.0406",
        errorMsg: "X-Cff-Instance-Memory not in [128 256 512 768 1024]",
      });
    },
  },
  {
    name: "beyond instances and their concurrency a call is refused with the words of the system being implemented",
    run: async (world) => {
      const { sdk, client } = world;
      await configure(world, { strategy_config: { concurrent_num: 2 } });
      const limited = new sdk.UpdateFunctionMaxInstanceConfigRequestBody().withMaxInstanceNum(1);
      await client.updateFunctionMaxInstanceConfig(
        new sdk.UpdateFunctionMaxInstanceConfigRequest(urn).withBody(limited),
      );
      const waiting = [1, 2].map(() => answer(world, { waitMs: 6_000 }));
      const areBothThere = async (): Promise<true | null> => ((await world.running(name)) === 2 ? true : null);
      await waitFor(areBothThere, { what: "two running calls", deadlineMs: 6_000 });
      await assert.rejects(answer(world, {}), {
        httpStatusCode: 429,
        errorCode: "FSS.0429",
        errorMsg: "Your request has been controlled by overload sdk, please retry later.",
      });
      await Promise.all(waiting);
      assert.deepEqual(await answer(world, {}), { initialized: 1, restored: 1, memory: "128" });
      await client.deleteFunction(new sdk.DeleteFunctionRequest(urn));
    },
  },
];
