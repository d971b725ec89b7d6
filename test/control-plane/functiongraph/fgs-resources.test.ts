/** Dependencies, code by address, quotas and triggers of FunctionGraph's clients, on a real control plane. */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { triggerLimits } from "../../../control-plane/functiongraph/trigger-data.ts";
import { packArchive } from "../../../sdk/code-archive.ts";
import { dependencyLimits } from "../../../sdk/code-limits.ts";
import { adminToken, TestControlPlane } from "../test-control-plane.ts";

let control: TestControlPlane;
let server: Server;
let served: Uint8Array = new Uint8Array();
beforeAll(async () => {
  control = await TestControlPlane.start();
  server = createServer((_request, response) => response.end(served));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  server.close().closeAllConnections();
  await control.close();
});

const zip = (files: Readonly<Record<string, string>>): Uint8Array =>
  packArchive(Object.entries(files).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) })));
const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString("base64");
const address = (): string => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/c.zip`;

/** Status, and what is answered, of a call below the project. */
async function ask(
  request: string,
  body?: object,
  token = adminToken,
): Promise<readonly [number, Record<string, unknown>]> {
  const [method = "GET", path = ""] = request.split(" ");
  const answer = await control.call<Record<string, unknown>>(`${method} /v2/p/fgs/${path}`, {
    token: null,
    headers: { "x-auth-token": token },
    ...(body === undefined ? {} : { body }),
  });
  return [answer.status, answer.body];
}
/** Status and code of a refusal. */
async function refusal(request: string, body?: object, token = adminToken): Promise<readonly [number, unknown]> {
  const [status, answer] = await ask(request, body, token);
  return [status, answer["error_code"]];
}
async function ok(request: string, body?: object): Promise<Record<string, unknown>> {
  const [status, answer] = await ask(request, body);
  if (status >= 300) throw new Error(`${request} answered ${String(status)}: ${JSON.stringify(answer)}`);
  return answer;
}

const urn = (name: string, qualifier = ""): string => `urn:fss:local:p:function:default:${name}${qualifier}`;
const createFunction = (name: string, more: object = {}): Promise<Record<string, unknown>> =>
  ok("POST functions", {
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
  ok("POST dependencies/version", dependency(name, more));

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
      const { dependencies } = await ok(`GET dependencies${query}`);
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
      const { dependencies, count } = await ok(`GET dependencies/${String(id)}/version`);
      expect([(dependencies as readonly { readonly id: string }[]).map((one) => one.id), count]).toEqual([
        [second["id"], first["id"]],
        2,
      ]);
    }
    const shown = await ok(`GET dependencies/${String(first["dep_id"])}/version/2`);
    expect(shown).toMatchObject({ id: second["id"], description: "again", is_shared: false });

    const created = await createFunction("user", { func_code: source("!"), depend_version_list: [second["id"]] });
    expect(created["depend_version_list"]).toEqual([second["id"]]);
    expect(created["dependencies"]).toMatchObject([{ name: "pad", version: 2, dep_id: first["dep_id"] }]);
    const used = `dependencies/${String(first["dep_id"])}/version/2`;
    expect(await refusal(`DELETE ${used}`)).toEqual([428, "FSS.1033"]);
    expect((await ask(`DELETE ${used}`))[1]["error_msg"]).toContain('("user" latest)');
    // Code without a list keeps it, and a version has it frozen.
    const code = await ok(`PUT functions/${urn("user")}/code`, { code_type: "inline", func_code: source("?") });
    expect(code["depend_version_list"]).toEqual([second["id"]]);
    await ok(`POST functions/${urn("user")}/versions`, { version: "v1" });
    expect(await refusal(`POST functions/${urn("user")}/versions`, { version: "v2" })).toEqual([400, "FSS.1016"]);
    await ok(`PUT functions/${urn("user")}/code`, {
      code_type: "inline",
      func_code: source("?"),
      depend_version_list: [first["id"]],
    });
    expect((await ok(`GET functions/${urn("user", ":v1")}/config`))["depend_version_list"]).toEqual([second["id"]]);
    expect((await ok(`GET functions/${urn("user")}/config`))["depend_version_list"]).toEqual([first["id"]]);
    // Another dependency is a change.
    await ok(`POST functions/${urn("user")}/versions`, { version: "v2" });
    await ok(`PUT functions/${urn("user")}/code`, {
      code_type: "inline",
      func_code: { file: base64("exports.handler = async (e, c) => 1;") },
      depend_version_list: [],
    });
    expect(await refusal(`DELETE ${used}`)).toEqual([428, "FSS.1033"]);
    await ok(`DELETE functions/${urn("user")}`);
    await ok(`DELETE ${used}`);
    expect(await refusal(`GET ${used}`)).toEqual([404, "FSS.1056"]);
  });

  it("are fetched from an address", async () => {
    served = zip({ "index.js": "module.exports = 1;" });
    expect(
      await createDependency("remote", { depend_type: "obs", depend_link: address(), depend_file: undefined }),
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
    expect(await refusal("POST dependencies/version", dependency("refused", more))).toEqual(refused);
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
    expect(await refusal("POST functions", body(ids))).toEqual([403, "FSS.1045"]);
    expect(await refusal("POST functions", body(["nobody"]))).toEqual([404, "FSS.1056"]);
    expect(await refusal("POST functions", body([ids[0], again]))).toEqual([400, "FSS.0400"]);
    expect(await refusal("POST functions", body("x"))).toEqual([400, "FSS.0400"]);
    expect(await refusal(`GET functions/${urn("listed")}/config`)).toEqual([404, "FSS.1051"]);
    await ok("POST functions", body(ids.slice(1)));
  });

  it("of administrators cannot be changed by publishers, and are bounded by the quota", async () => {
    const { token } = await control.createToken("publisher");
    const content = zip({ "index.js": "" });
    await control.ok("POST /v1/blobs", {
      body: { blobs: [{ digest: await sha256(content), base64: base64(content) }] },
    });
    const body = { source: { kind: "archive", parts: [await sha256(content)] }, public: true };
    await control.ok("POST /v1/dependencies/everyones/versions", { body });
    expect(await refusal("POST dependencies/version", dependency("everyones"), token)).toEqual([403, "FSS.0403"]);
    const { dependencies } = await ok("GET dependencies?dependency_type=public");
    const [one] = dependencies as readonly { readonly id: string; readonly is_shared: boolean }[];
    expect(one?.is_shared).toBe(true);
    expect(await refusal(`DELETE dependencies/${String(one?.id)}/version/1`, undefined, token)).toEqual([
      403,
      "FSS.0403",
    ]);
    await control.ok("PUT /v1/quotas/dependencies", { body: { value: 1 } });
    expect(await refusal("POST dependencies/version", dependency("more"))).toEqual([403, "FSS.1045"]);
    await control.ok("DELETE /v1/quotas/dependencies");
  });
});

async function sha256(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(bytes))).toString("hex");
}

it("code of an address is fetched, and the address is not kept", async () => {
  served = zip({ "index.mjs": "export const handler = async (event, context) => 1;" });
  const created = await createFunction("fetched", { code_type: "obs", code_url: `${address()}?sign=secret` });
  expect([created["code_type"], JSON.stringify(created).includes("secret")]).toEqual(["obs", false]);
  const refused = await refusal(`PUT functions/${urn("fetched")}/code`, {
    code_type: "obs",
    code_url: "http://10.0.0.1/",
  });
  expect(refused).toEqual([400, "FSS.1010"]);
});

it("quotas are those of the installation", async () => {
  await control.ok("PUT /v1/quotas/functions", { body: { value: 77 } });
  const { quotas } = await ok("GET quotas");
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
    await ok(`POST functions/${urn("triggered")}/versions`, { version: "v1" });
    await ok(`POST functions/${urn("triggered")}/aliases`, { name: "prod", version: "v1" });
  });

  it("are kept as DISABLED, listed as a list, shown, changed and deleted", async () => {
    const created = await ok(`POST ${at()}`, timer("nightly"));
    expect(created).toMatchObject({
      trigger_type_code: "TIMER",
      trigger_status: "DISABLED",
      event_data: { name: "nightly", schedule: "3m" },
    });
    const one = `${at()}/TIMER/${String(created["trigger_id"])}`;
    expect(await ok(`GET ${at(":latest")}`)).toEqual([created]);
    expect(await ok(`GET ${one}`)).toEqual(created);
    const changed = await ok(`PUT ${one}`, { trigger_status: "DISABLED", event_data: { schedule: "1h" } });
    expect(changed["event_data"]).toEqual({ name: "nightly", schedule_type: "Rate", schedule: "1h" });
    expect(await refusal(`PUT ${one}`, { event_data: { schedule: "25h" } })).toEqual([400, "FSS.1109"]);
    expect(await ok(`GET ${one}`)).toEqual(changed);
    await ok(`DELETE ${one}`);
    expect(await refusal(`GET ${one}`)).toEqual([404, "FSS.1140"]);
    expect(await refusal(`DELETE ${at()}/APIG/x`)).toEqual([404, "FSS.1131"]);
  });

  it("are never ACTIVE: nothing would start them", async () => {
    expect(await refusal(`POST ${at()}`, timer("active", "ACTIVE"))).toEqual([412, "FSS.1153"]);
    expect(await refusal(`POST ${at()}`, timer("other", "PAUSED"))).toEqual([400, "FSS.0400"]);
    const { trigger_id: id } = await ok(`POST ${at()}`, timer("kept", "DISABLED"));
    expect(await refusal(`PUT ${at()}/TIMER/${String(id)}`, { trigger_status: "ACTIVE" })).toEqual([412, "FSS.1153"]);
    await ok(`DELETE ${at()}`);
    expect(await ok(`GET ${at()}`)).toEqual([]);
  });

  it("have names and paths once, and belong to one version or alias", async () => {
    await ok(`POST ${at()}`, timer("once"));
    expect(await refusal(`POST ${at()}`, timer("once"))).toEqual([409, "FSS.1148"]);
    await ok(`POST ${at(":v1")}`, timer("once"));
    await ok(`POST ${at()}`, gateway("/a"));
    expect(await refusal(`POST ${at(":v1")}`, gateway("/a"))).toEqual([409, "FSS.1147"]);
    expect(await refusal(`POST ${at()}`, gateway("/a", "ANY"))).toEqual([409, "FSS.1147"]);
    await ok(`POST ${at()}`, gateway("/a", "POST"));
    expect(await refusal(`GET ${at(":v2")}`)).toEqual([404, "FSS.1052"]);
    expect(await refusal(`POST ${at(":!none")}`, timer("x"))).toEqual([404, "FSS.1053"]);
    expect(await refusal(`POST ${at()}`, { trigger_type_code: "KAFKA", event_data: {} })).toEqual([400, "FSS.1101"]);
    await ok(`DELETE ${at()}`);
    expect(await ok(`GET ${at(":v1")}`)).toHaveLength(1);
  });

  it("are as many of a version as allowed and not one more, and keep their alias", async () => {
    for (let number = 0; number < triggerLimits.perVersionMax; number++)
      await ok(`POST ${at(":!prod")}`, timer(`t${String(number)}`));
    expect(await refusal(`POST ${at(":!prod")}`, timer("more"))).toEqual([400, "FSS.1306"]);
    await ok(`POST ${at()}`, timer("more"));
    expect(await refusal(`DELETE functions/${urn("triggered")}/aliases/prod`)).toEqual([403, "FSS.1154"]);
    // They go with the version, as its aliases do.
    await ok(`DELETE functions/${urn("triggered", ":v1")}`);
    const left = await ok(`GET ${at()}`);
    expect(
      (left as unknown as readonly { readonly event_data: { readonly name: string } }[]).map(
        ({ event_data: data }) => data.name,
      ),
    ).toEqual(["more"]);
  });
});
