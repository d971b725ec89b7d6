/**
 * The author's private control plane and node, on loopback only, with everything they keep in one folder that each start empties.
 *
 * Invariant: the administrator token exists in memory only, and `stop` ends both processes.
 */
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { SelvageClient } from "../../client.ts";
import type { CliContext } from "../cli-context.ts";
import type { Child } from "../processes/child.ts";
import { freePort } from "../processes/free-port.ts";
import { controlPlaneProgram, nodeProgram } from "../processes/program-files.ts";
import { startProgram } from "../processes/run-program.ts";
import { stopAll } from "../processes/run-together.ts";
import { waitUntilHealthy } from "../processes/wait-until-healthy.ts";

export interface DevFleetOptions {
  /** Emptied, then used. */
  readonly folder: string;
  /** Edge port; a free one when it is taken. */
  readonly port: number;
}

export interface DevFleet {
  readonly client: SelvageClient;
  readonly edgeUrl: string;
  readonly controlUrl: string;
  /** Node first. */
  readonly children: readonly Child[];
  stop(): Promise<void>;
}

const READY_MS = 60_000;
const GRACE_MS = 5_000;
/** Origins and services on the author's own machine and network. */
const LOCAL_NETWORKS = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7";

export async function startDevFleet(options: DevFleetOptions, context: CliContext): Promise<DevFleet> {
  await rm(options.folder, { recursive: true, force: true });
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const children: Child[] = [];
  const stop = () => stopAll(children, GRACE_MS);
  try {
    const edgePort = await freePort(options.port);
    const started = await startBoth({ ...options, port: edgePort }, { context, children });
    return { ...started, edgeUrl: `http://localhost:${edgePort}`, children, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startBoth(
  { folder, port }: DevFleetOptions,
  { context, children }: { readonly context: CliContext; readonly children: Child[] },
): Promise<{ readonly client: SelvageClient; readonly controlUrl: string }> {
  const controlPort = await freePort(0);
  const adminPort = await freePort(0);
  const controlUrl = `http://127.0.0.1:${controlPort}`;
  const adminToken = `slv_${randomBytes(32).toString("base64url")}`;
  const wait = { deadlineMs: READY_MS, monotonicMs: context.monotonicMs, fetch: context.fetch, stop: context.stop };
  const environment = cleanEnvironment(context);
  const controlPlane = await startProgram(
    {
      name: "control plane",
      program: controlPlaneProgram,
      flags: [],
      environment: {
        SELVAGE_CONTROL_PLANE_HOST: "127.0.0.1",
        SELVAGE_CONTROL_PLANE_PORT: String(controlPort),
        SELVAGE_CONTROL_PLANE_DATA: join(folder, "control-plane"),
        SELVAGE_ADMIN_TOKEN: adminToken,
        SELVAGE_LOG_LEVEL: "warn",
      },
    },
    { context: { ...context, environment }, output: "capture" },
  );
  children.push(controlPlane);
  await waitUntilHealthy(controlPlane, { ...wait, url: `${controlUrl}/healthz` });
  const client = new SelvageClient({ url: controlUrl, token: adminToken, fetch: context.fetch });
  const { token } = await client.createToken({ name: "dev", role: "node" });
  const node = await startProgram(
    {
      name: "node",
      program: nodeProgram,
      flags: [],
      environment: {
        SELVAGE_CONTROL: controlUrl,
        SELVAGE_NODE_NAME: "dev",
        SELVAGE_NODE_TOKEN: token,
        SELVAGE_NODE_DATA: join(folder, "node"),
        SELVAGE_NODE_HOST: "127.0.0.1",
        SELVAGE_NODE_PORT: String(port),
        SELVAGE_NODE_ADMIN_PORT: String(adminPort),
        SELVAGE_NODE_FRONTS: "1",
        SELVAGE_NODE_CACHE_MIB: "64",
        SELVAGE_NODE_DISK_CACHE_MIB: "0",
        SELVAGE_NODE_DRAIN_MS: "1000",
        SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: LOCAL_NETWORKS,
        SELVAGE_NODE_EGRESS_ALLOW_NETWORKS: LOCAL_NETWORKS,
        SELVAGE_LOG_LEVEL: "warn",
      },
    },
    { context: { ...context, environment }, output: "capture" },
  );
  children.unshift(node);
  await waitUntilHealthy(node, { ...wait, url: `http://127.0.0.1:${adminPort}/healthz` });
  return { client, controlUrl };
}

/** The author's settings for real fleets have no say here. */
function cleanEnvironment({ environment }: CliContext): CliContext["environment"] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("SELVAGE_")));
}
