/** Dependencies, code by address, quotas and triggers of FunctionGraph's clients, on a real control plane. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { triggerLimits } from "../../../control-plane/functiongraph/trigger-data.ts";
import { dependencyLimits } from "../../../sdk/code-limits.ts";
import { ArchiveServer, zip } from "../archive-server.ts";
import { TestControlPlane } from "../test-control-plane.ts";
import { FgsCaller, urn } from "./fgs-caller.ts";

let control: TestControlPlane;
const fgs = new FgsCaller(() => control);
let archives: ArchiveServer;
beforeAll(async () => {
  control = await TestControlPlane.start();
  archives = await ArchiveServer.start();
});
afterAll(async () => {
  archives.stop();
  await control.close();
});

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString("base64");

const createFunction = (name: string, more: object = {}): Promise<Record<string, unknown>> =>
  fgs.ok("POST functions", {
    func_name: name,
    package: "default",
    runtime: "Node.js18.15",
    timeout: 3,
    handler: "index.handler",
    memory_size: 128,
    ...more,
  });
const source = (text: string): object => ({
  file: base64(`import x from "pad"; export const handler = async (event, context) => x + ${JSON.stringify(text)};`),
});
const dependency = (name: string, more: object = {}): object => ({
  name,
  runtime: "Node.js18.15",
  depend_type: "zip",
  depend_file: base64(zip({ "index.js": `module.exports = "${name}";` })),
  description: "made for a test",
  ...more,
});
const createDependency = (name: string, more: object = {}): Promise<Record<string, unknown>> =>
  fgs.ok("POST dependencies/version", dependency(name, more));

describe("dependencies", () => {
  it("are created, listed, shown, used by id, refused to be deleted while used, and deleted", async () => {
    const first = await createDependency("pad");
    expect(first).toMatchObject({ name: "pad", version: 1, runtime: "Node.js18.15", file_name: "pad.zip", owner: "p" });
    const second = await createDependency("pad", { description: "again" });
    expect([second["version"], second["dep_id"] === first["dep_id"], second["id"] === first["id"]]).toEqual([
      2,
      true,
      false,
    ]);
    const list = async (query = ""): Promise<unknown> => {
      const { dependencies } = await fgs.ok(`GET dependencies${query}`);
      return (dependencies as readonly { readonly name: string; readonly version: number }[]).map(
        ({ name, version }) => `${name}@${String(version)}`,
      );
    };
    expect(await list("?name=pad")).toEqual(["pad@2"]);
    expect([await list("?name=pad&dependency_type=public"), await list("?name=pad&dependency_type=private")]).toEqual([
      [],
      ["pad@2"],
    ]);
    expect([await list("?runtime=Node.js6.10"), await list("?limit=1&marker=1")]).toEqual([[], []]);
    for (const id of [first["dep_id"], second["id"]]) {
      const { dependencies, count } = await fgs.ok(`GET dependencies/${String(id)}/version`);
      expect([(dependencies as readonly { readonly id: string }[]).map((one) => one.id), count]).toEqual([
        [second["id"], first["id"]],
        2,
      ]);
    }
    const shown = await fgs.ok(`GET dependencies/${String(first["dep_id"])}/version/2`);
    expect(shown).toMatchObject({ id: second["id"], description: "again", is_shared: false });

    const created = await createFunction("user", { func_code: source("!"), depend_version_list: [second["id"]] });
    expect(created["depend_version_list"]).toEqual([second["id"]]);
    expect(created["dependencies"]).toMatchObject([{ name: "pad", version: 2, dep_id: first["dep_id"] }]);
    const used = `dependencies/${String(first["dep_id"])}/version/2`;
    expect(await fgs.refusal(`DELETE ${used}`)).toEqual([428, "FSS.1033"]);
    expect((await fgs.ask(`DELETE ${used}`))[1]["error_msg"]).toContain('("user" latest)');
    // Code without a list keeps it, and a version has it frozen.
    const code = await fgs.ok(`PUT functions/${urn("user")}/code`, { code_type: "inline", func_code: source("?") });
    expect(code["depend_version_list"]).toEqual([second["id"]]);
    await fgs.ok(`POST functions/${urn("user")}/versions`, { version: "v1" });
    expect(await fgs.refusal(`POST functions/${urn("user")}/versions`, { version: "v2" })).toEqual([400, "FSS.1016"]);
    await fgs.ok(`PUT functions/${urn("user")}/code`, {
      code_type: "inline",
      func_code: source("?"),
      depend_version_list: [first["id"]],
    });
    expect((await fgs.ok(`GET functions/${urn("user", ":v1")}/config`))["depend_version_list"]).toEqual([second["id"]]);
    expect((await fgs.ok(`GET functions/${urn("user")}/config`))["depend_version_list"]).toEqual([first["id"]]);
    // Another dependency is a change.
    await fgs.ok(`POST functions/${urn("user")}/versions`, { version: "v2" });
    await fgs.ok(`PUT functions/${urn("user")}/code`, {
      code_type: "inline",
      func_code: { file: base64("exports.handler = async (e, c) => 1;") },
      depend_version_list: [],
    });
    expect(await fgs.refusal(`DELETE ${used}`)).toEqual([428, "FSS.1033"]);
    await fgs.ok(`DELETE functions/${urn("user")}`);
    await fgs.ok(`DELETE ${used}`);
    expect(await fgs.refusal(`GET ${used}`)).toEqual([404, "FSS.1056"]);
  });

  it("are fetched from an address", async () => {
    archives.served = zip({ "index.js": "module.exports = 1;" });
    expect(
      await createDependency("remote", { depend_type: "obs", depend_link: archives.address, depend_file: undefined }),
    ).toMatchObject({ name: "remote" });
  });

  it.each<[string, object, readonly [number, string]]>([
    ["another type", { depend_type: "jar" }, [400, "FSS.0400"]],
    ["no name", { name: undefined }, [400, "FSS.0400"]],
    ["a name that is none", { name: "../x" }, [400, "FSS.0400"]],
    ["another runtime", { runtime: "Python3.6" }, [400, "FSS.1005"]],
    ["a description that is too long", { description: "x".repeat(513) }, [400, "FSS.1019"]],
    ["nothing", { depend_file: undefined }, [400, "FSS.1011"]],
    ["what is no ZIP", { depend_file: base64("text") }, [400, "FSS.1011"]],
    ["a ZIP without a package", { depend_file: base64(zip({ "a.js": "" })) }, [400, "FSS.1011"]],
    ["an address that is not allowed", { depend_type: "obs", depend_link: "http://10.0.0.1/" }, [400, "FSS.1010"]],
    ["no address", { depend_type: "obs" }, [400, "FSS.1010"]],
  ])("are refused with %s", async (_case, more, refused) => {
    expect(await fgs.refusal("POST dependencies/version", dependency("refused", more))).toEqual(refused);
  });

  it("are refused of functions that name what is not there, one twice, or more than allowed", async () => {
    const ids: string[] = [];
    for (let at = 0; at <= dependencyLimits.perFunctionMax; at++)
      ids.push(String((await createDependency(`d${String(at)}`))["id"]));
    const body = (list: unknown): object => ({
      func_name: "listed",
      runtime: "Node.js18.15",
      timeout: 3,
      handler: "index.handler",
      memory_size: 128,
      depend_version_list: list,
    });
    const again = String((await createDependency("d0"))["id"]);
    expect(await fgs.refusal("POST functions", body(ids))).toEqual([403, "FSS.1045"]);
    expect(await fgs.refusal("POST functions", body(["nobody"]))).toEqual([404, "FSS.1056"]);
    expect(await fgs.refusal("POST functions", body([ids[0], again]))).toEqual([400, "FSS.0400"]);
    expect(await fgs.refusal("POST functions", body("x"))).toEqual([400, "FSS.0400"]);
    expect(await fgs.refusal(`GET functions/${urn("listed")}/config`)).toEqual([404, "FSS.1051"]);
    await fgs.ok("POST functions", body(ids.slice(1)));
  });

  it("of administrators cannot be changed by publishers, and are bounded by the quota", async () => {
    const { token } = await control.createToken("publisher");
    const content = zip({ "index.js": "" });
    await control.ok("POST /v1/blobs", {
      body: { blobs: [{ digest: await sha256(content), base64: base64(content) }] },
    });
    const body = { source: { kind: "archive", parts: [await sha256(content)] }, public: true };
    await control.ok("POST /v1/dependencies/everyones/versions", { body });
    expect(await fgs.refusal("POST dependencies/version", dependency("everyones"), token)).toEqual([403, "FSS.0403"]);
    const { dependencies } = await fgs.ok("GET dependencies?dependency_type=public");
    const [one] = dependencies as readonly { readonly id: string; readonly is_shared: boolean }[];
    expect(one?.is_shared).toBe(true);
    expect(await fgs.refusal(`DELETE dependencies/${String(one?.id)}/version/1`, undefined, token)).toEqual([
      403,
      "FSS.0403",
    ]);
    await control.ok("PUT /v1/quotas/dependencies", { body: { value: 1 } });
    expect(await fgs.refusal("POST dependencies/version", dependency("more"))).toEqual([403, "FSS.1045"]);
    await control.ok("DELETE /v1/quotas/dependencies");
  });
});

async function sha256(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(bytes))).toString("hex");
}

it("code of an address is fetched, and the address is not kept", async () => {
  archives.served = zip({ "index.mjs": "export const handler = async (event, context) => 1;" });
  const created = await createFunction("fetched", { code_type: "obs", code_url: `${archives.address}?sign=secret` });
  expect([created["code_type"], JSON.stringify(created).includes("secret")]).toEqual(["obs", false]);
  const refused = await fgs.refusal(`PUT functions/${urn("fetched")}/code`, {
    code_type: "obs",
    code_url: "http://10.0.0.1/",
  });
  expect(refused).toEqual([400, "FSS.1010"]);
});

it("quotas are those of the installation", async () => {
  await control.ok("PUT /v1/quotas/functions", { body: { value: 77 } });
  const { quotas } = await fgs.ok("GET quotas");
  const { resources } = quotas as { readonly resources: readonly object[] };
  expect(resources).toEqual([
    { type: "fgs_func_num", quota: 77, used: expect.any(Number) },
    { type: "fgs_func_code_size", quota: 20_480, used: 1, unit: "MB" },
    { type: "fgs_workflow_num", quota: 0, used: 0 },
  ]);
});

describe("triggers", () => {
  const timer = (name: string, status?: string): object => ({
    trigger_type_code: "TIMER",
    ...(status === undefined ? {} : { trigger_status: status }),
    event_data: { name, schedule_type: "Rate", schedule: "3m" },
  });
  const gateway = (path: string, method = "GET"): object => ({
    trigger_type_code: "APIG",
    trigger_status: "DISABLED",
    event_data: { name: "api", path, protocol: "HTTPS", req_method: method, auth: "NONE" },
  });
  const at = (qualifier = ""): string => `triggers/${urn("triggered", qualifier)}`;
  beforeAll(async () => {
    await createFunction("triggered");
    await fgs.ok(`POST functions/${urn("triggered")}/versions`, { version: "v1" });
    await fgs.ok(`POST functions/${urn("triggered")}/aliases`, { name: "prod", version: "v1" });
  });

  it("are kept as DISABLED, listed as a list, shown, changed and deleted", async () => {
    const created = await fgs.ok(`POST ${at()}`, timer("nightly"));
    expect(created).toMatchObject({
      trigger_type_code: "TIMER",
      trigger_status: "DISABLED",
      event_data: { name: "nightly", schedule: "3m" },
    });
    const one = `${at()}/TIMER/${String(created["trigger_id"])}`;
    expect(await fgs.ok(`GET ${at(":latest")}`)).toEqual([created]);
    expect(await fgs.ok(`GET ${one}`)).toEqual(created);
    const changed = await fgs.ok(`PUT ${one}`, { trigger_status: "DISABLED", event_data: { schedule: "1h" } });
    expect(changed["event_data"]).toEqual({ name: "nightly", schedule_type: "Rate", schedule: "1h" });
    expect(await fgs.refusal(`PUT ${one}`, { event_data: { schedule: "25h" } })).toEqual([400, "FSS.1109"]);
    expect(await fgs.ok(`GET ${one}`)).toEqual(changed);
    await fgs.ok(`DELETE ${one}`);
    expect(await fgs.refusal(`GET ${one}`)).toEqual([404, "FSS.1140"]);
    expect(await fgs.refusal(`DELETE ${at()}/APIG/x`)).toEqual([404, "FSS.1131"]);
  });

  it("are never ACTIVE: nothing would start them", async () => {
    expect(await fgs.refusal(`POST ${at()}`, timer("active", "ACTIVE"))).toEqual([412, "FSS.1153"]);
    expect(await fgs.refusal(`POST ${at()}`, timer("other", "PAUSED"))).toEqual([400, "FSS.0400"]);
    const { trigger_id: id } = await fgs.ok(`POST ${at()}`, timer("kept", "DISABLED"));
    expect(await fgs.refusal(`PUT ${at()}/TIMER/${String(id)}`, { trigger_status: "ACTIVE" })).toEqual([
      412,
      "FSS.1153",
    ]);
    await fgs.ok(`DELETE ${at()}`);
    expect(await fgs.ok(`GET ${at()}`)).toEqual([]);
  });

  it("have names and paths once, and belong to one version or alias", async () => {
    await fgs.ok(`POST ${at()}`, timer("once"));
    expect(await fgs.refusal(`POST ${at()}`, timer("once"))).toEqual([409, "FSS.1148"]);
    await fgs.ok(`POST ${at(":v1")}`, timer("once"));
    await fgs.ok(`POST ${at()}`, gateway("/a"));
    expect(await fgs.refusal(`POST ${at(":v1")}`, gateway("/a"))).toEqual([409, "FSS.1147"]);
    expect(await fgs.refusal(`POST ${at()}`, gateway("/a", "ANY"))).toEqual([409, "FSS.1147"]);
    await fgs.ok(`POST ${at()}`, gateway("/a", "POST"));
    expect(await fgs.refusal(`GET ${at(":v2")}`)).toEqual([404, "FSS.1052"]);
    expect(await fgs.refusal(`POST ${at(":!none")}`, timer("x"))).toEqual([404, "FSS.1053"]);
    expect(await fgs.refusal(`POST ${at()}`, { trigger_type_code: "KAFKA", event_data: {} })).toEqual([
      400,
      "FSS.1101",
    ]);
    await fgs.ok(`DELETE ${at()}`);
    expect(await fgs.ok(`GET ${at(":v1")}`)).toHaveLength(1);
  });

  it("are as many of a version as allowed and not one more, and keep their alias", async () => {
    for (let number = 0; number < triggerLimits.perVersionMax; number++)
      await fgs.ok(`POST ${at(":!prod")}`, timer(`t${String(number)}`));
    expect(await fgs.refusal(`POST ${at(":!prod")}`, timer("more"))).toEqual([400, "FSS.1306"]);
    await fgs.ok(`POST ${at()}`, timer("more"));
    expect(await fgs.refusal(`DELETE functions/${urn("triggered")}/aliases/prod`)).toEqual([403, "FSS.1154"]);
    // They go with the version, as its aliases do.
    await fgs.ok(`DELETE functions/${urn("triggered", ":v1")}`);
    const left = await fgs.ok(`GET ${at()}`);
    expect(
      (left as unknown as readonly { readonly event_data: { readonly name: string } }[]).map(
        ({ event_data: data }) => data.name,
      ),
    ).toEqual(["more"]);
  });
});
