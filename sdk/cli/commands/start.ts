/**
 * `selvage start`: control plane and one node on this machine, in the foreground, until a signal or until one of them ends.
 */
import { ToldFailure } from "../exit-code.ts";
import { parsePort } from "../option-values.ts";
import type { Child } from "../processes/child.ts";
import { controlPlaneProgram, nodeProgram } from "../processes/program-files.ts";
import { startProgram, type ProgramStart } from "../processes/run-program.ts";
import { runTogether, stopAll } from "../processes/run-together.ts";
import { waitUntilHealthy } from "../processes/wait-until-healthy.ts";
import { examples, type AddCommand, type Session } from "../session.ts";
import { readStartSettings, type StartOptions, type StartSettings } from "../start-settings.ts";

const READY_MS = 60_000;
/** Longer than a node's longest default drain. */
const GRACE_MS = 45_000;

export const addStart: AddCommand = (program, open) => {
  program
    .command("start")
    .description("run the control plane and one node on this machine; the first start prints an administrator token")
    .option("--config <file>", "configuration file, JSON or YAML, with the sections controlPlane and node")
    .option("--data <folder>", "folder for everything that is kept (default: data)")
    .option("--control-port <port>", "REST port (default 8700)", parsePort)
    .option("--port <port>", "edge port (default 8080)", parsePort)
    .option("--admin-port <port>", "node's port for /healthz and /metrics (default 8081)", parsePort)
    .addHelpText("after", examples("start", "start --data /var/lib/selvage --port 80", "start --config selvage.yaml"))
    .action(async (options: StartOptions, command) => {
      const session = open(command);
      const settings = await readStartSettings(options, session.context);
      const children: Child[] = [];
      try {
        await startBoth(session, { settings, children });
      } catch (error) {
        await stopAll(children.toReversed(), GRACE_MS);
        if (session.context.stop.aborted) return;
        throw error;
      }
      const { controlUrl, edgeUrl, adminUrl } = settings;
      const text = `ready: REST ${controlUrl}, edge ${edgeUrl}, node admin ${adminUrl}; Ctrl-C stops both`;
      session.output.result({ controlUrl, edgeUrl, adminUrl }, text);
      const end = await runTogether(children.toReversed(), { stop: session.context.stop, graceMs: GRACE_MS });
      if (end.kind === "ended") {
        throw new ToldFailure(`the ${end.child.name} ended: ${end.child.describeExit()}; stopped the other`);
      }
    });
};

async function startBoth(
  { context, output }: Session,
  { settings, children }: { readonly settings: StartSettings; readonly children: Child[] },
): Promise<void> {
  const { flags, controlUrl, adminUrl, controlEnvironment, nodeEnvironment } = settings;
  const start = async (program: Omit<ProgramStart, "flags">) => {
    const child = await startProgram({ ...program, flags }, { context, output: output.json ? "stderr" : "inherit" });
    children.push(child);
    return child;
  };
  const wait = { deadlineMs: READY_MS, monotonicMs: context.monotonicMs, fetch: context.fetch, stop: context.stop };
  const controlPlane = await start({
    name: "control plane",
    program: controlPlaneProgram,
    environment: controlEnvironment,
  });
  await waitUntilHealthy(controlPlane, { ...wait, url: `${controlUrl}/healthz` });
  const node = await start({ name: "node", program: nodeProgram, environment: nodeEnvironment });
  await waitUntilHealthy(node, { ...wait, url: `${adminUrl}/healthz` });
}
