/**
 * Entry of an edge node: reads the settings, runs the supervisor, ends with it.
 *
 * SIGTERM and SIGINT drain the node and end it with 0; a second one ends it at once. Settings that are not valid are all printed and
 * end it with 2, an address that is taken with 1.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { formatProblems } from "../sdk/problem.ts";
import { systemClock } from "./clock.ts";
import { processInputs, readNodeConfig, type NodeConfig } from "./config.ts";
import { frontEnvironment } from "./settings/front-environment.ts";

const result = readNodeConfig(processInputs());
switch (result.kind) {
  case "help":
    process.stdout.write(`Usage: selvage node [flags]\n\n${result.text}\n`);
    break;
  case "invalid":
    process.stderr.write(`The node's settings are not valid:\n${formatProblems(result.problems)}\n`);
    process.exitCode = 2;
    break;
  case "config":
    await run(result.config).catch(endWith);
    break;
}

async function run(config: NodeConfig): Promise<void> {
  // Compiled once, a node starts in half the time; the rest is loaded after the cache is in place, and while the fronts load.
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const compileCache = path.join(config.data, "compile-cache");
  enableCompileCache(compileCache);
  const [{ forkFronts }, { frontSettings }] = await Promise.all([
    import("./supervisor/fork-front.ts"),
    import("./supervisor/front-settings.ts"),
  ]);
  const spawn = forkFronts({
    entryFile: fileURLToPath(new URL("front-main.ts", import.meta.url)),
    // Origins are checked against the certificate authorities of this machine, too.
    environment: { ...frontEnvironment(process.env), NODE_USE_SYSTEM_CA: "1", NODE_COMPILE_CACHE: compileCache },
    ahead: frontSettings(config),
  });
  const [{ createLogger }, { NodeSupervisor }] = await Promise.all([
    import("./logger.ts"),
    import("./supervisor/node-supervisor.ts"),
  ]);
  const logger = createLogger({ level: config.logLevel, fields: { node: config.name, process: "supervisor" } });
  const node = new NodeSupervisor({
    config,
    spawn,
    selvageVersion: readVersion(),
    nodeVersion: process.version,
    rssBytes: () => process.memoryUsage.rss(),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals | "parent gone"): void => {
    if (++signals > 1) process.exit(130);
    logger.info({ signal }, "node.signal");
    // Nothing holds the process any more when stop() resolved; a failure to stop must not keep it either.
    node.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  // Only where it was started with a channel: nobody is left to stop it.
  process.on("disconnect", () => onSignal("parent gone"));
  const { port, tlsPort, adminPort } = await node.start();
  // Whoever started this process with an IPC channel learns where it serves.
  process.send?.({ kind: "serving", port, tlsPort, adminPort });
  flushCompileCache();
}

/** The fronts end when their channel to this process closes. */
function endWith(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function readVersion(): string {
  const content = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return content.version;
}
