/** Reserved instances with a real control plane and a real node: they run before anybody asks, whoever is killed meanwhile. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { publishInline } from "../bench/harness/fleet-setup.ts";
import { isAlive } from "../bench/harness/end-descendants.ts";
import { LocalFleet, type FleetNode } from "../bench/harness/local-fleet.ts";
import { pidsOfTree } from "../bench/harness/process-memory.ts";
import { pathWithNode } from "../bench/harness/project-files.ts";
import { sendSignal } from "../bench/harness/send-signal.ts";
import { waitFor } from "../bench/harness/wait-for.ts";

const patience = { deadlineMs: 60_000, everyMs: 100 };
const code = `export default { fetch() { return new Response("kept"); } };`;
/** Room for three instances of 128 MiB. */
const settings = {
  SELVAGE_NODE_FRONTS: "2",
  SELVAGE_NODE_WARM_INSTANCES: "0",
  SELVAGE_NODE_RESERVED_MEMORY_MIB: "384",
};

let folder: string;
let fleet: LocalFleet;
let node: FleetNode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-reserved-"));
  const { PATH = "", HOME = "/" } = process.env;
  fleet = await LocalFleet.start({ folder, env: { PATH: pathWithNode(PATH), HOME } });
  node = await fleet.startNode({ name: "one", settings });
  await publishInline(fleet, { name: "f", code, version: "v1" });
}, 180_000);

afterAll(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}, 180_000);

/** What the node itself says of the version; 0 where it says nothing. */
async function counted(metric: "reserved" | "instances" | "invocations"): Promise<number> {
  const text = await (await fetch(`${node.adminUrl}/metrics`)).text();
  const line = new RegExp(String.raw`^selvage_function_${metric}\{function="f",version="v1"\} (\d+)$`, "m").exec(text);
  return Number(line?.[1] ?? 0);
}

const untilReserved = (count: number): Promise<true> =>
  waitFor(async () => ((await counted("reserved")) === count ? true : null), {
    what: `${count} reserved instances`,
    ...patience,
  });

async function hostPids(): Promise<readonly number[]> {
  const pids = await pidsOfTree(node.pid);
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.filter((_pid, index) => commands[index]?.includes("isolate-host.mjs") === true);
}

it("run without any request, dealt out over the fronts", { timeout: 120_000 }, async () => {
  expect(await counted("instances")).toBe(0);
  await fleet.client.reserved.set({ function: "f" }, { count: 3 });
  await untilReserved(3);
  expect([await counted("instances"), await counted("invocations")]).toEqual([3, 0]);
});

it("run again after every isolate host was killed", { timeout: 120_000 }, async () => {
  const pids = await hostPids();
  expect(pids.length).toBeGreaterThan(0);
  // One that runs in a sandbox ends with the process that holds it, before its own turn.
  for (const pid of pids) sendSignal(pid, "SIGKILL");
  await waitFor(() => Promise.resolve(pids.some(isAlive) ? null : true), { what: "their end", ...patience });
  await untilReserved(3);
  expect(await counted("invocations")).toBe(0);
});

it(
  "are as many as the node's memory for them allows, and the control plane says what is missing",
  { timeout: 120_000 },
  async () => {
    await fleet.client.reserved.set({ function: "f" }, { count: 5 });
    const shown = await waitFor(
      async () => {
        const [one] = await fleet.client.reserved.list("f");
        return one?.wanted === 5 && one.running === 3 ? one : null;
      },
      { what: "5 wanted and 3 running", ...patience },
    );
    expect(shown).toMatchObject({ version: "v1", countNow: 5 });
    const { stdout } = await fleet.cli(["top", "--once"]);
    expect(stdout).toMatch(/f +v1 .* 3 of 5/);
    await fleet.client.reserved.set({ function: "f" }, { count: 2 });
    await untilReserved(2);
  },
);

it("run on a node that was killed and starts without the control plane", { timeout: 120_000 }, async () => {
  await fleet.killControlPlane();
  await node.kill();
  await node.start();
  await untilReserved(2);
  expect(await counted("invocations")).toBe(0);
});
