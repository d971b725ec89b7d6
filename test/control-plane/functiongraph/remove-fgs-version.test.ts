/** Deleting versions of FunctionGraph's clients on a real control plane: what goes with them, and what a rule keeps there. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditPage } from "../../../sdk/audit.ts";
import type { FunctionResource } from "../../../sdk/api.ts";
import { answering, TestControlPlane } from "../test-control-plane.ts";
import { FgsCaller, urn } from "./fgs-caller.ts";

let control: TestControlPlane;
const fgs = new FgsCaller(() => control);
beforeAll(async () => {
  control = await TestControlPlane.start();
});
afterAll(async () => {
  await control.close();
});

/** With a version `web1`, which the alias `prod` names; published on a function of their clients. */
async function createServed(name: string): Promise<void> {
  await fgs.ok("POST functions", {
    func_name: name,
    package: "default",
    runtime: "Node.js18.15",
    timeout: 3,
    handler: "index.handler",
    memory_size: 128,
    code_type: "inline",
  });
  await control.publish(name, answering("hi"), { version: "web1", aliases: ["prod"] });
}

const bind = (domain: string, target: object): Promise<unknown> =>
  control.ok(`PUT /v1/domains/${domain}?waitSeconds=0`, {
    body: {
      sources: [{ origin_type: "domain", origin_addr: "origin.example" }],
      rules: [{ phase: "fetch", matchType: "all", priority: 1, ...target }],
    },
  });
const remove = (name: string, version = "web1"): Promise<readonly [number, unknown]> =>
  fgs.refusal(`DELETE functions/${urn(name, `:${version}`)}`);

/** Its versions, without those that stand for `latest`, and its aliases. */
async function namesOf(name: string): Promise<readonly string[]> {
  const { aliases } = await control.ok<FunctionResource>(`GET /v1/functions/${name}`);
  const { versions } = await control.ok<{ versions: readonly { version: string }[] }>(
    `GET /v1/functions/${name}/versions`,
  );
  const named = versions.map(({ version }) => version).filter((version) => !version.startsWith("draft."));
  return [...named, ...aliases.map((alias) => `!${alias.name}`)];
}

const revision = async (): Promise<number> =>
  (await control.ok<{ revision: number }>("GET /v1/revisions/current")).revision;

describe("deleting a version", () => {
  it.each([
    ["of an alias that a rule names", { alias: "prod" }],
    ["that a rule names", { version: "web1" }],
  ])("%s is refused, and takes nothing away", async (why, target) => {
    const name = `kept-${Object.keys(target).join("")}`;
    await createServed(name);
    await bind(`${name}.example`, { function: name, ...target });
    for (const isNewest of [true, false]) {
      if (!isNewest) await control.publish(name, answering("newer"), { version: "web2" });
      const before = [await namesOf(name), await revision()];
      expect([why, await remove(name)]).toEqual([why, [409, "FSS.0409"]]);
      expect([await namesOf(name), await revision()]).toEqual(before);
      const { records } = await control.ok<AuditPage>("GET /v1/audit?limit=1");
      expect(records).toMatchObject([{ action: "deleteFunction", outcome: "refused" }]);
    }
  });

  it("takes its aliases and the triggers of both away in one revision", async () => {
    await createServed("gone");
    const trigger = { trigger_type_code: "TIMER", event_data: { name: "t", schedule_type: "Rate", schedule: "3m" } };
    for (const qualifier of ["", ":web1", ":!prod"]) await fgs.ok(`POST triggers/${urn("gone", qualifier)}`, trigger);
    await control.publish("gone", answering("newer"), { version: "web2", aliases: ["next"] });
    const before = await revision();
    expect(await remove("gone")).toEqual([204, undefined]);
    expect([await namesOf("gone"), await revision()]).toEqual([["web2", "!next"], before + 1]);
    // The newest of all: what latest is becomes the newest in the same revision.
    await fgs.ok(`POST triggers/${urn("gone", ":web2")}`, trigger);
    expect(await remove("gone", "web2")).toEqual([204, undefined]);
    expect([await namesOf("gone"), await fgs.refusal(`GET functions/${urn("gone")}/config`)]).toEqual([
      [],
      [200, undefined],
    ]);
    const { records } = await control.ok<AuditPage>("GET /v1/audit?limit=1");
    expect(records).toMatchObject([{ resource: "function/gone/version/web2", outcome: "success" }]);
    await control.publish("gone", answering("again"), { version: "web3", aliases: ["prod"] });
    expect(await fgs.ok(`GET triggers/${urn("gone", ":!prod")}`)).toEqual([]);
    expect(await fgs.ok(`GET triggers/${urn("gone")}`)).toHaveLength(1);
  });
});
