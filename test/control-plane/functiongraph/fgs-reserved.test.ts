/** Reserved instances in FunctionGraph's form, over HTTP: exact bodies, and what is refused with which code. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reservedLimits } from "../../../sdk/reserved-limits.ts";
import { adminToken, TestControlPlane, type Answer } from "../test-control-plane.ts";

interface FgsBody {
  readonly error_code?: string;
  readonly error_msg?: string;
  readonly [key: string]: unknown;
}

let control: TestControlPlane;
const functions = "/v2/p1/fgs/functions";
const urn = "urn:fss:local:p1:function:default:hello";

const call = (request: `${string} /${string}`, body?: unknown): Promise<Answer<FgsBody>> =>
  control.call<FgsBody>(request, {
    token: null,
    headers: { "x-auth-token": adminToken },
    ...(body === undefined ? {} : { body }),
  });
const put = (body: unknown, of: string = urn) => call(`PUT ${functions}/${of}/reservedinstances`, body);
const get = async (path: string): Promise<FgsBody> => (await call(`GET ${functions}/${path}`)).body;
const setMax = (max: number) => call(`PUT ${functions}/${urn}/config-max-instance`, { max_instance_num: max });

beforeAll(async () => {
  control = await TestControlPlane.start();
  const created = await call(`POST ${functions}`, {
    func_name: "hello",
    package: "default",
    runtime: "Node.js18.15",
    timeout: 30,
    handler: "index.handler",
    memory_size: 128,
    code_type: "inline",
    func_code: { file: Buffer.from("exports.handler = async () => ({});").toString("base64") },
  });
  if (created.status !== 200) throw new Error(JSON.stringify(created.body));
  await setMax(20);
  await call(`POST ${functions}/${urn}/versions`, { version: "v1" });
});
afterAll(() => control.close());

const cron = { name: "day", cron: "0 0 8 * * ?", count: 3, start_time: 1_796_083_200, expired_time: 1_796_169_600 };
const metric = { name: "busy", type: "Concurrency", threshold: 60, min: 2 };

describe("reserved instances of clients of FunctionGraph", () => {
  it("answer what was set, list it, and go when nothing is asked for", async () => {
    const tactics = { cron_configs: [cron], metric_configs: [metric] };
    const set = await put({ count: 1, idle_mode: true, tactics_config: tactics });
    expect([set.status, set.body]).toEqual([200, { count: 1, idle_mode: true, tactics_config: tactics }]);
    const page = { next_marker: 1, previous_marker: 0, current_count: 1 };
    expect(await get("reservedinstances")).toEqual({
      reservedinstances: [{ func_urn: `${urn}:latest`, count: expect.any(Number) }],
      page_info: page,
      count: 1,
    });
    const config = {
      function_urn: urn,
      qualifier_type: "version",
      qualifier_name: "latest",
      min_count: 1,
      idle_mode: true,
      tactics_config: tactics,
    };
    const configs = { reserved_instances: [config], page_info: page, count: 1 };
    for (const query of ["", `?function_urn=${urn}`, `?function_urn=${urn}:latest`, "?marker=0&limit=500"])
      expect(await get(`reservedinstanceconfigs${query}`)).toEqual(configs);
    expect(await get(`reservedinstanceconfigs?marker=1&limit=1`)).toMatchObject({ reserved_instances: [], count: 1 });
    const gone = await put({ count: 0 });
    expect([gone.status, gone.body]).toEqual([200, { count: 0, idle_mode: false, tactics_config: {} }]);
    expect(await get("reservedinstanceconfigs")).toMatchObject({ reserved_instances: [], count: 0 });
  });

  it("may follow a prediction, which is ours", async () => {
    const tactics = { recommend_configs: [{ mode: "balanced", min: 1, max: 4 }] };
    const set = await put({ count: 0, tactics_config: tactics });
    expect(set.body).toEqual({ count: 0, idle_mode: false, tactics_config: tactics });
    await put({ count: 0 });
  });

  it("are shown of an alias with its mark", async () => {
    await call(`POST ${functions}/${urn}/aliases`, { name: "live", version: "v1" });
    expect((await put({ count: 2 }, `${urn}:!live`)).status).toBe(200);
    expect(await get("reservedinstances")).toMatchObject({
      reservedinstances: [{ func_urn: `${urn}:!live`, count: 2 }],
    });
    expect(await get("reservedinstanceconfigs")).toMatchObject({
      reserved_instances: [{ qualifier_type: "alias", qualifier_name: "live" }],
    });
    const own = await put({ count: 1 }, `${urn}:v1`);
    expect([own.status, own.body.error_code, own.body.error_msg]).toEqual([
      409,
      "FSS.0409",
      expect.stringContaining('"live"'),
    ]);
    await put({ count: 0 }, `${urn}:!live`);
  });

  const tactics = (changes: object) => ({ count: 1, tactics_config: changes });
  const crons = (changes: object) => tactics({ cron_configs: [{ ...cron, ...changes }] });
  const metrics = (changes: object) => tactics({ metric_configs: [{ ...metric, ...changes }] });
  it.each<[string, unknown, string]>([
    ["a count that is missing", {}, "count: received nothing"],
    ["a count below 0", { count: -1 }, "count: received -1"],
    ["a count beyond the function's instances", { count: 21 }, "count: received 21, allowed: an integer 0..20"],
    ["a count that is no number", { count: "2" }, 'count: received "2"'],
    ["an idle mode that is neither", { count: 1, idle_mode: "yes" }, 'idle_mode: received "yes"'],
    ["policies that are no object", { count: 1, tactics_config: [] }, "tactics_config: received []"],
    ["entries that are no list", tactics({ cron_configs: {} }), "tactics_config.cron_configs: received {}"],
    ["an entry that is no object", tactics({ cron_configs: [1] }), "tactics_config.cron_configs[0]: received 1"],
    ["an entry beyond the function's instances", crons({ count: 21 }), "tactics_config.cron_configs[0].count"],
    ["five fields", crons({ cron: "0 8 * * *" }), "tactics_config.cron_configs[0].cron: received"],
    ["an entry without a name", crons({ name: undefined }), "tactics_config.cron_configs[0].name: is required"],
    ["milliseconds", crons({ start_time: 1_796_083_200_000 }), "tactics_config.cron_configs[0].start_time: received"],
    ["an end before the start", crons({ expired_time: 1 }), "tactics_config.cron_configs[0].expired_time: received"],
    ["entries of one name", tactics({ cron_configs: [cron, cron] }), "tactics_config.cron_configs: received"],
    ["a metric of another kind", metrics({ type: "Cpu" }), 'metric_configs[0].type: received "Cpu"'],
    ["a target of 0 %", metrics({ threshold: 0 }), "tactics_config.metric_configs[0].threshold: received 0"],
    ["a target of 100 %", metrics({ threshold: 100 }), "tactics_config.metric_configs[0].threshold: received 100"],
    ["a lower bound beyond", metrics({ min: 21 }), "tactics_config.metric_configs[0].min: received 21"],
    ["two metrics", tactics({ metric_configs: [metric, metric] }), "tactics_config.metric_configs: received 2"],
    ["a prediction of no kind", tactics({ recommend_configs: [{ mode: "best" }] }), "recommend_configs[0].mode"],
  ])("refuse %s", async (_name, body, message) => {
    const { status, body: answer } = await put(body);
    expect([status, answer.error_code]).toEqual([400, "FSS.0400"]);
    expect(answer.error_msg).toContain(message);
  });

  it.each([
    [`${urn}:v9`, 404, "FSS.1052"],
    [`${urn}:!dead`, 404, "FSS.1053"],
    ["urn:fss:local:p1:function:default:nobody", 404, "FSS.1051"],
    ["urn:fss:local:p2:function:default:hello", 400, "FSS.1309"],
    ["hello", 400, "FSS.1309"],
  ])("refuse %s with %d %s", async (of, status, code) => {
    const { status: answered, body } = await put({ count: 1 }, of);
    expect([answered, body.error_code]).toEqual([status, code]);
  });

  it.each([
    ["reservedinstances?limit=0"],
    ["reservedinstances?limit=501"],
    ["reservedinstances?marker=-1"],
    ["reservedinstanceconfigs?limit=x"],
    ["reservedinstanceconfigs?limit=1&limit=2"],
  ])("refuse to list %s", async (path) => {
    const { status, body } = await call(`GET ${functions}/${path}`);
    expect([status, body.error_code]).toEqual([400, "FSS.0400"]);
  });

  it("follow the most instances that the function may have: 1000 for -1, none for 0", async () => {
    await control.ok("PUT /v1/quotas/reservedInstances", { body: { value: 10_000 } });
    await control.ok("PUT /v1/quotas/reservedMemoryMiB", { body: { value: 1_000_000 } });
    await setMax(-1);
    const { countMax } = reservedLimits;
    expect((await put({ count: countMax })).status).toBe(200);
    expect((await put({ count: countMax + 1 })).body.error_code).toBe("FSS.0400");
    await put({ count: 0 });
    await setMax(0);
    expect((await put({ count: 1 })).body.error_msg).toContain("count: received 1, allowed: an integer 0..0");
    await setMax(20);
  });

  it("say which quota is full", async () => {
    await control.ok("PUT /v1/quotas/reservedInstances", { body: { value: 2 } });
    expect((await put({ count: 2 })).status).toBe(200);
    const { status, body } = await put({ count: 3 });
    expect([status, body.error_code, body.error_msg]).toEqual([
      403,
      "FSS.0403",
      expect.stringContaining("reservedInstances"),
    ]);
    await put({ count: 0 });
    await control.ok("DELETE /v1/quotas/reservedInstances");
  });
});
