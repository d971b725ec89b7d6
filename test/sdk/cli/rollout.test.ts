/** Rollouts in steps with the tool, a real control plane, two real nodes and traffic through them. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendRequest } from "../../../bench/harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../../../bench/harness/local-fleet.ts";
import { pathWithNode } from "../../../bench/harness/project-files.ts";
import { publishInline } from "../../../bench/harness/fleet-setup.ts";
import type { StagedRolloutResource } from "../../../sdk/staged-rollout.ts";
import type { StatisticsPage } from "../../../sdk/statistics.ts";
import { temporaryFolder, type TemporaryFolder } from "../project/temporary-project.ts";
import { runTool, type ToolRun } from "./run-tool.ts";

const HOST = "grey.test";
let folder: TemporaryFolder;
let fleet: LocalFleet;
let nodes: readonly FleetNode[];

beforeAll(async () => {
  folder = await temporaryFolder();
  const { PATH = "", HOME = "/" } = process.env;
  fleet = await LocalFleet.start({ folder: join(folder.path, "fleet"), env: { PATH: pathWithNode(PATH), HOME } });
  nodes = [await fleet.startNode({ name: "one", settings: {} }), await fleet.startNode({ name: "two", settings: {} })];
}, 180_000);

afterAll(async () => {
  await fleet.stop();
  await folder.remove();
}, 180_000);

function run(...words: readonly string[]): Promise<ToolRun> {
  const environment = { SELVAGE_URL: fleet.controlUrl, SELVAGE_TOKEN: fleet.adminToken };
  return runTool(words, { workingDirectory: folder.path, environment });
}

const answering = (text: string): string => `export default { fetch: () => new Response("${text}") };`;
const failing = `export default { fetch: () => { throw new Error("new and broken"); } };`;

async function publish(version: string, code: string, aliases: readonly string[] = []): Promise<void> {
  await publishInline(fleet, { name: "grey", code, version, aliases });
}

/** One request to each node in turn. */
async function ask(count: number): Promise<readonly { readonly status: number; readonly text: string }[]> {
  const answers: { status: number; text: string }[] = [];
  for (let request = 0; request < count; request++) {
    const node = nodes[request % nodes.length];
    const { status, body } = await sendRequest({ url: `${node?.edgeUrl ?? ""}/${Math.random()}`, host: HOST });
    answers.push({ status, text: body.toString() });
  }
  return answers;
}

/** Asks until the rollout is in one of the states. */
async function until(id: string, states: readonly string[]): Promise<StagedRolloutResource> {
  for (;;) {
    await ask(20);
    const rollout = (await run("rollouts", "show", id, "--json")).json() as StagedRolloutResource;
    if (states.includes(rollout.state)) return rollout;
  }
}

describe("a rollout in steps", { timeout: 120_000 }, () => {
  test("a good version arrives, and no request fails", async () => {
    await publish("v1", answering("one"), ["prod"]);
    expect((await run("domains", "set", HOST, "--origin", "http://127.0.0.1:9")).code).toBe(0);
    const rule = ["--phase", "fetch", "--function", "grey", "--alias", "prod"];
    expect((await run("rules", "add", HOST, ...rule)).code).toBe(0);
    await publish("v2", answering("two"));
    const begun = await run("rollout", "50,100", "--function", "grey", "--every", "3s", "--detach", "--json");
    const { id } = begun.json() as StagedRolloutResource;
    const seen = new Set<string>();
    let isRunning = true;
    while (isRunning) {
      for (const { status, text } of await ask(20)) {
        expect(status).toBe(200);
        seen.add(text);
      }
      isRunning = ((await run("rollouts", "show", id, "--json")).json() as StagedRolloutResource).state === "running";
    }
    const rollout = await until(id, ["done"]);
    expect([...seen].toSorted()).toEqual(["one", "two"]);
    expect(rollout).toMatchObject({ old: { version: "v1", errors: 0 }, new: { version: "v2", errors: 0 } });
    expect(rollout.new.invocations).toBeGreaterThan(0);
    expect(rollout.old.invocations).toBeGreaterThan(0);
    const listed = await run("alias", "list", "grey");
    expect(listed.stdout).toMatch(/prod +v2 +- /);
  });

  test("a version that fails at once goes back by itself, and the tool says so", async () => {
    await publish("v3", failing);
    const following = run("rollout", "50,100", "--function", "grey", "--to", "v3", "--every", "300s");
    let isRunning = true;
    while (isRunning) isRunning = Array.isArray(await Promise.race([following, ask(20)]));
    const { code, stderr } = await following;
    expect(code).toBe(1);
    expect(stderr).toMatch(/aborted: error-rate>1%: 100 % of \d+ failed/);
    const texts = (await ask(40)).map(({ text }) => text);
    expect(new Set(texts)).toEqual(new Set(["two"]));
  });

  test("top shows what runs, once when nobody watches", async () => {
    await ask(20);
    let page: StatisticsPage;
    do {
      page = (await run("top", "--once", "--json", "--seconds", "60")).json() as StatisticsPage;
    } while (!page.functions.some((row) => row.version === "v2" && row.nodes === 2));
    const row = page.functions.find(({ version }) => version === "v2");
    expect(row).toMatchObject({ function: "grey", errors: 0, nodes: 2 });
    const shown = await run("top", "--limit", "5");
    expect(shown.stdout).toMatch(/^FUNCTION +VERSION +PER S/);
    expect(shown.stdout).toMatch(/grey +v2/);
  });

  test.each([
    [["rollout", "5,50"], "allowed: 1..20 growing percentages"],
    [["rollout", "5,100", "--every", "2d"], "such as 60s, 5m or 1h"],
    [["rollout", "5,100", "--abort-if", "cpu>1%"], "allowed: error-rate>N%"],
    [["rollout", "5,100", "--sticky", "sid"], "allowed: cookie:NAME or header:NAME"],
    [["rollout", "5,100"], "use --function NAME"],
    [["alias", "set", "grey", "prod", "v2", "--weight", "5"], "go with --grey VERSION"],
    [["alias", "set", "grey", "prod", "v2", "--grey", "v1"], "exactly one of --weight and --when"],
    [["alias", "set", "grey", "prod", "v2", "--grey", "v1", "--when", "x-beta"], 'allowed: "NAME = VALUE"'],
  ])("selvage %s is a usage error", async (words, text) => {
    const { code, stderr } = await run(...words);
    expect([code, stderr.includes(text)]).toEqual([2, true]);
  });
});
