/** Asynchronous invocations. */
import assert from "node:assert/strict";
import { raw, urn, type CompatStep } from "./compat-words.ts";
import type { CompatWorld } from "./compat-world.ts";

/** Asks until a call is what it shall become. */
async function untilState({ sdk, client }: CompatWorld, id: string, state: string): Promise<void> {
  for (let look = 0; look < 300; look++) {
    const request = new sdk.ListAsyncInvocationsRequest().withFunctionUrn(urn).withRequestId(id);
    const { invocations: [call] = [] } = raw(await client.listAsyncInvocations(request));
    if (call?.status === state) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`call ${id} did not become ${state}`);
}

export const asynchronousSteps: readonly CompatStep[] = [
  {
    name: "an asynchronous invocation, and its destination",
    run: async (world) => {
      const { sdk, client } = world;
      const destination = new sdk.FuncDestinationConfig()
        .withDestination("FunctionGraph")
        .withParam(JSON.stringify({ func_urn: `${urn}:latest` }));
      const config = new sdk.UpdateFunctionAsyncInvokeConfigRequestBody()
        .withMaxAsyncRetryAttempts(2)
        .withMaxAsyncEventAgeInSeconds(600)
        .withDestinationConfig(new sdk.FuncAsyncDestinationConfig().withOnSuccess(destination));
      const set = new sdk.UpdateFunctionAsyncInvokeConfigRequest(urn).withBody(config);
      const shown = raw(await client.updateFunctionAsyncInvokeConfig(set));
      assert.deepEqual([shown["max_async_retry_attempts"], shown["max_async_event_age_in_seconds"]], [2, 600]);
      const asked = new sdk.AsyncInvokeFunctionRequest(urn).withBody({ name: "later" } as never);
      const accepted = raw(await client.asyncInvokeFunction(asked));
      await untilState(world, String(accepted["request_id"]), "SUCCESS");
      await client.deleteFunctionAsyncInvokeConfig(new sdk.DeleteFunctionAsyncInvokeConfigRequest(urn));
    },
  },
  {
    name: "an asynchronous invocation that fails",
    run: async (world) => {
      const { sdk, client } = world;
      const config = new sdk.UpdateFunctionAsyncInvokeConfigRequestBody().withMaxAsyncRetryAttempts(0);
      await client.updateFunctionAsyncInvokeConfig(
        new sdk.UpdateFunctionAsyncInvokeConfigRequest(urn).withBody(config),
      );
      const asked = new sdk.AsyncInvokeFunctionRequest(urn).withBody({ fail: true } as never);
      const accepted = raw(await client.asyncInvokeFunction(asked));
      await untilState(world, String(accepted["request_id"]), "FAIL");
    },
  },
];
