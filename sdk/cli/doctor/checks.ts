/**
 * The checks of `selvage doctor`, in the order they are shown. Each is independent and bounded in time; none changes anything.
 */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import { SelvageApiError } from "../../api-error.ts";
import type { SelvageClient } from "../../client.ts";
import type { CliContext } from "../cli-context.ts";
import { defaultUrl, type Credentials } from "../credentials.ts";
import { Child } from "../processes/child.ts";
import { isPortFree } from "../processes/free-port.ts";
import { installRoot, nodeFlags } from "../processes/program-files.ts";

export interface CheckResult {
  readonly name: string;
  /** `warn`: works, or is not needed here; worth knowing. */
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
}

export interface CheckInputs {
  readonly context: CliContext;
  readonly client: SelvageClient;
  readonly credentials: Credentials;
  /** Data folder. */
  readonly folder: string;
}

const NODE_MAJOR_MIN = 24;
const LOAD_MS = 20_000;
const CLOCK_SKEW_MS_MAX = 5_000;
const PORTS: readonly (readonly [port: number, use: string])[] = [
  [8700, "REST"],
  [8080, "edge"],
  [8081, "node admin"],
];

export async function runChecks(inputs: CheckInputs): Promise<readonly CheckResult[]> {
  const { context } = inputs;
  const [isolates, sockets] = await Promise.all([
    checkLoads(context, { name: "isolated-vm", script: LOAD_ISOLATES }),
    checkLoads(context, { name: "uWebSockets.js", script: LOAD_SOCKETS }),
  ]);
  const control = await checkControlPlane(inputs);
  const isRunning = control.status === "ok";
  return [
    checkNode(context),
    isolates,
    sockets,
    await checkFolder(inputs.folder),
    ...(await Promise.all(PORTS.map(([port, use]) => checkPort(port, { use, isRunning })))),
    control,
    ...(isRunning
      ? [await checkToken(inputs), await checkNodes(inputs), await checkClock(inputs), await checkBackups(inputs)]
      : []),
  ];
}

function checkNode({ nodeVersion }: CliContext): CheckResult {
  const isNew = Number(nodeVersion.split(".", 1)[0]) >= NODE_MAJOR_MIN;
  const detail = isNew ? nodeVersion : `${nodeVersion}, needed: ${NODE_MAJOR_MIN} or newer: run npm install`;
  return { name: "Node.js", status: isNew ? "ok" : "fail", detail };
}

const LOAD_ISOLATES = `
  const { createRequire } = await import("node:module");
  const ivm = createRequire(process.cwd() + "/package.json")("isolated-vm");
  const isolate = new ivm.Isolate({ memoryLimit: 8 });
  const answer = await (await isolate.createContext()).eval("6 * 7");
  isolate.dispose();
  console.log(answer === 42 ? "an isolate answers" : "an isolate answers nonsense");
  process.exit(answer === 42 ? 0 : 1);
`;
const LOAD_SOCKETS = `
  const { loadUws } = await import(process.cwd() + "/edge-node/uws.ts");
  loadUws().App();
  process.report.excludeNetwork = true;
  console.log("glibc " + (process.report.getReport().header.glibcVersionRuntime ?? "none"));
  process.exit(0);
`;

/** Native code is loaded in a process of its own: one that does not fit may end it. */
async function checkLoads(
  context: CliContext,
  { name, script }: { readonly name: string; readonly script: string },
): Promise<CheckResult> {
  const child = await Child.start({
    name,
    command: context.nodePath,
    arguments: [...nodeFlags, "--input-type=module", "--eval", script],
    environment: context.environment,
    workingDirectory: installRoot,
    output: "capture",
    signalGroup: context.signalGroup,
    force: context.force,
  });
  const timer = setTimeout(() => void child.stop(0), LOAD_MS);
  const { code } = await child.exited;
  clearTimeout(timer);
  const lines = child.captured.trim().split("\n");
  if (code === 0) return { name, status: "ok", detail: lines.at(-1) ?? "loads" };
  const reason = lines.find((line) => /Error/.test(line)) ?? lines.at(-1) ?? "";
  return { name, status: "fail", detail: `does not load (${child.describeExit()}): ${reason}: run npm install` };
}

/** The folder, or the nearest one above that exists, must be writable. */
async function checkFolder(folder: string): Promise<CheckResult> {
  const name = "data folder";
  for (let path = folder; ; path = dirname(path)) {
    try {
      await access(path, constants.W_OK | constants.X_OK);
      const detail = path === folder ? `${folder} is writable` : `${folder} can be created`;
      return { name, status: "ok", detail };
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!isMissing || dirname(path) === path) {
        return { name, status: "fail", detail: `${path} is not writable for this user: ${(error as Error).message}` };
      }
    }
  }
}

async function checkPort(
  port: number,
  { use, isRunning }: { readonly use: string; readonly isRunning: boolean },
): Promise<CheckResult> {
  const name = `port ${port} (${use})`;
  if (await isPortFree(port)) return { name, status: "ok", detail: "free" };
  if (isRunning) return { name, status: "ok", detail: "in use, and a control plane is running" };
  return { name, status: "warn", detail: `in use by another program: choose another one for ${use}` };
}

async function checkControlPlane({ client, credentials }: CheckInputs): Promise<CheckResult> {
  const name = "control plane";
  try {
    const { version, revision } = await client.health();
    return { name, status: "ok", detail: `${credentials.url} answers, version ${version}, revision ${revision}` };
  } catch (error) {
    const isDefault = credentials.url === defaultUrl;
    const hint = isDefault ? "start it with selvage start" : "is the URL right, is it running?";
    return { name, status: isDefault ? "warn" : "fail", detail: `${(error as Error).message}: ${hint}` };
  }
}

async function checkBackups({ client }: CheckInputs): Promise<CheckResult> {
  const name = "backups";
  try {
    const { backup } = await client.health();
    if (backup === undefined) {
      return { name, status: "warn", detail: "none are made by the control plane itself: PostgreSQL, or switched off" };
    }
    const saved = backup.lastAt === null ? "none yet" : `the last one is of ${backup.lastAt}`;
    if (!backup.isFailing) return { name, status: "ok", detail: saved };
    return { name, status: "fail", detail: `the last attempt failed, ${saved}: the control plane's log says why` };
  } catch (error) {
    return { name, status: "fail", detail: error instanceof SelvageApiError ? error.code : String(error) };
  }
}

async function checkToken({ client, credentials }: CheckInputs): Promise<CheckResult> {
  const name = "token";
  if (credentials.token === "") {
    return { name, status: "fail", detail: "none: set SELVAGE_TOKEN or run selvage login" };
  }
  try {
    await client.listFunctions();
    return { name, status: "ok", detail: "accepted" };
  } catch (error) {
    return { name, status: "fail", detail: error instanceof SelvageApiError ? error.code : String(error) };
  }
}

async function checkNodes({ client }: CheckInputs): Promise<CheckResult> {
  const name = "nodes";
  try {
    const nodes = await client.listNodes();
    const connected = nodes.filter((node) => node.connected).length;
    const detail = `${connected} of ${nodes.length} connected`;
    return { name, status: connected > 0 && connected === nodes.length ? "ok" : "warn", detail };
  } catch (error) {
    return { name, status: "warn", detail: `unknown: ${(error as Error).message}` };
  }
}

/** Snapshots, signatures and logs carry times; HTTP tells the other side's to the second. */
async function checkClock({ context, credentials }: CheckInputs): Promise<CheckResult> {
  const name = "clock";
  try {
    const response = await context.fetch(new URL("/healthz", credentials.url), { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    const theirs = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(theirs)) return { name, status: "warn", detail: "unknown: the control plane sends no date" };
    const skewMs = Math.abs(theirs - context.nowMs());
    const detail = `differs from the control plane's by ${Math.round(skewMs / 1_000)} s`;
    return { name, status: skewMs <= CLOCK_SKEW_MS_MAX ? "ok" : "warn", detail };
  } catch (error) {
    return { name, status: "warn", detail: `unknown: ${(error as Error).message}` };
  }
}
