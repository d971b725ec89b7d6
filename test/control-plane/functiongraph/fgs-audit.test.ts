/** What clients of FunctionGraph do is in the audit records: once each, and as it came out. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AuditPage, AuditRecord } from "../../../sdk/audit.ts";
import { TestControlPlane } from "../test-control-plane.ts";
import { FgsCaller, urn } from "./fgs-caller.ts";

let control: TestControlPlane;
const fgs = new FgsCaller(() => control);
beforeAll(async () => {
  control = await TestControlPlane.start();
});
afterAll(async () => {
  await control.close();
});

/** The status that `request` is answered with, and the records that it left. */
async function check(request: string, body?: object): Promise<readonly [number, readonly Partial<AuditRecord>[]]> {
  const { records: before } = await control.ok<AuditPage>("GET /v1/audit?limit=1000");
  const [status] = await fgs.ask(request, body);
  const { records } = await control.ok<AuditPage>("GET /v1/audit?limit=1000");
  const left = records.slice(0, records.length - before.length);
  return [status, left.map(({ action, resource, outcome, code }) => ({ action, resource, outcome, code }))];
}

const success = (action: string, resource: string): Partial<AuditRecord> => ({
  action,
  resource,
  outcome: "success",
  code: null,
});
const refused = (action: string, resource: string, code: string): Partial<AuditRecord> => ({
  action,
  resource,
  outcome: "refused",
  code,
});
const functionOf = (name: string, more: object = {}): object => ({
  func_name: name,
  package: "default",
  runtime: "Node.js18.15",
  timeout: 3,
  handler: "index.handler",
  memory_size: 128,
  code_type: "inline",
  ...more,
});
const broken = { func_code: { file: Buffer.from("(((").toString("base64") } };

it("a function that is created, changed, published and deleted", async () => {
  const of = "function/audited";
  const one = `functions/${urn("audited")}`;
  const create = ["POST functions", functionOf("audited")] as const;
  expect(await check(...create)).toEqual([200, [success("createFunction", of)]]);
  expect(await check(...create)).toEqual([409, [refused("createFunction", of, "FSS.1061")]]);
  expect(await check(`PUT ${one}/config`, { memory_size: 256 })).toEqual([200, [success("updateFunctionConfig", of)]]);
  expect(await check(`PUT ${one}/code`, { code_type: "inline", ...broken })).toEqual([
    400,
    [refused("updateFunctionCode", `function/${urn("audited")}`, "FSS.1011")],
  ]);
  const version = `${of}/version/v1`;
  expect(await check(`POST ${one}/versions`, { version: "v1" })).toEqual([
    200,
    [success("publishFunctionVersion", version)],
  ]);
  await fgs.ok(`PUT ${one}/code`, { code_type: "inline" });
  expect(await check(`DELETE ${one}:v1`)).toEqual([204, [success("deleteFunction", version)]]);
});

it("a function that was refused, by its name", async () => {
  expect(await check("POST functions", functionOf("refused", broken))).toEqual([
    400,
    [refused("createFunction", "function/refused", "FSS.1011")],
  ]);
  expect(await check("POST functions", functionOf("-"))).toEqual([
    400,
    [refused("createFunction", "project/p", "FSS.1002")],
  ]);
});

it("how asynchronous invocations are treated, and one that is cancelled", async () => {
  await fgs.ok("POST functions", functionOf("later"));
  const one = `functions/${urn("later")}`;
  const of = `function/${urn("later")}`;
  const destination = { destination: "HTTP", param: JSON.stringify({ url: "https://a.example/done" }) };
  const config = { destination_config: { on_success: destination } };
  expect(await check(`PUT ${one}/async-invoke-config`, config)).toEqual([200, [success("setAsyncConfig", of)]]);
  expect(await check(`PUT ${one}/async-invoke-config`, { max_async_retry_attempts: 99 })).toEqual([
    400,
    [refused("setAsyncConfig", of, "FSS.0400")],
  ]);
  expect(await check(`DELETE ${one}/async-invoke-config`)).toEqual([204, [success("deleteAsyncConfig", of)]]);
  const { request_id: id } = await fgs.ok(`POST ${one}/invocations-async`, {});
  expect(await check(`POST ${one}/cancel`, { request_id: id })).toEqual([
    200,
    [success("cancelCall", `call/${String(id)}`)],
  ]);
  expect(await check(`POST ${one}/cancel`, { request_id: "none" })).toEqual([
    404,
    [refused("cancelCall", of, "FSS.0404")],
  ]);
});
