/** `selvage invoke --async` and `selvage calls` against a real control plane without nodes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AsyncConfigResource, CallAccepted, CallPage, CallResource } from "../../../sdk/calls.ts";
import { adminToken, TestControlPlane } from "../../control-plane/test-control-plane.ts";
import { temporaryFolder, type TemporaryFolder } from "../project/temporary-project.ts";
import { runTool, type ToolRun } from "./run-tool.ts";

let control: TestControlPlane;
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
  control = await TestControlPlane.start();
  const handler = "exports.handler = async (event, context) => event;";
  await control.publish("f", handler, { version: "v1", event: {}, aliases: ["live"] });
});
afterAll(async () => {
  await control.close();
  await folder.remove();
});

function run(...words: readonly string[]): Promise<ToolRun> {
  const environment = { SELVAGE_URL: control.url, SELVAGE_TOKEN: adminToken };
  return runTool(words, { workingDirectory: folder.path, environment });
}
async function json<T>(...words: readonly string[]): Promise<T> {
  const result = await run(...words, "--json");
  if (result.code !== 0) throw new Error(`selvage ${words.join(" ")} ended with ${result.code}: ${result.stdout}`);
  return result.json() as T;
}
const accept = async (...words: readonly string[]): Promise<string> =>
  (await json<CallAccepted>("invoke", "f", "--async", "--event", "{}", ...words)).requestId;

describe("invoke --async", () => {
  test("prints the request id, under which the call is shown", async () => {
    const { code, stdout } = await run("invoke", "f", "--async", "--event", '{"a":1}', "--qualifier", "live");
    expect(code).toBe(0);
    const call = await json<CallResource>("calls", "show", stdout.trim());
    expect(call).toMatchObject({ function: "f", qualifier: "live", state: "wait", attempts: 0 });
    expect((await run("calls", "show", stdout.trim())).stdout).toMatch(/^state {7}wait$/m);
  });

  test("without an event is wrong usage, with a large one refused", async () => {
    expect((await run("invoke", "f", "--async", "--path", "/")).code).toBe(2);
    const sized = (...more: string[]) => run("invoke", "f", "--memory", "256", ...more);
    expect((await sized("--path", "/")).code).toBe(2);
    expect((await sized("--event", "{}", "--async")).code).toBe(2);
    expect((await run("invoke", "f", "--event", "{}", "--memory", "7")).code).toBe(2);
    const refused = await sized("--event", "{}");
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("X-Cff-Instance-Memory not in []")]);
    const large = JSON.stringify("x".repeat(262_143));
    const { code, stderr } = await run("invoke", "f", "--async", "--event", large);
    expect([code, stderr]).toEqual([3, expect.stringContaining("262145 bytes") as string]);
  });
});

describe("calls", () => {
  test("list shows a page and where the next begins", async () => {
    const ids = [await accept(), await accept(), await accept()];
    const page = await json<CallPage>("calls", "list", "--function", "f", "--state", "wait", "--limit", "2");
    expect(page.calls.map(({ requestId }) => requestId)).toEqual([ids[2], ids[1]]);
    const older = await json<CallPage>("calls", "list", "--limit", "1", "--cursor", page.next ?? "");
    expect(older.calls[0]?.requestId).toBe(ids[0]);
    expect((await run("calls", "list", "--limit", "1")).stdout).toContain("older ones: --cursor ");
    expect((await run("calls", "list", "--state", "lost")).code).toBe(2);
  });

  test("cancel ends one; an unknown one is told", async () => {
    const id = await accept();
    expect((await run("calls", "cancel", id)).stdout).toBe(`${id} is cancelled\n`);
    expect(await json<CallResource>("calls", "show", id)).toMatchObject({ state: "cancel" });
    expect((await run("calls", "cancel", "none")).stderr).toContain('There is no call "none"');
  });

  test("queue without messages prints nothing", async () => {
    expect(await json("calls", "queue")).toEqual([]);
    expect(await json("calls", "queue", "none", "--forget")).toEqual([]);
  });
});

describe("calls config", () => {
  test("set changes what is named and keeps the rest; unset takes it back", async () => {
    const set = (...words: readonly string[]) => json<AsyncConfigResource>("calls", "config", "set", "f", ...words);
    expect(await set("--retries", "3", "--on-failure", "queue:failed")).toMatchObject({
      qualifier: null,
      retries: 3,
      onFailure: { kind: "queue", queue: "failed" },
    });
    expect(await set("--max-age", "60", "--on-success", "function:f@live")).toMatchObject({
      retries: 3,
      maxAgeSeconds: 60,
      onSuccess: { kind: "function", function: "f", qualifier: "live" },
      onFailure: { kind: "queue", queue: "failed" },
    });
    const live = await set("--qualifier", "live", "--on-success", "https://a.example/hook");
    expect(live).toMatchObject({
      qualifier: "live",
      retries: 1,
      onSuccess: { kind: "http", url: "https://a.example/hook" },
    });
    expect((await run("calls", "config", "list", "f")).stdout).toMatch(
      /\(function\) +3 +60 s +function:f@live +queue:failed/,
    );
    expect((await set("--on-failure", "none")).onFailure).toBeNull();
    await run("calls", "config", "unset", "f");
    await run("calls", "config", "unset", "f", "--qualifier", "live");
    expect(await json("calls", "config", "list", "f")).toEqual([]);
  });

  test.each([
    ["--retries", "4", "retries"],
    ["--retries", "one", "retries"],
    ["--max-age", "86401", "maxAgeSeconds"],
    ["--on-success", "nowhere", "onSuccess.url"],
    ["--on-failure", "queue:", "onFailure.queue"],
    ["--on-failure", "function:9", "onFailure.function"],
  ])("refuses %s %s", async (flag, value, path) => {
    const { code, stderr } = await run("calls", "config", "set", "f", flag, value);
    expect([code, stderr]).toEqual([3, expect.stringContaining(`${path}: `) as string]);
  });
});
