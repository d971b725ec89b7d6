/**
 * What the official client of FunctionGraph does with a function from its creation to its end, step by step; each later step builds on those before.
 *
 * Steps are data: a name, and what is asked and expected. A step that throws has failed.
 */
import assert from "node:assert/strict";
import type { CompatWorld } from "./compat-world.ts";

export interface CompatStep {
  readonly name: string;
  run(world: CompatWorld): Promise<void>;
}

const name = "compat";
const urn = `urn:fss:local:compat:function:default:${name}`;
const code = (text: string): string =>
  Buffer.from(
    `exports.handler = async (event, context) => {
       context.getLogger().info("asked for %s", event.name);
       if (event.fail) throw new TypeError("as asked");
       return { answer: ${JSON.stringify(text)}, name: event.name, place: context.getUserData("PLACE") };
     };`,
  ).toString("base64");

/** Expects the client to refuse with this status and code. */
async function refused(call: Promise<unknown>, status: number, errorCode: string): Promise<void> {
  await assert.rejects(call, (error: { readonly httpStatusCode?: number; readonly errorCode?: string }) => {
    assert.deepEqual([error.httpStatusCode, error.errorCode], [status, errorCode]);
    return true;
  });
}

/** An answer as it came over the wire. */
function raw(answer: unknown): Answer {
  return JSON.parse(JSON.stringify(answer)) as Answer;
}

type Answer = Readonly<Record<string, unknown>> & {
  readonly functions?: readonly { readonly func_name: string }[];
  readonly versions?: readonly { readonly version: string }[];
  readonly events?: readonly { readonly name: string }[];
  readonly invocations?: readonly { readonly status: string }[];
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
  readonly strategy_config?: { readonly concurrency: number };
  readonly func_code?: { readonly file: string };
  readonly additional_version_strategy?: Readonly<
    Record<string, { readonly rules: readonly { readonly param: string }[] }>
  >;
};

interface Invoked {
  readonly result?: string;
  readonly log?: string;
  readonly status?: number;
  readonly [key: string]: unknown;
}

async function invoke(
  { sdk, client }: CompatWorld,
  asked: { readonly urn?: string; readonly event: object; readonly form?: string; readonly tail?: boolean },
): Promise<Invoked> {
  const request = new sdk.InvokeFunctionRequest(asked.urn ?? urn).withBody(asked.event as never);
  request.withXCFFRequestVersion(asked.form ?? "v1");
  if (asked.tail === true) request.withXCffLogType("tail");
  return (await client.invokeFunction(request)) as unknown as Invoked;
}

const answerOf = ({ result }: Invoked): unknown => JSON.parse(result ?? "null") as unknown;

const life: readonly CompatStep[] = [
  {
    name: "a wrong key is refused",
    run: async ({ sdk, impostor }) => {
      await refused(impostor.listFunctions(new sdk.ListFunctionsRequest()), 401, "FSS.0401");
    },
  },
  {
    name: "create",
    run: async ({ sdk, client }) => {
      const body = new sdk.CreateFunctionRequestBody()
        .withFuncName(name)
        .withPackage("default")
        .withRuntime("Node.js18.15" as never)
        .withTimeout(30)
        .withHandler("index.handler")
        .withMemorySize(128)
        .withCodeType("inline" as never)
        .withUserData(JSON.stringify({ PLACE: "here" }))
        .withEncryptedUserData(JSON.stringify({ PASSWORD: "hidden" }))
        .withDescription("made by the client")
        .withFuncCode(new sdk.FuncCode().withFile(code("one")));
      const created = raw(await client.createFunction(new sdk.CreateFunctionRequest().withBody(body)));
      assert.equal(created["func_urn"], `${urn}:latest`);
      assert.deepEqual([created["memory_size"], created["timeout"], created["handler"]], [128, 30, "index.handler"]);
      assert.equal(created["encrypted_user_data"], JSON.stringify({ PASSWORD: "" }));
    },
  },
  {
    name: "create a second one of this name",
    run: async ({ sdk, client }) => {
      const body = new sdk.CreateFunctionRequestBody()
        .withFuncName(name)
        .withPackage("default")
        .withRuntime("Node.js18.15" as never)
        .withTimeout(30)
        .withHandler("index.handler")
        .withMemorySize(128);
      await refused(client.createFunction(new sdk.CreateFunctionRequest().withBody(body)), 409, "FSS.1061");
    },
  },
  {
    name: "list and show",
    run: async ({ sdk, client }) => {
      const { functions = [] } = raw(await client.listFunctions(new sdk.ListFunctionsRequest()));
      assert.deepEqual(
        functions.map((one) => one.func_name),
        [name],
      );
      const config = raw(await client.showFunctionConfig(new sdk.ShowFunctionConfigRequest(urn)));
      assert.equal(config["description"], "made by the client");
      const shown = raw(await client.showFunctionCode(new sdk.ShowFunctionCodeRequest(urn)));
      assert.ok(
        Buffer.from(shown.func_code?.file ?? "", "base64")
          .subarray(0, 2)
          .equals(Buffer.from("PK")),
      );
    },
  },
  {
    name: "a function that is not there",
    run: async ({ sdk, client }) => {
      const request = new sdk.ShowFunctionConfigRequest(urn.replace(/compat$/, "nobody"));
      await refused(client.showFunctionConfig(request), 404, "FSS.1051");
    },
  },
];

const invocations: readonly CompatStep[] = [
  {
    name: "invoke v1",
    run: async (world) => {
      const answer = await invoke(world, { event: { name: "Ada" } });
      assert.deepEqual(answerOf(answer), { answer: "one", name: "Ada", place: "here" });
      assert.equal(answer.status, 200);
    },
  },
  {
    name: "invoke v1 with the tail of the log",
    run: async (world) => {
      const { log = "" } = await invoke(world, { event: { name: "Ada" }, tail: true });
      assert.match(log, /Start invoke request '[^']+', version: latest/);
      assert.match(log, /INFO .*asked for Ada/);
      assert.match(log, /Finish invoke request '[^']+', duration: [\d.]+ms, billing duration: \d+ms/);
    },
  },
  {
    name: "invoke v0",
    run: async (world) => {
      const answer = await invoke(world, { event: { name: "Ada" }, form: "v0" });
      assert.deepEqual([answer["answer"], answer["name"]], ["one", "Ada"]);
    },
  },
  {
    name: "an error of the function",
    run: async (world) => {
      const answer = await invoke(world, { event: { fail: true } });
      assert.equal(answer.status, 500);
      const error = answerOf(answer) as { readonly errorType: string; readonly stackTrace: readonly string[] };
      assert.deepEqual(
        { ...error, stackTrace: error.stackTrace.length > 0 },
        {
          errorMessage: "function invocation exception, error: as asked",
          errorType: "TypeError",
          stackTrace: true,
        },
      );
    },
  },
];

const changes: readonly CompatStep[] = [
  {
    name: "change the configuration",
    run: async (world) => {
      const { sdk, client } = world;
      const body = new sdk.UpdateFunctionConfigRequestBody()
        .withFuncName(name)
        .withRuntime("Node.js18.15" as never)
        .withTimeout(60)
        .withHandler("index.handler")
        .withMemorySize(256)
        .withUserData(JSON.stringify({ PLACE: "there" }));
      const config = raw(await client.updateFunctionConfig(new sdk.UpdateFunctionConfigRequest(urn).withBody(body)));
      assert.deepEqual([config["memory_size"], config["timeout"]], [256, 60]);
      const answer = answerOf(await invoke(world, { event: { name: "Ada" } })) as { readonly place: string };
      assert.equal(answer.place, "there");
    },
  },
  {
    name: "a memory size that is none",
    run: async ({ sdk, client }) => {
      const body = new sdk.UpdateFunctionConfigRequestBody()
        .withFuncName(name)
        .withRuntime("Node.js18.15" as never)
        .withTimeout(60)
        .withHandler("index.handler")
        .withMemorySize(129);
      await refused(
        client.updateFunctionConfig(new sdk.UpdateFunctionConfigRequest(urn).withBody(body)),
        400,
        "FSS.1007",
      );
    },
  },
  {
    name: "limit the instances",
    run: async ({ sdk, client }) => {
      const body = new sdk.UpdateFunctionMaxInstanceConfigRequestBody().withMaxInstanceNum(10);
      const request = new sdk.UpdateFunctionMaxInstanceConfigRequest(urn).withBody(body);
      const config = raw(await client.updateFunctionMaxInstanceConfig(request));
      assert.equal(config.strategy_config?.concurrency, 10);
    },
  },
];

const versions: readonly CompatStep[] = [
  {
    name: "publish a version",
    run: async ({ sdk, client }) => {
      const body = new sdk.CreateFunctionVersionRequestBody().withVersion("v1").withDescription("first");
      const version = raw(await client.createFunctionVersion(new sdk.CreateFunctionVersionRequest(urn).withBody(body)));
      assert.deepEqual([version["version"], version["description"]], ["v1", "first"]);
    },
  },
  {
    name: "publish without a change",
    run: async ({ sdk, client }) => {
      const body = new sdk.CreateFunctionVersionRequestBody().withVersion("v1a");
      const request = new sdk.CreateFunctionVersionRequest(urn).withBody(body);
      await refused(client.createFunctionVersion(request), 400, "FSS.1016");
    },
  },
  {
    name: "change the code and publish a second version",
    run: async (world) => {
      const { sdk, client } = world;
      const changed = new sdk.UpdateFunctionCodeRequestBody()
        .withCodeType("inline" as never)
        .withCodeFilename("index.js")
        .withFuncCode(new sdk.FuncCode().withFile(code("two")));
      await client.updateFunctionCode(new sdk.UpdateFunctionCodeRequest(urn).withBody(changed));
      const latest = answerOf(await invoke(world, { event: {} })) as { readonly answer: string };
      const first = answerOf(await invoke(world, { urn: `${urn}:v1`, event: {} })) as { readonly answer: string };
      assert.deepEqual([latest.answer, first.answer], ["two", "one"]);
      const body = new sdk.CreateFunctionVersionRequestBody().withVersion("v2");
      await client.createFunctionVersion(new sdk.CreateFunctionVersionRequest(urn).withBody(body));
      const { versions: listed = [] } = raw(
        await client.listFunctionVersions(new sdk.ListFunctionVersionsRequest(urn)),
      );
      assert.deepEqual(
        listed.map(({ version }) => version),
        ["latest", "v2", "v1"],
      );
    },
  },
  {
    name: "an alias with weights",
    run: async (world) => {
      const { sdk, client } = world;
      const body = new sdk.CreateVersionAliasRequestBody()
        .withName("prod")
        .withVersion("v1")
        .withAdditionalVersionWeights({ v2: 50 });
      const alias = raw(await client.createVersionAlias(new sdk.CreateVersionAliasRequest(urn).withBody(body)));
      assert.equal(alias["alias_urn"], `${urn}:!prod`);
      assert.deepEqual(alias["additional_version_weights"], { v2: 50 });
      const seen = new Set<string>();
      for (let call = 0; call < 60; call++) {
        seen.add(
          (answerOf(await invoke(world, { urn: `${urn}:!prod`, event: {} })) as { readonly answer: string }).answer,
        );
      }
      assert.deepEqual([...seen].toSorted(), ["one", "two"]);
    },
  },
  {
    name: "an alias with rules",
    run: async ({ sdk, client }) => {
      const rule = new sdk.VersionStrategyRules()
        .withRuleType("Header" as never)
        .withParam("x-beta")
        .withOp("=" as never)
        .withValue("1");
      const strategy = new sdk.VersionStrategy().withCombineType("and" as never).withRules([rule]);
      const body = new sdk.UpdateVersionAliasRequestBody()
        .withVersion("v1")
        .withAdditionalVersionStrategy({ v2: strategy });
      const request = new sdk.UpdateVersionAliasRequest(urn, "prod").withBody(body);
      await client.updateVersionAlias(request);
      const shown = raw(await client.showVersionAlias(new sdk.ShowVersionAliasRequest(urn, "prod")));
      const strategies = shown.additional_version_strategy;
      assert.equal(strategies?.["v2"]?.rules[0]?.param, "x-beta");
    },
  },
  {
    name: "list, move and delete the alias",
    run: async ({ sdk, client }) => {
      const listed: unknown = await client.listVersionAliases(new sdk.ListVersionAliasesRequest(urn));
      assert.equal(Object.values(listed as object).filter((one) => typeof one === "object").length, 1);
      const body = new sdk.UpdateVersionAliasRequestBody().withVersion("v2");
      await client.updateVersionAlias(new sdk.UpdateVersionAliasRequest(urn, "prod").withBody(body));
      const shown = raw(await client.showVersionAlias(new sdk.ShowVersionAliasRequest(urn, "prod")));
      assert.equal(shown["version"], "v2");
      await client.deleteVersionAlias(new sdk.DeleteVersionAliasRequest(urn, "prod"));
      await refused(client.showVersionAlias(new sdk.ShowVersionAliasRequest(urn, "prod")), 404, "FSS.1053");
    },
  },
];

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

const asynchronous: readonly CompatStep[] = [
  {
    name: "an asynchronous invocation, and its destination",
    run: async (world) => {
      const { sdk, client } = world;
      const destination = new sdk.FuncDestinationConfig()
        .withDestination("FunctionGraph" as never)
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

const surroundings: readonly CompatStep[] = [
  {
    name: "test events",
    run: async ({ sdk, client }) => {
      const content = Buffer.from(JSON.stringify({ key: "value" })).toString("base64");
      const body = new sdk.CreateEventRequestBody().withName("blank").withContent(content);
      const id = String(raw(await client.createEvent(new sdk.CreateEventRequest(urn).withBody(body)))["id"]);
      const asked = (): InstanceType<typeof sdk.ShowEventRequest> =>
        new sdk.ShowEventRequest().withFunctionUrn(urn).withEventId(id);
      assert.equal(raw(await client.showEvent(asked()))["content"], content);
      const { events = [] } = raw(await client.listEvents(new sdk.ListEventsRequest(urn)));
      assert.deepEqual(
        events.map((event) => event.name),
        ["blank"],
      );
      await client.deleteEvent(new sdk.DeleteEventRequest().withFunctionUrn(urn).withEventId(id));
      await refused(client.showEvent(asked()), 404, "FSS.1060");
    },
  },
  {
    name: "tags",
    run: async ({ sdk, client }) => {
      const tag = new sdk.KvItem().withKey("team").withValue("edge");
      const added = new sdk.UpdateFunctionTagsRequestBody().withTags([tag]).withAction("create" as never);
      await client.createTags(new sdk.CreateTagsRequest("functions", urn).withBody(added));
      const { tags = [] } = raw(await client.listFunctionTags(new sdk.ListFunctionTagsRequest("functions", urn)));
      assert.deepEqual(
        tags.map(({ key, value }) => [key, value]),
        [["team", "edge"]],
      );
      const removed = new sdk.UpdateFunctionTagsRequestBody().withTags([tag]).withAction("delete" as never);
      await client.deleteTags(new sdk.DeleteTagsRequest("functions", urn).withBody(removed));
    },
  },
];

const transfer: readonly CompatStep[] = [
  {
    name: "export, and import under another name",
    run: async (world) => {
      const { sdk, client, downloads } = world;
      const asked = new sdk.ExportFunctionRequest(urn).withCode(true).withConfig(true);
      const { body } = (await downloads.exportFunction(asked)) as unknown as { readonly body: Uint8Array };
      const imported = new sdk.ImportFunctionRequestBody()
        .withFuncName("compat-copy")
        .withFileName("compat.zip")
        .withFileType("zip" as never)
        .withFileCode(Buffer.from(body).toString("base64"));
      await client.importFunction(new sdk.ImportFunctionRequest().withBody(imported));
      const copy = `${urn}-copy`;
      const { answer } = answerOf(await invoke(world, { urn: copy, event: {} })) as { readonly answer: string };
      assert.equal(answer, "two");
      await client.deleteFunction(new sdk.DeleteFunctionRequest(copy));
    },
  },
];

const end: readonly CompatStep[] = [
  {
    name: "delete a version, then the function",
    run: async ({ sdk, client }) => {
      await client.deleteFunction(new sdk.DeleteFunctionRequest(`${urn}:v1`));
      await refused(client.deleteFunction(new sdk.DeleteFunctionRequest(`${urn}:latest`)), 400, "FSS.1015");
      await client.deleteFunction(new sdk.DeleteFunctionRequest(urn));
      await refused(client.showFunctionConfig(new sdk.ShowFunctionConfigRequest(urn)), 404, "FSS.1051");
    },
  },
];

export const compatSteps: readonly CompatStep[] = [
  ...life,
  ...invocations,
  ...changes,
  ...versions,
  ...asynchronous,
  ...surroundings,
  ...transfer,
  ...end,
];
