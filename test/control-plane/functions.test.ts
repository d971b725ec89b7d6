import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AliasChange, FunctionResource, VersionResource } from "../../sdk/api.ts";
import { answering, passing, TestControlPlane } from "./test-control-plane.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
});
afterAll(() => control.close());

let count = 0;
/** A function of its own for each test. */
async function freshFunction(): Promise<string> {
  const name = `f${String(++count)}`;
  await control.ok("POST /v1/functions", { body: { name } });
  return name;
}

const revision = async (): Promise<number> => (await control.ok<{ revision: number }>("GET /healthz")).revision;

async function bind(domain: string, rules: readonly object[]): Promise<void> {
  await control.ok(`PUT /v1/domains/${domain}?waitSeconds=0`, { body: {} });
  await control.ok(`PUT /v1/domains/${domain}/rules`, { body: { rules, waitSeconds: 0 } });
}

describe("functions", () => {
  it("are created, shown, listed, changed and deleted", async () => {
    const created = await control.call<FunctionResource>("POST /v1/functions", {
      body: { name: "life", description: "of a function" },
    });
    expect([created.status, created.body]).toEqual([
      201,
      {
        name: "life",
        description: "of a function",
        enabled: true,
        latest: null,
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
        aliases: [],
      },
    ]);
    expect(await control.ok("GET /v1/functions/life")).toEqual(created.body);
    const { functions } = await control.ok<{ functions: FunctionResource[] }>("GET /v1/functions");
    expect(functions).toContainEqual(created.body);
    const changed = await control.ok("PATCH /v1/functions/life", { body: { enabled: false } });
    expect(changed).toEqual({ ...created.body, enabled: false });
    expect((await control.call("DELETE /v1/functions/life")).status).toBe(204);
    expect(await control.refusal("GET /v1/functions/life")).toMatchObject({
      status: 404,
      code: "NOT_FOUND",
      message: 'There is no function "life".',
    });
  });

  it("exist once", async () => {
    const name = await freshFunction();
    expect(await control.refusal("POST /v1/functions", { body: { name } })).toMatchObject({
      status: 409,
      message: `There is a function "${name}" already.`,
    });
  });

  it.each(["1a", "a-", "a b", "../etc", "__proto__", "a".repeat(61), "ä"])("refuse the name %j", async (name) => {
    const { status, code, problems } = await control.refusal("POST /v1/functions", { body: { name } });
    expect([status, code, problems.length]).toEqual([400, "INPUT_INVALID", 1]);
    expect(problems[0]).toMatch(/^name: received .*, allowed: 1\.\.60 letters/);
  });

  it.each(["constructor", "toString", "hasOwnProperty"])("may be named %s without confusion", async (name) => {
    expect((await control.refusal(`GET /v1/functions/${name}`)).status).toBe(404);
    await control.publish(name, answering(name), { aliases: ["constructor"] });
    expect((await control.ok<FunctionResource>(`GET /v1/functions/${name}`)).aliases).toHaveLength(1);
    await control.ok(`DELETE /v1/functions/${name}`);
  });

  it("cannot be deleted while a rule names them", async () => {
    const name = await freshFunction();
    await control.publish(name, passing("1"), { aliases: ["live"] });
    await bind("delete.example.com", [
      { phase: "clientRequest", matchType: "all", function: name, alias: "live", priority: 7 },
    ]);
    expect(await control.refusal(`DELETE /v1/functions/${name}`)).toMatchObject({
      status: 409,
      problems: [
        `domains.delete.example.com.rules[phase=clientRequest,priority=7]: names function "${name}", alias "live"`,
      ],
    });
    await control.ok("DELETE /v1/domains/delete.example.com");
    expect((await control.call(`DELETE /v1/functions/${name}`)).status).toBe(204);
  });

  it("make a new revision only when nodes are concerned", async () => {
    const name = await freshFunction();
    const before = await revision();
    await control.ok(`PATCH /v1/functions/${name}`, { body: { description: "new" } });
    expect(await revision()).toBe(before);
    await control.ok(`PATCH /v1/functions/${name}`, { body: { enabled: false } });
    expect(await revision()).toBe(before + 1);
  });
});

describe("environments", () => {
  it("show variables, and of secrets only the names", async () => {
    const name = await freshFunction();
    const body = { variables: { COLOUR: "blue" }, secrets: { KEY: "s3cret-value" } };
    const answer = await control.call(`PUT /v1/functions/${name}/environment`, { body });
    expect(answer.body).toEqual({ variables: { COLOUR: "blue" }, secrets: ["KEY"] });
    expect(await control.ok(`GET /v1/functions/${name}/environment`)).toEqual(answer.body);
  });

  it("keep a stored secret that is given as null and drop one that is absent", async () => {
    const name = await freshFunction();
    const put = (secrets: object) => control.ok(`PUT /v1/functions/${name}/environment`, { body: { secrets } });
    await put({ A: "1", B: "2" });
    expect(await put({ A: null })).toEqual({ variables: {}, secrets: ["A"] });
    expect(
      await control.refusal(`PUT /v1/functions/${name}/environment`, { body: { secrets: { B: null } } }),
    ).toMatchObject({
      status: 400,
      problems: ["secrets.B: is null, but no secret of this name is stored, allowed: a string"],
    });
  });

  it("refuse what is wrong without ever showing a secret", async () => {
    const name = await freshFunction();
    const body = {
      variables: { A: 1, RUNTIME_X: "x" },
      secrets: { A: { deep: "s3cret-value" }, "b-c": "s3cret-value" },
    };
    const refusal = await control.refusal(`PUT /v1/functions/${name}/environment`, { body });
    expect([refusal.status, refusal.code]).toEqual([400, "INPUT_INVALID"]);
    expect(refusal.problems.length).toBeGreaterThanOrEqual(4);
    expect(JSON.stringify(refusal)).not.toContain("s3cret");
  });

  it("are bounded together with the secrets that are kept", async () => {
    const name = await freshFunction();
    await control.ok(`PUT /v1/functions/${name}/environment`, { body: { secrets: { LONG: "x".repeat(4_000) } } });
    const body = { variables: { MORE: "x".repeat(200) }, secrets: { LONG: null } };
    const { status, problems } = await control.refusal(`PUT /v1/functions/${name}/environment`, { body });
    expect([status, problems]).toEqual([
      400,
      ["environment: received 4208 characters in keys and values, allowed: at most 4096"],
    ]);
  });

  it("are encrypted on disk", async () => {
    const { readFile, readdir } = await import("node:fs/promises");
    const name = await freshFunction();
    await control.ok(`PUT /v1/functions/${name}/environment`, { body: { secrets: { K: "needle-in-the-store" } } });
    await control.publish(name, answering("x"));
    for (const file of (await readdir(control.folder)).filter((entry) => entry.startsWith("store"))) {
      expect(await readFile(`${control.folder}/${file}`, "latin1")).not.toContain("needle-in-the-store");
    }
  });

  it.each(["[]", "null", '"text"', "3"])("refuse %s", async (text) => {
    const name = await freshFunction();
    expect((await control.refusal(`PUT /v1/functions/${name}/environment`, { text })).status).toBe(400);
  });

  it("refuse a key that would be a prototype", async () => {
    const name = await freshFunction();
    const text = '{"variables":{"__proto__":"x"}}';
    const { status, code, problems } = await control.refusal(`PUT /v1/functions/${name}/environment`, { text });
    expect([status, code]).toEqual([400, "INPUT_INVALID"]);
    expect(problems[0]).toMatch(/^body: is not JSON that is allowed here/);
  });
});

describe("versions", () => {
  it("are listed newest first, shown and deleted", async () => {
    const name = await freshFunction();
    await control.publish(name, answering("1"), { version: "v1" });
    await control.publish(name, answering("2"), { version: "v2", aliases: ["live"] });
    const { versions } = await control.ok<{ versions: VersionResource[] }>(`GET /v1/functions/${name}/versions`);
    expect(versions.map(({ version, aliases }) => [version, aliases])).toEqual([
      ["v2", ["live"]],
      ["v1", []],
    ]);
    expect(await control.ok(`GET /v1/functions/${name}/versions/v1`)).toEqual(versions[1]);
    expect((await control.call(`DELETE /v1/functions/${name}/versions/v1`)).status).toBe(204);
    expect((await control.refusal(`GET /v1/functions/${name}/versions/v1`)).message).toBe(
      `There is no version "v1" of function "${name}".`,
    );
  });

  it("cannot be deleted while an alias or a rule names them, also through latest", async () => {
    const name = await freshFunction();
    await control.publish(name, passing("1"), { version: "v1", aliases: ["live"] });
    await bind("versions.example.com", [
      { phase: "clientRequest", matchType: "all", function: name, version: "latest", priority: 1 },
      { phase: "clientRequest", matchType: "all", function: name, version: "v1", priority: 2 },
    ]);
    const { status, problems } = await control.refusal(`DELETE /v1/functions/${name}/versions/v1`);
    expect([status, problems.length, problems[0]]).toEqual([409, 3, "aliases.live: names this version"]);
    await control.ok("DELETE /v1/domains/versions.example.com");
  });

  it("leave the history of aliases when deleted", async () => {
    const name = await freshFunction();
    await control.publish(name, answering("1"), { version: "v1", aliases: ["live"] });
    await control.publish(name, answering("2"), { version: "v2", aliases: ["live"] });
    await control.ok(`DELETE /v1/functions/${name}/versions/v1`);
    const { aliases } = await control.ok<FunctionResource>(`GET /v1/functions/${name}`);
    expect(aliases[0]?.previous).toEqual([]);
  });
});

describe("grey releases", () => {
  const grey = { by: "weight", version: "v2", weight: 5, sticky: null };
  const put = (name: string, body: object) =>
    control.ok<AliasChange>(`PUT /v1/functions/${name}/aliases/live`, { body: { waitSeconds: 0, ...body } });

  async function twoVersions(): Promise<string> {
    const name = await freshFunction();
    await control.publish(name, passing("1"), { version: "v1", aliases: ["live"] });
    await control.publish(name, passing("2"), { version: "v2" });
    return name;
  }

  it("stand beside the main version, are taken back first, and end when the alias moves", async () => {
    const name = await twoVersions();
    const started = await put(name, { version: "v1", grey: { version: "v2", weight: 5 } });
    expect(started.alias).toMatchObject({ version: "v1", grey, previous: [] });
    const back = await control.ok<AliasChange>(`POST /v1/functions/${name}/aliases/live/rollback`, {
      body: { waitSeconds: 0 },
    });
    expect(back.alias).toMatchObject({ version: "v1", grey: null, previous: [] });
    await put(name, { version: "v1", grey });
    expect((await put(name, { version: "v2" })).alias).toMatchObject({ version: "v2", grey: null, previous: ["v1"] });
  });

  it("are no change when they are what is there", async () => {
    const name = await twoVersions();
    const { revision } = await put(name, { version: "v1", grey });
    expect((await put(name, { version: "v1", grey })).revision).toBe(revision);
    expect((await put(name, { version: "v1", grey: { ...grey, weight: 6 } })).revision).toBe(revision + 1);
  });

  it("keep their version from being deleted", async () => {
    const name = await twoVersions();
    await control.publish(name, passing("3"), { version: "v3" });
    await put(name, { version: "v1", grey });
    const { status, problems } = await control.refusal(`DELETE /v1/functions/${name}/versions/v2`);
    expect([status, problems]).toEqual([409, ["aliases.live: names this version"]]);
  });

  it.each([
    ["the main version itself", { version: "v1", weight: 5 }, 409, "is the alias's main version"],
    ["a version that does not exist", { version: "v9", weight: 5 }, 404, 'version "v9"'],
    ["latest", { version: "latest", weight: 5 }, 400, "Input"],
    ["a weight beyond 100", { version: "v2", weight: 101 }, 400, "Input"],
  ])("are refused with %s", async (_case, wrong, status, text) => {
    const name = await twoVersions();
    const refusal = await control.refusal(`PUT /v1/functions/${name}/aliases/live`, {
      body: { version: "v1", grey: wrong, waitSeconds: 0 },
    });
    expect([refusal.status, refusal.status === 400 || refusal.message.includes(text)]).toEqual([status, true]);
    expect((await control.ok<FunctionResource>(`GET /v1/functions/${name}`)).aliases[0]?.grey).toBeNull();
  });

  it("need the hooks that rules bind through the alias", async () => {
    const name = await twoVersions();
    await control.publish(name, answering("3"), { version: "v3" });
    const domain = `${name.toLowerCase()}.example.com`;
    await bind(domain, [{ phase: "clientRequest", matchType: "all", function: name, alias: "live", priority: 1 }]);
    const { status, message } = await control.refusal(`PUT /v1/functions/${name}/aliases/live`, {
      body: { version: "v1", grey: { ...grey, version: "v3" }, waitSeconds: 0 },
    });
    expect([status, message]).toEqual([409, 'Version "v3" lacks hooks that rules bind through alias "live".']);
  });
});

describe("aliases", () => {
  const move = (name: string, alias: string, version: string) =>
    control.ok<AliasChange>(`PUT /v1/functions/${name}/aliases/${alias}`, { body: { version, waitSeconds: 0 } });

  it("remember what they named before, and go back and forth", async () => {
    const name = await freshFunction();
    for (const version of ["v1", "v2", "v3"]) {
      await control.publish(name, answering(version), { version, aliases: ["live"] });
    }
    const back = () =>
      control.ok<AliasChange>(`POST /v1/functions/${name}/aliases/live/rollback`, { body: { waitSeconds: 0 } });
    expect((await back()).alias).toMatchObject({ name: "live", version: "v2", previous: ["v3", "v1"] });
    expect((await back()).alias).toMatchObject({ version: "v3", previous: ["v2", "v1"] });
    const to = await control.ok<AliasChange>(`POST /v1/functions/${name}/aliases/live/rollback`, {
      body: { version: "v1", waitSeconds: 0 },
    });
    expect(to.alias).toMatchObject({ version: "v1", previous: ["v3", "v2"] });
  });

  it("make a revision when they move and none when they stay", async () => {
    const name = await freshFunction();
    await control.publish(name, answering("1"), { version: "v1" });
    const before = await revision();
    expect((await move(name, "live", "v1")).revision).toBe(before + 1);
    expect((await move(name, "live", "v1")).revision).toBe(before + 1);
  });

  it("refuse unknown versions, functions and rollbacks to nowhere", async () => {
    const name = await freshFunction();
    await control.publish(name, answering("1"), { version: "v1", aliases: ["live"] });
    const put = { body: { version: "v9" } };
    expect((await control.refusal(`PUT /v1/functions/${name}/aliases/live`, put)).status).toBe(404);
    expect((await control.refusal("PUT /v1/functions/none/aliases/live", put)).status).toBe(404);
    const rollback = await control.refusal(`POST /v1/functions/${name}/aliases/live/rollback`, { body: {} });
    expect(rollback).toMatchObject({ status: 409, message: 'Alias "live" has named no other version yet.' });
    expect((await control.refusal(`POST /v1/functions/${name}/aliases/none/rollback`, { body: {} })).status).toBe(404);
  });

  it("refuse the name latest, names outside the grammar and the name of a version", async () => {
    const name = await freshFunction();
    await control.publish(name, answering("1"), { version: "v1" });
    for (const alias of ["latest", "a%2Fb", ".x"]) {
      const { status } = await control.refusal(`PUT /v1/functions/${name}/aliases/${alias}`, {
        body: { version: "v1" },
      });
      expect([alias, status]).toEqual([alias, 400]);
    }
    const { status, message } = await control.refusal(`PUT /v1/functions/${name}/aliases/v1`, {
      body: { version: "v1" },
    });
    expect([status, message]).toEqual([409, `"v1" is the name of a version of function "${name}".`]);
  });

  it("never lead a rule to a version without its hook", async () => {
    const name = await freshFunction();
    await control.publish(name, passing("1"), { version: "v1", aliases: ["live"] });
    await control.publish(name, answering("2"), { version: "v2" });
    await bind("hooks.example.com", [
      { phase: "clientRequest", matchType: "all", function: name, alias: "live", priority: 1 },
    ]);
    const { status, problems } = await control.refusal(`PUT /v1/functions/${name}/aliases/live`, {
      body: { version: "v2" },
    });
    expect([status, problems]).toEqual([
      409,
      [
        `domains.hooks.example.com.rules[phase=clientRequest,priority=1]: binds clientRequest, but version "v2" of function "${name}" exports fetch`,
      ],
    ]);
    expect((await control.ok<FunctionResource>(`GET /v1/functions/${name}`)).aliases[0]?.version).toBe("v1");
    const removed = await control.refusal(`DELETE /v1/functions/${name}/aliases/live`);
    expect(removed.status).toBe(409);
    await control.ok("DELETE /v1/domains/hooks.example.com");
    expect((await control.call(`DELETE /v1/functions/${name}/aliases/live`)).status).toBe(204);
  });
});
