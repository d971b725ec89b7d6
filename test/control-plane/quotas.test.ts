import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quotaNames, quotas, type QuotaName, type QuotaResource } from "../../sdk/quota.ts";
import { packArchive } from "../../sdk/code-archive.ts";
import { SelvageClient } from "../../sdk/client.ts";
import type { ArchivePlace } from "../../sdk/api.ts";
import { uploadArchive } from "../../sdk/upload-archive.ts";
import { certificateOf } from "../support/certificates.ts";
import { runTool } from "../sdk/cli/run-tool.ts";
import { adminToken, answering, TestControlPlane, type CallOptions } from "./test-control-plane.ts";
import { registration } from "./test-node.ts";

let control: TestControlPlane;
let nodeToken: string;
beforeAll(async () => {
  control = await TestControlPlane.start();
  nodeToken = await control.nodeToken();
  await control.publish("hello", answering("one"), { version: "v1", aliases: ["live"] });
  await control.publish("hello", answering("two"), { version: "v2" });
});
afterAll(() => control.close());

const list = async (): Promise<readonly QuotaResource[]> =>
  (await control.ok<{ quotas: QuotaResource[] }>("GET /v1/quotas")).quotas;
const set = (name: QuotaName, value: number): Promise<QuotaResource> =>
  control.ok<QuotaResource>(`PUT /v1/quotas/${name}`, { body: { value } });
const used = async (name: QuotaName): Promise<number> =>
  (await list()).find((quota) => quota.name === name)?.used ?? -1;

const source = (text: string) => ({ kind: "inline", code: answering(text), language: "ts" });
const domain = { sources: [{ origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: 9_000 }] };

let archive: ArchivePlace;
beforeAll(async () => {
  const client = new SelvageClient({ url: control.url, token: adminToken });
  archive = await uploadArchive(client, packArchive([{ path: "index.js", bytes: new Uint8Array(1) }]));
});

/** What takes one more of each, and what it must not do when there is no room. */
const takers: readonly [QuotaName, (at: number) => readonly [`${string} /${string}`, CallOptions]][] = [
  ["functions", (at) => ["POST /v1/functions", { body: { name: `f${String(at)}` } }]],
  [
    "versionsPerFunction",
    (at) => [
      "POST /v1/functions/hello/versions",
      { body: { source: source(`v${String(at)}`), snapshot: false, waitSeconds: 0 } },
    ],
  ],
  [
    "aliasesPerFunction",
    (at) => [`PUT /v1/functions/hello/aliases/a${String(at)}`, { body: { version: "v2", waitSeconds: 0 } }],
  ],
  ["domains", (at) => [`PUT /v1/domains/d${String(at)}.example.com?waitSeconds=0`, { body: domain }]],
  ["certificates", (at) => [`PUT /v1/certificates/c${String(at)}?waitSeconds=0`, { body: certificateOf("www") }]],
  ["tokens", (at) => ["POST /v1/tokens", { body: { name: `t${String(at)}`, role: "node" } }]],
  ["dependencies", (at) => [`POST /v1/dependencies/d${String(at)}/versions`, { body: { source: archive } }]],
  ["nodes", (at) => ["POST /v1/nodes", { token: nodeToken, body: registration(`n${String(at)}`) }]],
];

describe("quotas", () => {
  it("are listed with what is used of them", async () => {
    const found = await list();
    expect(found.map(({ name }) => name)).toEqual(quotaNames);
    const byName = Object.fromEntries(found.map((quota) => [quota.name, quota]));
    expect(byName["functions"]).toEqual({ name: "functions", value: 20_000, used: 1, ...quotas.functions });
    expect(byName["versionsPerFunction"]).toMatchObject({ used: 2, value: 1_000 });
    expect(byName["aliasesPerFunction"]).toMatchObject({ used: 1, value: 100 });
    expect(byName["codeMiB"]).toMatchObject({ used: 1, unit: "MiB" });
    expect(byName["tokens"]).toMatchObject({ used: 2 });
  });

  it.each(takers)(
    "refuse one more of %s at the limit, name the quota, and let it in when it is raised",
    async (name, take) => {
      const before = await used(name);
      await set(name, before + 1);
      const [first, second] = [take(before), take(before + 1)];
      await control.ok(...first);
      expect(await control.refusal(...second)).toEqual({
        status: 422,
        code: "LIMIT_REACHED",
        message: `The quota "${name}" allows ${String(before + 1)} (${quotas[name].meaning}), and ${String(before + 1)} are used: delete some, or let an administrator raise it.`,
        problems: [`quotas.${name}: ${String(before + 1)} used, allowed: at most ${String(before + 1)}`],
      });
      expect(await used(name)).toBe(before + 1);
      // What is there already can be changed.
      if (name === "domains" || name === "certificates" || name === "nodes") await control.ok(...first);
      await set(name, before + 2);
      await control.ok(...second);
      await control.ok(`DELETE /v1/quotas/${name}`);
      expect((await list()).find((quota) => quota.name === name)).toMatchObject({ value: quotas[name].default });
    },
  );

  it("refuse more code than they allow", async () => {
    await set("codeMiB", 1);
    const publish = control.refusal("POST /v1/functions/hello/versions", {
      body: { source: source("more"), snapshot: false, waitSeconds: 0 },
    });
    expect(await publish).toMatchObject({
      code: "LIMIT_REACHED",
      message: expect.stringContaining('The quota "codeMiB" allows 1 MiB (bundled code of all versions)'),
    });
    await control.ok("DELETE /v1/quotas/codeMiB");
  });

  it("may be below what is used: nothing goes, nothing more comes", async () => {
    expect(await set("functions", 0)).toMatchObject({ value: 0 });
    expect(await used("functions")).toBeGreaterThan(0);
    expect((await control.refusal("POST /v1/functions", { body: { name: "none" } })).code).toBe("LIMIT_REACHED");
    await control.ok("GET /v1/functions/hello");
    await control.ok("DELETE /v1/quotas/functions");
  });

  it.each(quotaNames.map((name) => [name, quotas[name].min, quotas[name].max] as const))(
    "take for %s values %i..%i and no others",
    async (name, min, max) => {
      for (const value of [min, max]) expect((await set(name, value)).value).toBe(value);
      for (const value of [min - 1, max + 1, 1.5, "1", null]) {
        const refused = await control.refusal(`PUT /v1/quotas/${name}`, { body: { value } });
        expect([refused.status, refused.code]).toEqual([400, "INPUT_INVALID"]);
      }
      await control.ok(`DELETE /v1/quotas/${name}`);
    },
  );

  it("are shown to publishers, changed by administrators, and those that do not exist are named", async () => {
    const { token } = await control.createToken("publisher");
    await control.ok("GET /v1/quotas", { token });
    expect((await control.refusal("PUT /v1/quotas/functions", { token, body: { value: 1 } })).code).toBe("FORBIDDEN");
    const unknown = await control.refusal("PUT /v1/quotas/colours", { body: { value: 1 } });
    expect(unknown).toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("versionsPerFunction") });
  });

  it("are shown and changed by the command line tool, and survive a restart", async () => {
    const world = { workingDirectory: control.folder };
    const run = (...words: readonly string[]) =>
      runTool(["quotas", ...words, "--url", control.url, "--token", adminToken], world);
    expect((await run("set", "functions", "12345")).stdout).toMatch(/^functions allows 12345, used \d+\n$/);
    await control.restart();
    expect((await run()).stdout).toMatch(/\nfunctions +\d+ +12345 +default 20000 +functions\n/);
    expect((await run("set", "functions", "-1")).code).not.toBe(0);
    expect((await run("set", "functions", "many")).code).toBe(2);
    expect((await run("reset", "functions")).code).toBe(0);
    expect((await run()).stdout).toMatch(/\nfunctions +\d+ +20000 +functions\n/);
  });
});
