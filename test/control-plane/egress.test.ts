/** Claims about egress lists on their way through the control plane: published, shown, signed, kept. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PublishResult, VersionResource } from "../../sdk/api.ts";
import { TestControlPlane } from "./test-control-plane.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
  await control.ok("POST /v1/functions", { body: { name: "f" } });
});
afterAll(() => control.close());

const source = { kind: "inline", code: `export default { fetch: () => new Response("x") };`, language: "ts" };
const egress = { allow: ["*.example.com:443", "203.0.113.0/24"], deny: ["203.0.113.7"] };

describe("egress lists", () => {
  it("are shown, and survive a restart", async () => {
    const body = { source, snapshot: false, waitSeconds: 0, version: "v1", egress };
    const { version } = await control.ok<PublishResult>("POST /v1/functions/f/versions", { body });
    expect(version.egress).toEqual(egress);
    await control.restart();
    expect((await control.ok<VersionResource>("GET /v1/functions/f/versions/v1")).egress).toEqual(egress);
  });

  it("make a new version when only they changed, and none when nothing did", async () => {
    const body = { source, snapshot: false, waitSeconds: 0 };
    const again = { ...egress, allow: egress.allow.toReversed() };
    const repeated = await control.refusal("POST /v1/functions/f/versions", { body: { ...body, egress: again } });
    expect(repeated.code).toBe("CONFLICT");
    const { version } = await control.ok<PublishResult>("POST /v1/functions/f/versions", { body });
    expect(version.egress).toEqual({ allow: null, deny: [] });
  });

  it.each<[string, unknown, string]>([
    ["an URL", { allow: ["https://example.com"] }, "egress.allow[0]"],
    ["a port alone", { deny: ["a.test", ":25"] }, "egress.deny[1]"],
    [
      "too many characters",
      { deny: Array.from({ length: 60 }, (_, n) => `${"a".repeat(60)}.n${n}.b${"c".repeat(60)}`) },
      "egress",
    ],
    ["another key", { block: [] }, "egress"],
    ["no object", ["a.test"], "egress"],
    ["too many entries", { deny: Array.from({ length: 65 }, (_, n) => `n${n}.test`) }, "egress.deny"],
  ])("are refused with the place: %s", async (_case, value, path) => {
    const body = { source, snapshot: false, waitSeconds: 0, egress: value };
    const { code, problems } = await control.refusal("POST /v1/functions/f/versions", { body });
    expect([code, problems.some((problem) => problem.includes(path))]).toEqual(["INPUT_INVALID", true]);
  });
});
