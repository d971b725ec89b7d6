/** Claims about event functions on their way through the control plane: published, shown, signed, invoked. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PublishResult, VersionResource } from "../../sdk/api.ts";
import type { InvokeResult } from "../../sdk/desired-state.ts";
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
      event: { handler: "index.handler", initializer: null, parameters: "strict" },
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
    ["an export that is no function", { source: inline("exports.handler = 1;"), event: {} }, "handler"],
  ])("%s is refused by its name", async (_what, changes, name) => {
    const refusal = await control.refusal("POST /v1/functions/f/versions", { body: { ...quick, ...changes } });
    expect(refusal).toMatchObject({ code: "PUBLISH_REFUSED" });
    expect(refusal.message).toContain(`exports no function "${name}"`);
  });

  it.each([
    ["another file than the entry", { handler: "other.handler" }, "event.handler"],
    ["a handler without an export", { handler: "index" }, "event.handler"],
    ["a number", 7, "event"],
  ])("settings with %s are refused", async (_what, event, path) => {
    const tree = { kind: "tree", entry: "index.js", files: [{ path: "index.js", digest: "0".repeat(64) }] };
    const refusal = await control.refusal("POST /v1/functions/f/versions", { body: { ...quick, source: tree, event } });
    expect(refusal.code).toBe("INPUT_INVALID");
    expect(refusal.problems.join("\n")).toMatch(new RegExp(`^${path.replace(".", "\\.")}: `, "m"));
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
