import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../sdk/artifact-format.ts";
import { packArchive } from "../../sdk/code-archive.ts";
import type { AuditPage, AuditRecord } from "../../sdk/audit.ts";
import { certificateOf } from "../support/certificates.ts";
import { runTool } from "../sdk/cli/run-tool.ts";
import { adminToken, answering, TestControlPlane, type CallOptions } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
let node: TestNode;
beforeAll(async () => {
  control = await TestControlPlane.start();
  node = await TestNode.connect(control, "n1");
  await node.nextState();
  const blobs = [{ digest: digestOf(archive), base64: Buffer.from(archive).toString("base64") }];
  await control.ok("POST /v1/blobs", { body: { blobs } });
});
afterAll(async () => {
  node.disconnect();
  await control.close();
});

const records = async (query = ""): Promise<readonly AuditRecord[]> =>
  (await control.ok<AuditPage>(`GET /v1/audit?limit=1000${query}`)).records;

const secret = "a-secret-that-no-record-may-hold";
const domain = {
  sources: [{ origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: 9_000 }],
  url_auth: undefined,
};
const source = { kind: "inline", code: answering("hi"), language: "ts" };
const rule = { phase: "fetch", matchType: "all", function: "hello", alias: "live", priority: 1 };
const url = { type: "url", urls: ["http://a.example.com/x"], waitSeconds: 0 };
const archive = packArchive([{ path: "index.js", bytes: new Uint8Array(1) }]);
let createdId = "";
let keyId = "";

/** Every route that changes something, in an order in which each succeeds: the route, the call, its record. */
const changes: readonly [string, `${string} /${string}`, CallOptions, Partial<AuditRecord>][] = [
  [
    "POST /v1/functions",
    "POST /v1/functions",
    { body: { name: "hello" } },
    created("createFunction", "function/hello"),
  ],
  [
    "PATCH /v1/functions/{name}",
    "PATCH /v1/functions/hello",
    { body: { enabled: true, description: "d" } },
    { action: "updateFunction", resource: "function/hello", detail: "enabled=true" },
  ],
  [
    "PUT /v1/functions/{name}/environment",
    "PUT /v1/functions/hello/environment",
    { body: { variables: { A: "b" }, secrets: { KEY: secret } } },
    created("updateFunctionConfig", "function/hello/environment"),
  ],
  [
    "POST /v1/functions/{name}/versions",
    "POST /v1/functions/hello/versions",
    { body: { source, version: "v1", snapshot: false, waitSeconds: 0 } },
    created("publishFunctionVersion", "function/hello/version/v1"),
  ],
  [
    "POST /v1/functions/{name}/versions",
    "POST /v1/functions/hello/versions",
    { body: { source: { ...source, code: answering("two") }, version: "v2", snapshot: false, waitSeconds: 0 } },
    created("publishFunctionVersion", "function/hello/version/v2"),
  ],
  [
    "PUT /v1/functions/{name}/aliases/{alias}",
    "PUT /v1/functions/hello/aliases/live",
    { body: { version: "v1", waitSeconds: 0 } },
    { action: "updateVersionAlias", resource: "function/hello/alias/live", detail: "version=v1" },
  ],
  [
    "POST /v1/functions/{name}/aliases/{alias}/rollback",
    "POST /v1/functions/hello/aliases/live/rollback",
    { body: { version: "v2", waitSeconds: 0 } },
    { action: "rollbackVersionAlias", resource: "function/hello/alias/live", detail: "version=v2" },
  ],
  [
    "PUT /v1/functions/{name}/async-config",
    "PUT /v1/functions/hello/async-config",
    { body: { retries: 0 } },
    created("setAsyncConfig", "function/hello"),
  ],
  [
    "DELETE /v1/functions/{name}/async-config",
    "DELETE /v1/functions/hello/async-config",
    {},
    created("deleteAsyncConfig", "function/hello"),
  ],
  [
    "PUT /v1/functions/{name}/reserved/{qualifier}",
    "PUT /v1/functions/hello/reserved/live",
    { body: { count: 2 } },
    { action: "setReservedInstances", resource: "function/hello/reserved/live", detail: "count=2" },
  ],
  [
    "DELETE /v1/functions/{name}/reserved/{qualifier}",
    "DELETE /v1/functions/hello/reserved/live",
    {},
    created("deleteReservedInstances", "function/hello/reserved/live"),
  ],
  [
    "DELETE /v1/queues/{queue}/messages",
    "DELETE /v1/queues/failed/messages?through=1",
    {},
    created("forgetMessages", "queue/failed"),
  ],
  [
    "POST /v1/functions/{name}/aliases/{alias}/rollouts",
    "POST /v1/functions/hello/aliases/live/rollouts",
    { body: { to: "v1", steps: [50, 100], everySeconds: 3_600 } },
    created("startRollout", "function/hello/alias/live"),
  ],
  [
    "POST /v1/rollouts/{id}/cancel",
    "POST /v1/rollouts/:created/cancel",
    {},
    created("cancelRollout", "rollout/:created"),
  ],
  [
    "PUT /v1/domains/{domain}",
    "PUT /v1/domains/a.example.com?waitSeconds=0",
    { body: domain },
    created("updateDomain", "domain/a.example.com"),
  ],
  [
    "PUT /v1/domains/{domain}/rules",
    "PUT /v1/domains/a.example.com/rules",
    { body: { rules: [rule], waitSeconds: 0 } },
    created("updateDomainRules", "domain/a.example.com"),
  ],
  [
    "POST /v1/domains/{domain}/rollback",
    "POST /v1/domains/a.example.com/rollback",
    { body: { version: 1, waitSeconds: 0 } },
    { action: "rollbackDomain", resource: "domain/a.example.com", detail: "version=1" },
  ],
  [
    "POST /v1/purges",
    "POST /v1/purges",
    { body: url },
    { action: "createPurge", resource: "purge", detail: "type=url" },
  ],
  [
    "POST /v1/preheats",
    "POST /v1/preheats",
    { body: { urls: url.urls, waitSeconds: 0 } },
    created("createPreheat", "preheat"),
  ],
  [
    "PUT /v1/certificates/{name}",
    "PUT /v1/certificates/www?waitSeconds=0",
    { body: certificateOf("www") },
    { ...created("updateCertificate", "certificate/www"), level: "warning" },
  ],
  [
    "POST /v1/dependencies/{name}/versions",
    "POST /v1/dependencies/pad/versions",
    { body: { source: { kind: "archive", parts: [digestOf(archive)] }, public: true } },
    { action: "createDependencyVersion", resource: "dependency/pad/version/1", detail: "public=true" },
  ],
  deleted("DELETE /v1/dependencies/{name}/versions/{version}", "DELETE /v1/dependencies/pad/versions/1", [
    "deleteDependencyVersion",
    "dependency/pad/version/1",
  ]),
  deleted("DELETE /v1/dependencies/{name}", "DELETE /v1/dependencies/pad", ["deleteDependency", "dependency/pad"]),
  deleted("DELETE /v1/certificates/{name}", "DELETE /v1/certificates/www", ["deleteCertificate", "certificate/www"]),
  deleted("DELETE /v1/domains/{domain}", "DELETE /v1/domains/a.example.com", ["deleteDomain", "domain/a.example.com"]),
  deleted("DELETE /v1/functions/{name}/versions/{version}", "DELETE /v1/functions/hello/versions/v1", [
    "deleteFunctionVersion",
    "function/hello/version/v1",
  ]),
  deleted("DELETE /v1/functions/{name}/aliases/{alias}", "DELETE /v1/functions/hello/aliases/live", [
    "deleteVersionAlias",
    "function/hello/alias/live",
  ]),
  deleted("DELETE /v1/functions/{name}", "DELETE /v1/functions/hello", ["deleteFunction", "function/hello"]),
  deleted("DELETE /v1/nodes/{name}", "DELETE /v1/nodes/n1", ["deleteNode", "node/n1"]),
  [
    "POST /v1/tokens",
    "POST /v1/tokens",
    { body: { name: "=ci", role: "publisher" } },
    { action: "createToken", detail: "name==ci role=publisher", level: "warning" },
  ],
  [
    "PUT /v1/quotas/{name}",
    "PUT /v1/quotas/domains",
    { body: { value: 500 } },
    { action: "updateQuota", resource: "quota/domains", detail: "value=500", level: "warning" },
  ],
  [
    "POST /v1/access-keys",
    "POST /v1/access-keys",
    { body: { name: "sdk", role: "publisher" } },
    { action: "createAccessKey", resource: "access-key", detail: "name=sdk role=publisher", level: "warning" },
  ],
  deleted("DELETE /v1/access-keys/{id}", "DELETE /v1/access-keys/:key", ["deleteAccessKey", "access-key/:key"]),
  deleted("DELETE /v1/quotas/{name}", "DELETE /v1/quotas/domains", ["resetQuota", "quota/domains"]),
  deleted("DELETE /v1/tokens/{id}", "DELETE /v1/tokens/:created", ["deleteToken", "token/:created"]),
];

/** Change nothing that anybody is served or shown: uploads are a cache, the rest asks, runs or is what nodes report. */
const harmless = [
  "POST /v1/blobs",
  "POST /v1/blobs/missing",
  "POST /v1/domains/{domain}/diff",
  "POST /v1/explain",
  "POST /v1/functions/{name}/invocations",
  "POST /v1/nodes",
  "POST /v1/nodes/acks",
  "POST /v1/nodes/call-results",
  "POST /v1/nodes/explanations",
  "POST /v1/nodes/invocation-results",
  "POST /v1/nodes/logs",
  "POST /v1/nodes/preheat-results",
  "POST /v1/nodes/purge-acks",
  "POST /v1/nodes/statistics",
];

/** Has a test of its own below: it needs a call that waits. */
const apart = ["POST /v1/calls/{id}/cancel"];

function created(action: string, resource: string): Partial<AuditRecord> {
  return { action, resource, level: "normal" };
}

function deleted(
  route: string,
  call: `${string} /${string}`,
  [action, resource]: readonly [string, string],
): (typeof changes)[number] {
  return [route, call, {}, { action, resource, level: "warning" }];
}

it("a call that is cancelled leaves a record", async () => {
  const code = "export const handler = async (event: unknown, context: unknown) => [event, context];";
  await control.publish("later", code, { version: "v1", event: { handler: "index.handler" } });
  const { requestId } = await control.ok<{ requestId: string }>("POST /v1/functions/later/invocations", {
    body: { event: {}, async: true },
  });
  await control.ok(`POST /v1/calls/${requestId}/cancel`, { body: {} });
  const [record] = await records();
  expect(record).toMatchObject({ action: "cancelCall", resource: `call/${requestId}`, level: "normal" });
  await control.ok("DELETE /v1/functions/later");
});

describe("audit records", () => {
  it("are left by every route that changes something", async () => {
    const { paths } = await control.ok<{ paths: Record<string, Record<string, unknown>> }>("GET /openapi.json");
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const changing = routes.filter((route) => !route.startsWith("GET ") && !harmless.includes(route));
    expect([...new Set(changes.map(([route]) => route)), ...apart].sort()).toEqual(changing.sort());
  });

  it.each(changes)("%s: %s", async (_route, call, options, expected) => {
    const before = (await records()).length;
    const path = call.replace(":created", createdId).replace(":key", keyId) as typeof call;
    const { status, body, headers } = await control.call<{ id?: string }>(path, options);
    expect(status).toBeLessThan(300);
    const resource = expected.resource?.replace(":created", createdId).replace(":key", keyId);
    if (expected.action === "createAccessKey") keyId = body.id ?? "";
    if (["createToken", "startRollout"].includes(expected.action ?? "")) createdId = body.id ?? "";
    const [record, ...rest] = await records();
    expect(rest).toHaveLength(before);
    expect(record).toMatchObject({
      ...expected,
      resource: resource ?? `token/${createdId}`,
      actor: "administrator",
      outcome: "success",
      code: null,
      requestId: headers.get("x-request-id"),
    });
  });

  it("hold no secret", async () => {
    const text = JSON.stringify(await records());
    for (const word of [secret, "PRIVATE KEY", "slv_", adminToken]) expect(text).not.toContain(word);
  });

  it("are left by what was refused and by whom it was not allowed, not by strangers and bare questions", async () => {
    const before = (await records()).length;
    const { token } = await control.createToken("publisher");
    await control.refusal("POST /v1/functions", { body: { name: "-" } });
    await control.refusal("DELETE /v1/functions/none");
    await control.refusal("POST /v1/tokens", { token, body: { name: "mine", role: "admin" } });
    await control.refusal("DELETE /v1/functions/none", { token: "slv_nobody" });
    await control.refusal("GET /v1/functions/none");
    await control.call("PUT /v1/domains/b.example.com?dryRun=true", { body: domain });
    const found = (await records()).slice(0, -before);
    expect(found.map(({ actor, action, outcome, code, level }) => [actor, action, outcome, code, level])).toEqual([
      ["a publisher", "createToken", "refused", "FORBIDDEN", "warning"],
      ["administrator", "deleteFunction", "refused", "NOT_FOUND", "warning"],
      ["administrator", "createFunction", "refused", "INPUT_INVALID", "warning"],
      ["administrator", "createToken", "success", null, "warning"],
    ]);
  });

  it("are left by who looks at a domain's secrets and who takes a backup", async () => {
    await control.ok("PUT /v1/domains/c.example.com?waitSeconds=0", { body: domain });
    await control.ok("GET /v1/domains/c.example.com?secrets=true");
    await control.ok("GET /v1/domains/c.example.com");
    await control.call("GET /v1/backup");
    expect((await records()).slice(0, 3).map(({ action }) => action)).toEqual([
      "createBackup",
      "showDomainSecrets",
      "updateDomain",
    ]);
  });

  it("are found by filter, in pages, and shown to administrators only", async () => {
    const { token } = await control.createToken("publisher");
    expect((await control.refusal("GET /v1/audit", { token })).code).toBe("FORBIDDEN");
    expect((await control.refusal("GET /v1/audit?limit=1001")).code).toBe("INPUT_INVALID");
    expect((await control.refusal("GET /v1/audit?from=yesterday")).code).toBe("INPUT_INVALID");
    const all = await records("&resource=function/hello");
    const paged: AuditRecord[] = [];
    for (let before: number | null = null; ;) {
      const more: string = before === null ? "" : `&before=${String(before)}`;
      const page: AuditPage = await control.ok(`GET /v1/audit?limit=3&resource=function/hello${more}`);
      paged.push(...page.records);
      if (page.next === null) break;
      before = page.next;
    }
    expect(paged).toEqual(all);
    expect(all.length).toBeGreaterThan(8);
    expect(await records("&outcome=refused&level=warning&actor=administrator&action=deleteFunction")).toHaveLength(1);
  });

  it("are exported whole as CSV that no spreadsheet runs", async () => {
    const response = await control.call<string>("GET /v1/audit/export");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const lines = response.body.trimEnd().split("\r\n");
    expect(lines[0]).toBe("sequence,time,actor,tokenId,action,resource,detail,level,outcome,code,requestId");
    expect(lines.length - 1).toBe((await records()).length);
    const filtered = await control.call<string>("GET /v1/audit/export?action=deleteNode");
    expect(filtered.body.split("\r\n")).toHaveLength(3);
  });

  it("are shown by the command line tool", async () => {
    const flags = ["--url", control.url, "--token", adminToken];
    const world = { workingDirectory: control.folder };
    const shown = await runTool(["audit", "--since", "1h", "--action", "deleteNode", ...flags], world);
    expect(shown.stdout).toMatch(/^TIME +ACTOR.*\n\S+ +administrator +deleteNode +node\/n1 +warning +success\n$/);
    const json = await runTool(["audit", "--limit", "2", "--json", ...flags], world);
    expect((json.json() as AuditPage).records).toHaveLength(2);
    const csv = await runTool(["audit", "--csv", "--action", "createToken", ...flags], world);
    expect(csv.stdout.split("\r\n").length).toBeGreaterThan(2);
    expect((await runTool(["audit", "--since", "monday", ...flags], world)).code).toBe(2);
    expect((await runTool(["audit", "--level", "loud", ...flags], world)).code).toBe(2);
    expect((await runTool(["audit", "--until", "2020-01-01", ...flags], world)).stdout).toBe("no audit records\n");
  });

  it("survive a restart", async () => {
    const before = await records();
    await control.restart();
    expect(await records()).toEqual(before);
  });
});
