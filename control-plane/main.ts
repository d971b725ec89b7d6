/**
 * Entry of the control plane: reads the settings, starts it, ends with it.
 *
 * SIGTERM and SIGINT stop it in order and end it with 0; a second one ends it at once. Settings that are not valid are all printed and end it
 * with 2, what keeps it from starting with 1.
 */
import { confineEsbuild } from "../bundler/esbuild-wall.ts";
import { formatProblems } from "../sdk/problem.ts";
import { processDependencies, processInputs, readControlPlaneConfig, type ControlPlaneConfig } from "./config.ts";
import { startControlPlane, type ControlPlane } from "./server.ts";

const result = readControlPlaneConfig(processInputs());
switch (result.kind) {
  case "help":
    process.stdout.write(`Usage: selvage control-plane [flags]\n\n${result.text}\n`);
    break;
  case "invalid":
    process.stderr.write(`The control plane's settings are not valid:\n${formatProblems(result.problems)}\n`);
    process.exitCode = 2;
    break;
  case "config":
    await run(result.config);
    break;
}

async function run(config: ControlPlaneConfig): Promise<void> {
  const dependencies = processDependencies(config);
  const { logger } = dependencies;
  let controlPlane: ControlPlane | null = null;
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals | "parent gone"): void => {
    signals++;
    logger.info({ signal }, "signal");
    // What is stored is safe at any instant, so that there is nothing to wait for while it is still starting.
    if (signals > 1 || controlPlane === null) process.exit(130);
    controlPlane.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error }, "stop_failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  // Only where it was started with a channel: nobody is left to stop it.
  process.on("disconnect", () => onSignal("parent gone"));
  try {
    const wall = await confineEsbuild(process.env);
    if (wall.gap === null) logger.info({ wall: wall.kind }, "bundler_confined");
    else logger.warn({ wall: wall.kind, gap: wall.gap }, "bundler_exposed");
    controlPlane = await startControlPlane(config, dependencies);
    // Whoever started this process with an IPC channel learns where it serves.
    process.send?.({ kind: "serving", url: controlPlane.url });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.error({ error }, "start_failed");
    process.stderr.write(`${reason}\n`);
    process.exit(1);
  }
}
