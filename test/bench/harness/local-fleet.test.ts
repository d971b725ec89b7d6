/** A real control plane and a real node: publish, serve, lose the control plane, restart from disk. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../../../bench/harness/end-descendants.ts";
import { publishInline, setDomain, waitUntilServed } from "../../../bench/harness/fleet-setup.ts";
import { sendRequest } from "../../../bench/harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../../../bench/harness/local-fleet.ts";
import { pidsOfTree } from "../../../bench/harness/process-memory.ts";
import { pathWithNode } from "../../../bench/harness/project-files.ts";
import { waitFor } from "../../../bench/harness/wait-for.ts";

const HOST = "fleet.test";
let folder: string;
let fleet: LocalFleet;
let node: FleetNode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-fleet-"));
  const { PATH = "", HOME = "/" } = process.env;
  fleet = await LocalFleet.start({ folder, env: { PATH: pathWithNode(PATH), HOME } });
  node = await fleet.startNode({ name: "one", settings: {} });
  await publishInline(fleet, { name: "greet", code: answering("first"), aliases: ["live"] });
  const rule = { phase: "fetch", matchType: "all", function: "greet", alias: "live", priority: 1 } as const;
  await setDomain(fleet, { domain: HOST, rules: [rule] });
}, 180_000);

afterAll(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
}, 180_000);

function answering(text: string): string {
  return `export default { fetch: () => new Response(${JSON.stringify(text)}) };`;
}

async function body(): Promise<string> {
  return (await sendRequest({ url: `${node.edgeUrl}/`, host: HOST })).body.toString();
}

describe("LocalFleet", { timeout: 180_000 }, () => {
  test("the node serves what was published, and the command line tool reaches the control plane", async () => {
    expect(await body()).toBe("first");
    const { code, stdout } = await fleet.cli(["versions", "greet", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ function: "greet", aliases: ["live"], hooks: ["fetch"] }]);
  });

  test("the control plane killed: the node goes on, also after its own crash and restart, and follows again later", async () => {
    await fleet.killControlPlane();
    expect(await body()).toBe("first");
    const before = await pidsOfTree(node.pid);
    await node.kill();
    await node.start();
    expect(await body()).toBe("first");
    await waitFor(async () => (before.some(isAlive) ? null : true), {
      what: "the old processes' end",
      deadlineMs: 120_000,
    });
    await fleet.startControlPlane();
    await waitUntilServed(fleet, 1);
    await publishInline(fleet, { name: "greet", code: answering("second"), aliases: ["live"] });
    expect(await body()).toBe("second");
  });

  test("stop() leaves no process", async () => {
    const pids = await pidsOfTree(node.pid);
    expect(pids.length).toBeGreaterThan(2);
    await fleet.stop();
    await waitFor(async () => (pids.some(isAlive) ? null : true), { what: "the processes' end", deadlineMs: 10_000 });
  });
});
