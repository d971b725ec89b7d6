/** Claims about event functions on their way through the control plane: published, shown, signed, invoked. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PublishResult, SnapshotResource, VersionResource } from "../../sdk/api.ts";
import type { InvokeResult } from "../../sdk/desired-state.ts";
import { defaultEventSettings } from "../../sdk/event-settings.ts";
import { eventLimits } from "../../sdk/limits.ts";
import { TestControlPlane } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
  for (const name of ["f", "hooks"]) await control.ok("POST /v1/functions", { body: { name } });
});
afterAll(() => control.close());

const inline = (code: string): object => ({ kind: "inline", code, language: "js" });
const source = inline("exports.handler = async (event, context) => event;");
const quick = { snapshot: false, waitSeconds: 0 };

describe("publishing an event function", () => {
  it("shows its handler, gives it the limits of one, and survives a restart", async () => {
    const body = { ...quick, source, version: "v1", event: {} };
    const { version } = await control.ok<PublishResult>("POST /v1/functions/f/versions", { body });
    const expected = {
      event: defaultEventSettings,
      hooks: ["fetch", "event"],
      limits: { concurrency: eventLimits.concurrencyDefault, cpuMs: eventLimits.cpuMsDefault },
    };
    expect(version).toMatchObject(expected);
    await control.restart();
    expect(await control.ok<VersionResource>("GET /v1/functions/f/versions/v1")).toMatchObject(expected);
  });

  it("makes a new version when only the handler's settings changed", async () => {
    const body = { ...quick, source, event: {} };
    expect((await control.refusal("POST /v1/functions/f/versions", { body })).code).toBe("CONFLICT");
    const lenient = { ...body, version: "v2", event: { parameters: "any" } };
    const { version } = await control.ok<PublishResult>("POST /v1/functions/f/versions", { body: lenient });
    expect(version.event?.parameters).toBe("any");
  });

  it("a module may have hooks beside its handler", async () => {
    const code = "export default { clientRequest() {} }; export async function main(event, context) {}";
    const body = { ...quick, source: inline(code), event: { handler: "index.main" } };
    const { version } = await control.ok<PublishResult>("POST /v1/functions/hooks/versions", { body });
    expect(version.hooks).toEqual(["clientRequest", "fetch", "event"]);
  });

  it.each([
    ["an export that is missing", { source, event: { handler: "index.other" } }, "other"],
    ["a restore that is missing", { source, event: { restore: "index.again" } }, "again"],
    ["a heartbeat that is missing", { source, event: { heartbeat: "index.well" } }, "well"],
    ["an export that is no function", { source: inline("exports.handler = 1;"), event: {} }, "handler"],
  ])("%s is refused by its name", async (_what, changes, name) => {
    const refusal = await control.refusal("POST /v1/functions/f/versions", { body: { ...quick, ...changes } });
    expect(refusal).toMatchObject({ code: "PUBLISH_REFUSED" });
    expect(refusal.message).toContain(`exports no function "${name}"`);
  });

  it.each([
    ["another file than the entry", { handler: "other.handler" }, "event.handler"],
    ["a handler without an export", { handler: "index" }, "event.handler"],
    ["a heartbeat in another file", { heartbeat: "other.well" }, "event.heartbeat"],
    ["a size of an instance below the limit", { memorySizesMiB: [7] }, "event.memorySizesMiB[0]"],
    ["a size of an instance beyond the limit", { memorySizesMiB: [128, 1_025] }, "event.memorySizesMiB[1]"],
    ["a number", 7, "event"],
  ])("settings with %s are refused", async (_what, event, path) => {
    const tree = { kind: "tree", entry: "index.js", files: [{ path: "index.js", digest: "0".repeat(64) }] };
    const refusal = await control.refusal("POST /v1/functions/f/versions", { body: { ...quick, source: tree, event } });
    expect(refusal.code).toBe("INPUT_INVALID");
    expect(refusal.problems.join("\n")).toContain(`${path}: `);
  });
});

describe("invoking with an event", () => {
  it("sends it to a node as the body of the hook, with the alias it was asked by", async () => {
    await control.ok("PUT /v1/functions/f/aliases/blue", { body: { version: "v1", waitSeconds: 0 } });
    const node = await TestNode.connect(control, "n1");
    try {
      const asked = control.ok<InvokeResult>("POST /v1/functions/f/invocations", {
        body: { qualifier: "blue", event: { a: [1, "ü"] } },
      });
      await node.nextState();
      const { id, phase, qualifier, request } = await node.nextInvoke();
      expect({ phase, qualifier, method: request.method }).toEqual({
        phase: "event",
        qualifier: "blue",
        method: "POST",
      });
      expect(request.headers).toContainEqual(["x-cff-alias", "blue"]);
      expect(JSON.parse(Buffer.from(request.body ?? "", "base64").toString())).toEqual({ a: [1, "ü"] });
      const outcome = { kind: "response", status: 200, headers: [], body: "" };
      await node.post("/v1/nodes/invocation-results", { results: [{ id, outcome, durationMs: 1, logs: [] }] });
      expect((await asked).outcome).toEqual(outcome);
    } finally {
      node.disconnect();
    }
  });

  it.each([
    ["neither an event nor a request", {}, "request"],
    ["both", { event: 1, request: { method: "GET", url: "http://a.test/", headers: [], body: null } }, "request"],
    [
      "a size beside a request",
      { memoryMiB: 256, request: { method: "GET", url: "http://a.test/", headers: [], body: null } },
      "memoryMiB",
    ],
    ["a size of one that runs later", { event: 1, async: true, memoryMiB: 256 }, "memoryMiB"],
    ["a phase beside it", { event: 1, phase: "fetch" }, "phase"],
    ["an event beyond the limit", { event: "x".repeat(eventLimits.bytesMax - 1) }, "event"],
  ])("%s is refused", async (_what, body, path) => {
    const refusal = await control.refusal("POST /v1/functions/f/invocations", { body });
    expect(refusal.code).toBe("INPUT_INVALID");
    expect(refusal.problems.join("\n")).toMatch(new RegExp(`^${path.replace(".", "\\.")}: `, "m"));
  });

  it("a version that is no event function takes none", async () => {
    const body = { ...quick, version: "plain", source: inline("export default { fetch() {} }") };
    await control.ok("POST /v1/functions/hooks/versions", { body });
    const refusal = await control.refusal("POST /v1/functions/hooks/invocations", { body: { event: {} } });
    expect(refusal.problems.join()).toContain("is no event function");
  });
});

describe("the size of an instance", () => {
  const publish = (version: string, event: object): Promise<PublishResult> =>
    control.ok<PublishResult>("POST /v1/functions/sizes/versions", { body: { ...quick, source, version, event } });
  beforeAll(async () => {
    await control.ok("POST /v1/functions", { body: { name: "sizes" } });
    await publish("own", {});
    await publish("offered", { memorySizesMiB: [1_024, 8, 256, 8] });
  });

  it("is one of those that the version names, in their order, each once", async () => {
    const sizesOf = async (version: string) =>
      (await control.ok<VersionResource>(`GET /v1/functions/sizes/versions/${version}`)).event?.memorySizesMiB;
    expect([await sizesOf("own"), await sizesOf("offered")]).toEqual([[], [8, 256, 1_024]]);
  });

  const memory = "x-cff-instance-memory";
  it.each([
    ["the header", { qualifier: "offered" }, { [memory]: "256" }, "256"],
    ["the body", { qualifier: "offered", memoryMiB: 8 }, {}, "8"],
    ["the body before the header", { qualifier: "offered", memoryMiB: 1_024 }, { [memory]: "256" }, "1024"],
    ["nothing", { qualifier: "offered" }, {}, undefined],
    ["a header that nobody offers to hear", { qualifier: "own" }, { [memory]: "256" }, undefined],
  ])("is what %s says", async (_what, body, headers, size) => {
    const node = await TestNode.connect(control, "n2");
    try {
      const asked = control.ok<InvokeResult>("POST /v1/functions/sizes/invocations", {
        body: { ...body, event: {} },
        headers,
      });
      await node.nextState();
      const { id, request } = await node.nextInvoke();
      expect(request.headers.find(([name]) => name === memory)?.[1]).toBe(size);
      const outcome = { kind: "response", status: 200, headers: [], body: "" };
      await node.post("/v1/nodes/invocation-results", { results: [{ id, outcome, durationMs: 1, logs: [] }] });
      await asked;
    } finally {
      node.disconnect();
    }
  });

  it.each([
    ["one beside those that are offered", { qualifier: "offered" }, { [memory]: "257" }, "[8 256 1024]"],
    ["what is no number", { qualifier: "offered" }, { [memory]: "much" }, "[8 256 1024]"],
    ["one of a version that offers none", { qualifier: "own", memoryMiB: 256 }, {}, "[]"],
  ])("%s is refused with those that are", async (_what, body, headers, offered) => {
    const refusal = await control.refusal("POST /v1/functions/sizes/invocations", {
      body: { ...body, event: {} },
      headers,
    });
    expect(refusal).toMatchObject({
      status: 406,
      code: "INSTANCE_SIZE_REFUSED",
      message: `X-Cff-Instance-Memory not in ${offered}`,
    });
  });
});

describe("a snapshot that is asked for", () => {
  const withInitializer = (statement: string): object =>
    inline(`let runs = 0;
      exports.initializer = (context, callback) => { ${statement}; runs += 1; callback(null); };
      exports.handler = async (event, context) => runs;`);
  const event = { initializer: "index.initializer" };
  const publish = (statement: string): Promise<PublishResult> =>
    control.ok<PublishResult>("POST /v1/functions/frozen/versions", {
      body: { source: withInitializer(statement), event, snapshot: true, waitSeconds: 0 },
    });
  beforeAll(async () => {
    await control.ok("POST /v1/functions", { body: { name: "frozen" } });
    const body = { variables: { PLACE: "here" }, secrets: { KEY: "hidden" } };
    await control.ok("PUT /v1/functions/frozen/environment", { body });
  });

  it("is taken after the initializer, which sees plain variables", async () => {
    const { version } = await publish("if (process.env.PLACE !== 'here') throw new Error('no')");
    expect(version.snapshot).toMatchObject({ state: "ready", reason: "taken after the initializer ran" });
    expect(version.snapshot.bytes).toBeGreaterThan(10_000);
    expect(await control.ok("GET /v1/functions/frozen/snapshot")).toEqual({
      version: version.version,
      ...version.snapshot,
    });
    const same = { source: withInitializer("if (process.env.PLACE !== 'here') throw new Error('no')"), event };
    const again = { ...same, snapshot: true, waitSeconds: 0 };
    expect((await control.refusal("POST /v1/functions/frozen/versions", { body: again })).code).toBe("CONFLICT");
  });

  it("fails with a reason when the initializer needs a secret, and the version starts from code", async () => {
    const { version } = await publish("if (process.env.KEY) throw new Error('no')");
    expect(version.snapshot).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("KEY is or holds a secret, and a snapshot holds none: read it in restore"),
    });
  });

  it("is being made while it is, and is not kept when the environment changed meanwhile", async () => {
    const body = { source: withInitializer("const until = Date.now() + 1_500; while (Date.now() < until);"), event };
    const refused = control.refusal("POST /v1/functions/frozen/versions", {
      body: { ...body, snapshot: true, waitSeconds: 0 },
    });
    const state = async (): Promise<string> =>
      (await control.ok<SnapshotResource>("GET /v1/functions/frozen/snapshot")).state;
    while ((await state()) !== "making") await new Promise((resolve) => setTimeout(resolve, 20));
    const changed = { variables: { PLACE: "there" }, secrets: { KEY: null } };
    await control.ok("PUT /v1/functions/frozen/environment", { body: changed });
    expect(await refused).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("environment was changed"),
    });
    expect(await state()).toBe("failed");
  });
});
