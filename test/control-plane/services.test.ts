/** Functions published with services: what is refused, what is kept, and what nodes are told to load. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PublishResult, VersionResource } from "../../sdk/api.ts";
import { parseManifest } from "../../sdk/artifact-format.ts";
import { answering, passing, TestControlPlane, type Refusal } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
  await control.publish("auth", answering("v1"), { version: "v1", aliases: ["prod"] });
  await control.publish("gate", passing("x"), { version: "v1", aliases: ["prod"] });
  await control.ok("POST /v1/functions", { body: { name: "empty" } });
});
afterAll(() => control.close());

let count = 0;
const fresh = (): string => `caller${String(++count)}`;
const prod = { function: "auth", alias: "prod" };

async function refuse(services: unknown, more: Readonly<Record<string, unknown>> = {}): Promise<Refusal> {
  const name = fresh();
  await control.ok("POST /v1/functions", { body: { name } });
  const source = { kind: "inline", code: answering("x"), language: "ts" };
  return control.refusal(`POST /v1/functions/${name}/versions`, {
    body: { source, snapshot: false, waitSeconds: 0, services, ...more },
  });
}

describe("publishing with services", () => {
  it("freezes them in the version and in its signed manifest", async () => {
    const services = { AUTH: prod, OLD: { function: "auth", version: "v1" } };
    const name = fresh();
    const { version } = await control.publish(name, answering("x"), { services });
    expect(version.services).toEqual(services);
    expect(await control.ok<VersionResource>(`GET /v1/functions/${name}/versions/${version.version}`)).toMatchObject({
      services,
    });
    const bytes = await control.ok<string>(`GET /v1/blobs/${version.digest}`, { token: await control.nodeToken() });
    expect(parseManifest(Buffer.from(bytes))).toMatchObject({ ok: true, value: { services } });
  });

  it.each<[string, unknown, string]>([
    ["an unknown function", { A: { function: "nobody", alias: "prod" } }, 'services.A.function: received "nobody"'],
    ["an unknown alias", { A: { function: "auth", alias: "live" } }, 'services.A.alias: received "live"'],
    ["an unknown version", { A: { function: "auth", version: "v9" } }, 'services.A.version: received "v9"'],
    ["a version name as alias", { A: { function: "auth", alias: "v1" } }, 'services.A.alias: received "v1"'],
    ["latest of a function without versions", { A: { function: "empty", version: "latest" } }, "services.A.version: "],
    [
      "a function without a fetch hook",
      { A: { function: "gate", alias: "prod" } },
      "services.A.function: cannot be called",
    ],
    ["neither alias nor version", { A: { function: "auth" } }, "services.A.version: received neither"],
    ["a name that is no key", { "a-b": prod }, "services.a-b: is not a name"],
  ])("refuses %s before anything is built", async (_name, services, expected) => {
    const { status, code, problems } = await refuse(services);
    expect([status, code]).toEqual([400, "INPUT_INVALID"]);
    expect(problems.join("\n")).toContain(expected);
  });

  it("reports every problem together", async () => {
    const { problems } = await refuse({ A: { function: "nobody", alias: "x" }, B: { function: "auth", alias: "x" } });
    expect(problems).toHaveLength(2);
  });

  it.each(["variables", "secrets"])("refuses a name that is among the %s of the environment", async (group) => {
    const name = fresh();
    await control.ok("POST /v1/functions", { body: { name } });
    const environment = { variables: {}, secrets: {}, [group]: { AUTH: "1" } };
    await control.ok(`PUT /v1/functions/${name}/environment`, { body: environment });
    const source = { kind: "inline", code: answering("x"), language: "ts" };
    const { problems } = await control.refusal(`POST /v1/functions/${name}/versions`, {
      body: { source, services: { AUTH: prod } },
    });
    expect(problems).toEqual(["services.AUTH: is also an environment variable, allowed: another name"]);
  });

  it("lets a function name itself: latest, and what this publish makes", async () => {
    const name = fresh();
    const services = {
      A: { function: name, version: "latest" },
      B: { function: name, alias: "live" },
      C: { function: name, version: "v1" },
    };
    const { version } = await control.publish(name, answering("x"), { services, version: "v1", aliases: ["live"] });
    expect(version.services).toEqual(services);
  });

  it("makes a new version when only the services changed, and none when nothing did", async () => {
    const name = fresh();
    await control.publish(name, answering("x"), { services: { AUTH: prod }, version: "v1" });
    const source = { kind: "inline", code: answering("x"), language: "ts" };
    const again = { source, snapshot: false, waitSeconds: 0 };
    const repeated = await control.refusal(`POST /v1/functions/${name}/versions`, {
      body: { ...again, services: { AUTH: prod } },
    });
    expect(repeated.code).toBe("CONFLICT");
    const changed = await control.ok<PublishResult>(`POST /v1/functions/${name}/versions`, { body: again });
    expect(changed.version.services).toEqual({});
  });

  it("survives a restart", async () => {
    const name = fresh();
    await control.publish(name, answering("x"), { services: { AUTH: prod }, version: "v1" });
    await control.restart();
    expect(await control.ok<VersionResource>(`GET /v1/functions/${name}/versions/v1`)).toMatchObject({
      services: { AUTH: prod },
    });
  });
});

describe("the state for nodes", () => {
  it("holds versions that are only called, also by versions that are only called, and latest stays last", async () => {
    for (const version of ["v1", "v2", "v3"]) await control.publish("deep", answering(version), { version });
    const viaDeep = { DEEP: { function: "deep", version: "v1" } };
    await control.publish("middle", answering("1"), { version: "v1", services: viaDeep });
    await control.publish("middle", answering("2"), { version: "v2" });
    const viaMiddle = { MIDDLE: { function: "middle", version: "v1" } };
    await control.publish("outer", answering("1"), { version: "v1", services: viaMiddle });
    const node = await TestNode.connect(control, "n1");
    try {
      const { functions } = await node.nextState();
      const versionsOf = (name: string): unknown => {
        const found = functions.find((entry) => entry.name === name);
        return [found?.versions.map(({ version }) => version), found?.latest];
      };
      expect(versionsOf("deep")).toEqual([["v1", "v3"], "v3"]);
      expect(versionsOf("middle")).toEqual([["v1", "v2"], "v2"]);
    } finally {
      node.disconnect();
      await control.call("DELETE /v1/nodes/n1");
    }
  });

  it("goes without a called version that was deleted", async () => {
    for (const version of ["v1", "v2"]) await control.publish("target", answering(version), { version });
    await control.publish("source", answering("x"), { services: { T: { function: "target", version: "v1" } } });
    await control.ok("DELETE /v1/functions/target/versions/v1");
    const node = await TestNode.connect(control, "n2");
    try {
      const { functions } = await node.nextState();
      const target = functions.find((entry) => entry.name === "target");
      expect(target?.versions.map(({ version }) => version)).toEqual(["v2"]);
    } finally {
      node.disconnect();
      await control.call("DELETE /v1/nodes/n2");
    }
  });
});
