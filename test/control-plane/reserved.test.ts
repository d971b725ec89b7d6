import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReservedResource } from "../../sdk/reserved.ts";
import { reservedLimits } from "../../sdk/reserved-limits.ts";
import { runTool } from "../sdk/cli/run-tool.ts";
import { FakeClock } from "./fake-clock.ts";
import { adminToken, answering, TestControlPlane } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
  const limits = { instancesMax: 20, memoryMiB: 64 };
  for (const version of ["v1", "v2", "v3"]) await control.publish("hello", answering(version), { version, limits });
  await control.ok("PUT /v1/functions/hello/aliases/live", { body: { version: "v1", waitSeconds: 0 } });
});
afterAll(() => control.close());

const put = async (qualifier: string, body: unknown): Promise<ReservedResource> => {
  const path = `PUT /v1/functions/hello/reserved/${qualifier}` as const;
  return (await control.ok<{ reservation: ReservedResource }>(path, { body })).reservation;
};
const refused = (qualifier: string, body: unknown) =>
  control.refusal(`PUT /v1/functions/hello/reserved/${qualifier}`, { body });
const remove = (qualifier: string) => control.ok(`DELETE /v1/functions/hello/reserved/${qualifier}`);
const list = async (): Promise<readonly ReservedResource[]> =>
  (await control.ok<{ reservations: ReservedResource[] }>("GET /v1/functions/hello/reserved")).reservations;

describe("reserved instances", () => {
  it("are set, shown with the version that they hold for, replaced and removed", async () => {
    expect(await put("live", { count: 3 })).toMatchObject({ qualifier: "live", version: "v1", count: 3, countNow: 3 });
    const metric = { name: "concurrency", targetPercent: 60, min: 2, max: 20 };
    expect(await put("latest", { metric })).toMatchObject({ version: "v3", count: 0, metric, idleMode: false });
    expect((await list()).map(({ qualifier }) => qualifier)).toEqual(["latest", "live"]);
    expect(await control.ok("GET /v1/functions/hello/reserved/latest")).toMatchObject({ metric });
    expect((await control.ok<{ reservations: object[] }>("GET /v1/reserved")).reservations).toEqual(await list());
    expect(await put("live", { count: 1, idleMode: true })).toMatchObject({ count: 1, idleMode: true });
    for (const qualifier of ["live", "latest"]) await remove(qualifier);
    expect(await list()).toEqual([]);
    const again = await control.refusal("DELETE /v1/functions/hello/reserved/live");
    expect([again.status, again.message]).toEqual([404, expect.stringContaining('"live" of function "hello"')]);
  });

  it("reach nodes with a new revision, and follow alias and latest", async () => {
    const node = await TestNode.connect(control, "n1");
    const first = await node.nextState();
    const told = (state: typeof first) =>
      Object.fromEntries(
        (state.functions[0]?.versions ?? []).flatMap(({ version, reserved }) =>
          reserved === undefined ? [] : [[version, reserved.map(({ count }) => count)]],
        ),
      );
    expect(told(first)).toEqual({});
    await put("live", { count: 3 });
    const second = await node.nextState();
    expect([told(second), second.revision > first.revision]).toEqual([{ v1: [3] }, true]);
    await control.ok("PUT /v1/functions/hello/aliases/live", { body: { version: "v2", waitSeconds: 0 } });
    expect(told(await node.nextState())).toEqual({ v2: [3] });
    // A version that nothing else names is loaded for its reservation.
    await put("v1", { count: 2 });
    expect(told(await node.nextState())).toEqual({ v1: [2], v2: [3] });
    // Moving an alias is never refused: then the larger number holds.
    await control.ok("PUT /v1/functions/hello/aliases/live", { body: { version: "v1", waitSeconds: 0 } });
    expect(told(await node.nextState())).toEqual({ v1: [3, 2] });
    for (const qualifier of ["live", "v1"]) await remove(qualifier);
    node.disconnect();
  });

  it("are refused for a version that has some already, whatever names it", async () => {
    await put("live", { count: 1 });
    const own = await refused("v1", { count: 1 });
    expect(own).toEqual({
      status: 409,
      code: "CONFLICT",
      message: 'Version "v1" has reserved instances through "live" already: delete those first.',
      problems: ['qualifier: received "v1", allowed: "live", or one that names another version'],
    });
    await put("v3", { count: 1 });
    expect((await refused("latest", { count: 1 })).message).toContain('Version "v3" has reserved instances of its own');
    await put("live", { count: 2 });
    for (const qualifier of ["live", "v3"]) await remove(qualifier);
  });

  it("are refused beyond the version's limit of instances, and taken at it", async () => {
    expect(await put("latest", { count: 20 })).toMatchObject({ count: 20 });
    const start = "2026-12-01T00:00:00Z";
    const entry = { name: "day", cron: "0 0 8 * * ?", count: 21, start, expiry: "2026-12-02T00:00:00Z" };
    const beyond = {
      count: 21,
      schedules: [entry],
      metric: { targetPercent: 50, max: 21 },
      recommended: { mode: "cost", max: 21 },
    };
    const refusal = await refused("latest", beyond);
    expect([refusal.status, refusal.code]).toEqual([400, "INPUT_INVALID"]);
    expect(refusal.problems).toEqual(
      ["count", "schedules[0].count", "metric.max", "recommended.max"].map(
        (path) => `${path}: received 21, allowed: at most 20 ("instancesMax" of version "v3")`,
      ),
    );
    expect(await list()).toMatchObject([{ count: 20, schedules: [] }]);
    await remove("latest");
  });

  it("are refused beyond the quotas, and taken at them; less is always taken", async () => {
    const quota = (name: string, value: number) => control.ok(`PUT /v1/quotas/${name}`, { body: { value } });
    await quota("reservedInstances", 10);
    await put("v1", { count: 4 });
    await put("v2", { count: 6 });
    const refusal = await refused("v2", { metric: { targetPercent: 50, min: 7, max: 20 } });
    expect([refusal.status, refusal.code]).toEqual([422, "LIMIT_REACHED"]);
    expect(refusal.problems).toEqual(["quotas.reservedInstances: 11 would be used, allowed: at most 10"]);
    // What adapts beyond what is guaranteed is what nodes have left, and counts nothing; a reservation counts as one at least.
    await put("v2", { count: 6, metric: { targetPercent: 50, max: 20 } });
    const another = await refused("v3", { metric: { targetPercent: 50, max: 20 } });
    expect(another.problems).toEqual(["quotas.reservedInstances: 11 would be used, allowed: at most 10"]);
    await quota("reservedInstances", 2);
    await put("v2", { count: 5 });
    await control.ok("DELETE /v1/quotas/reservedInstances");
    await quota("reservedMemoryMiB", 10 * 64);
    await put("v2", { count: 6 });
    expect((await refused("v2", { count: 7 })).problems).toEqual([
      "quotas.reservedMemoryMiB: 704 would be used, allowed: at most 640 MiB",
    ]);
    await control.ok("DELETE /v1/quotas/reservedMemoryMiB");
    for (const qualifier of ["v1", "v2"]) await remove(qualifier);
  });

  it.each([
    ["latest", {}, 400, "count"],
    ["latest", { count: -1 }, 400, "count"],
    ["latest", { count: reservedLimits.countMax + 1 }, 400, "count"],
    ["latest", { count: 1, counts: 1 }, 400, "counts"],
    ["latest", { metric: { targetPercent: 100, max: 1 } }, 400, "metric.targetPercent"],
  ] as const)("of %s with %j are refused: %d %s", async (qualifier, body, status, path) => {
    const refusal = await refused(qualifier, body);
    expect([refusal.status, refusal.problems.map((problem) => problem.split(":")[0])]).toEqual([status, [path]]);
  });

  it("of what does not exist are refused", async () => {
    for (const qualifier of ["v9", "dead"]) expect((await refused(qualifier, { count: 1 })).status).toBe(404);
    expect((await control.refusal("GET /v1/functions/nobody/reserved")).status).toBe(404);
    await control.ok("POST /v1/functions", { body: { name: "empty" } });
    const empty = await control.refusal("PUT /v1/functions/empty/reserved/latest", { body: { count: 1 } });
    expect([empty.status, empty.message]).toEqual([404, expect.stringContaining("publish one first")]);
  });

  it("show what nodes say is wanted and runs", async () => {
    await put("latest", { count: 4 });
    const gauge = { function: "hello", version: "v3", instances: 3, active: 0, queued: 0 };
    const reserved = { wanted: 4, running: 3 };
    const fronts = [{ front: 0, tallies: [], gauges: [{ ...gauge, reserved }] }];
    await control.ok("POST /v1/nodes/statistics", { token: await control.nodeToken(), body: { node: "n1", fronts } });
    expect(await list()).toMatchObject([{ wanted: 4, running: 3 }]);
    const { functions } = await control.ok<{ functions: object[] }>("GET /v1/statistics?function=hello");
    expect(functions).toMatchObject([{ version: "v3", reserved }]);
    await remove("latest");
  });
});

it("a schedule is shown as it holds by the clock, wherever that is set to", async () => {
  const clock = new FakeClock();
  const other = await TestControlPlane.start({ clock });
  await other.publish("hello", answering("one"), { version: "v1" });
  const iso = (ms: number): string => new Date(ms).toISOString();
  const day = Math.ceil(clock.now() / 86_400_000) * 86_400_000;
  const schedules = [{ name: "day", cron: "0 0 8 * * ?", count: 9, start: iso(day), expiry: iso(day + 86_400_000) }];
  await other.ok("PUT /v1/functions/hello/reserved/latest", { body: { count: 1, schedules } });
  const now = async (): Promise<readonly [number, string | null]> => {
    const shown = await other.ok<ReservedResource>("GET /v1/functions/hello/reserved/latest");
    return [shown.countNow, shown.schedule];
  };
  expect(await now()).toEqual([1, null]);
  clock.advance(day + 8 * 3_600_000 - clock.now());
  expect(await now()).toEqual([9, "day"]);
  clock.advance(30 * 86_400_000);
  expect(await now()).toEqual([1, null]);
  await other.close();
});

describe("selvage reserved", () => {
  const tool = async (...words: readonly string[]) => {
    const environment = { SELVAGE_URL: control.url, SELVAGE_TOKEN: adminToken };
    return runTool(["reserved", ...words], { workingDirectory: control.folder, environment });
  };

  it("sets what is named and leaves the rest, lists and unsets", async () => {
    const entry = "day,8,2026-12-01T00:00:00Z,2126-12-02T00:00:00Z,0 0,30 8 * * MON-FRI";
    expect((await tool("set", "hello", "--count", "2", "--schedule", entry)).code).toBe(0);
    const set = await tool(
      "set",
      "hello",
      "--metric",
      "60:1..4",
      "--recommend",
      "cost:0..5",
      "--idle-mode",
      "on",
      "--json",
    );
    expect(set.json()).toMatchObject({
      qualifier: "latest",
      count: 2,
      schedules: [{ name: "day", count: 8, cron: "0 0,30 8 * * MON-FRI" }],
      metric: { targetPercent: 60, min: 1, max: 4 },
      recommended: { mode: "cost", min: 0, max: 5 },
      idleMode: true,
    });
    const cleared = await tool("set", "hello", "--schedule", "none", "--metric", "none", "--json");
    expect(cleared.json()).toMatchObject({ count: 2, schedules: [], metric: null, recommended: { max: 5 } });
    const listed = await tool("list");
    expect(listed.stdout).toMatch(/hello@latest +v3 +2 +0 +- +cost 0\.\.5 +\d+ +\d+/);
    expect((await tool("unset", "hello")).stdout).toContain("hello@latest");
    expect((await tool("list", "hello")).stdout).toContain("nothing is reserved");
  });

  it.each([
    [["--count", "many"], "count"],
    [["--count", "1001"], "count"],
    [["--schedule", "day,8"], "schedules[0].cron"],
    [["--metric", "60"], "metric.max"],
    [["--metric", "120:1..4"], "metric.targetPercent"],
    [["--recommend", "fast:1..4"], "recommended.mode"],
    [["--count", "1", "--idle-mode", "perhaps"], "idleMode"],
  ])("refuses %j, naming %s", async (words, path) => {
    const { code, stderr } = await tool("set", "hello", ...words);
    expect(code).toBe(3);
    expect(stderr).toContain(path);
  });
});
