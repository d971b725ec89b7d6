/**
 * Where the time of a front goes: CPU profiles of its main thread under the loads of `hello`, `hit`, `hook` and `miss`, as flame graphs.
 *
 * With the process driver the thread does what a front does; with the in-process driver also what an isolate host's main thread does (the
 * engine), which cannot be profiled where it is: a host has neither inspector nor sockets. The isolates' own threads are in none of them.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConstantOrigin } from "../harness/constant-origin.ts";
import { publishInline, setDomain } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { profileWhile } from "../harness/inspector-client.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import { projectRoot } from "../harness/project-files.ts";
import { Started } from "../harness/started.ts";
import { putLoad } from "../load/load-generator.ts";
import { framesOf, topFrames, type SelfTime } from "../profile/cpu-profile.ts";
import { flameGraph } from "../profile/flame-graph.ts";
import type { Measurement } from "../report/report.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const profile: Scenario = {
  name: "profile",
  summary: "Flame graphs of a front under hello, hit, hook and miss, both drivers, into bench/results/profiles.",
  run,
};

const CONNECTIONS = 32;
const TOP = 15;
const drivers = ["process", "in-process"] as const;
/** `driverMatters`: functions run, so that both drivers are looked at. */
const loads = [
  { name: "hello", host: "hello.test", path: "/", driverMatters: true },
  { name: "hook", host: "hook.test", path: "/keep/1024", driverMatters: true },
  { name: "hit", host: "plain.test", path: "/keep/1024", driverMatters: false },
  { name: "miss", host: "plain.test", path: "/pass/1024", driverMatters: false },
] as const;

interface Profiled {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly failures: number;
  readonly top: readonly SelfTime[];
}

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { env, folder } = context;
  const started = new Started();
  try {
    const origin = started.add(await ConstantOrigin.start());
    const fleet = started.add(await LocalFleet.start({ folder: join(folder, "fleet"), env }));
    const nodes = new Array<FleetNode>();
    for (const driver of drivers) {
      const settings = {
        SELVAGE_NODE_DRIVER: driver,
        SELVAGE_NODE_FRONTS: "1",
        SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8",
      };
      nodes.push(await fleet.startNode({ name: driver, settings }));
    }
    await publishAll(fleet, origin.port);
    const profiled = new Array<Profiled>();
    for (const node of nodes) {
      for (const load of loads) {
        if (node.name === "process" || load.driverMatters) profiled.push(await profileLoad(context, { node, load }));
      }
    }
    await writeFile(join(profilesFolder, "README.md"), describeProfiles(profiled));
    return summarise(context, profiled);
  } finally {
    await started.stop();
  }
}

const profilesFolder = join(projectRoot, "bench/results/profiles");

async function publishAll(fleet: LocalFleet, originPort: number): Promise<void> {
  const origin = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: originPort } as const;
  const versions = new Map<string, string>();
  for (const name of ["hello", "hook"]) {
    const code = await readFile(join(projectRoot, `bench/functions/${name}.js`), "utf8");
    versions.set(name, (await publishInline(fleet, { name, code })).version);
  }
  const rule = (name: string, phase: "fetch" | "clientRequest") =>
    ({ phase, matchType: "all", function: name, version: versions.get(name) ?? "", priority: 1 }) as const;
  await setDomain(fleet, { domain: "hello.test", rules: [rule("hello", "fetch")] });
  await setDomain(fleet, { domain: "hook.test", sources: [origin], rules: [rule("hook", "clientRequest")] });
  await setDomain(fleet, { domain: "plain.test", sources: [origin], rules: [] });
}

async function profileLoad(
  context: ScenarioContext,
  { node, load }: { readonly node: FleetNode; readonly load: (typeof loads)[number] },
): Promise<Profiled> {
  const { env, generator, seconds } = context;
  const { host, path } = load;
  const put = (ofSeconds: number) =>
    putLoad({ generator, url: `${node.edgeUrl}${path}`, host, connections: CONNECTIONS, seconds: ofSeconds }, env);
  await put(1);
  const measured = Promise.withResolvers<Awaited<ReturnType<typeof put>>>();
  const cpuProfile = await profileWhile(await frontPid(node), {
    load: async () => measured.resolve(await put(seconds)),
    env,
  });
  const { requestsPerSecond, failures } = await measured.promise;
  const name = `${load.name}-${node.name}`;
  context.note(`${name}: ${Math.round(requestsPerSecond)} requests/s while profiled`);
  const frames = framesOf(cpuProfile);
  const title = `${load.name}, front with the ${node.name} driver, ${CONNECTIONS} connections`;
  await mkdir(profilesFolder, { recursive: true });
  await writeFile(join(profilesFolder, `${name}.svg`), flameGraph(frames, { title }));
  return { name, requestsPerSecond, failures, top: topFrames(frames, TOP) };
}

async function frontPid(node: FleetNode): Promise<number> {
  const answer = await sendRequest({ url: `${node.adminUrl}/healthz` });
  const { fronts } = JSON.parse(answer.body.toString()) as {
    readonly fronts: readonly { readonly pid: number | null }[];
  };
  const pid = fronts[0]?.pid;
  if (typeof pid !== "number") throw new Error(`The node ${node.name} has no front`);
  return pid;
}

function describeProfiles(profiled: readonly Profiled[]): string {
  const parts = profiled.map(({ name, top }) => {
    const rows = top.map((frame) => `| ${(frame.share * 100).toFixed(1)} % | \`${frame.name.replaceAll("|", "/")}\` |`);
    return `## ${name}\n\n![${name}](${name}.svg)\n\n| self time | frame |\n| --- | --- |\n${rows.join("\n")}\n`;
  });
  const head =
    "Written by `npm run bench -- profile`; shares are of the time in which the front's main thread was not idle.";
  return `# Profiles\n\n${head}\n\n${parts.join("\n")}`;
}

function summarise({ generator, seconds }: ScenarioContext, profiled: readonly Profiled[]): ScenarioOutcome {
  const results = profiled.map(({ name, requestsPerSecond }): Measurement => ({
    name: `${name}, while profiled`,
    value: Math.round(requestsPerSecond),
    unit: "requests/s",
  }));
  const value = profiled.reduce((sum, { failures }) => sum + failures, 0);
  return {
    settings: { generator: `${generator}, one thread`, seconds, connections: CONNECTIONS, fronts: 1 },
    results,
    goals: [{ name: "profile, failed requests", comparison: "at-most", bound: 0, scale: "", value }],
  };
}
