/**
 * What the official client of FunctionGraph does with a function from its creation to its end, step by step; each later step builds on those before.
 *
 * Steps are data: a name, and what is asked and expected. A step that throws has failed.
 */
import assert from "node:assert/strict";
import { instanceSteps } from "./compat-instance-steps.ts";
import { asynchronousSteps } from "./compat-async-steps.ts";
import { reservedSteps } from "./compat-reserved-steps.ts";
import { releaseSteps } from "./compat-release-steps.ts";
import { resourceSteps } from "./compat-resource-steps.ts";
import { answerOf, code, invoke, name, raw, refused, urn, type CompatStep } from "./compat-words.ts";

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
        .withRuntime("Node.js18.15")
        .withTimeout(30)
        .withHandler("index.handler")
        .withMemorySize(128)
        .withCodeType("inline")
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
        .withRuntime("Node.js18.15")
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
        .withRuntime("Node.js18.15")
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
        .withRuntime("Node.js18.15")
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
      const added = new sdk.UpdateFunctionTagsRequestBody().withTags([tag]).withAction("create");
      await client.createTags(new sdk.CreateTagsRequest("functions", urn).withBody(added));
      const { tags = [] } = raw(await client.listFunctionTags(new sdk.ListFunctionTagsRequest("functions", urn)));
      assert.deepEqual(
        tags.map(({ key, value }) => [key, value]),
        [["team", "edge"]],
      );
      const removed = new sdk.UpdateFunctionTagsRequestBody().withTags([tag]).withAction("delete");
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
        .withFileType("zip")
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
  ...releaseSteps,
  ...instanceSteps,
  ...asynchronousSteps,
  ...surroundings,
  ...transfer,
  ...resourceSteps,
  ...reservedSteps,
  ...end,
];
