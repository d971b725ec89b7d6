/**
 * Entry of `selvage restore FILE [flags]`: puts a backup in the place of the store that the control plane's settings name.
 *
 * Settings that are not valid end it with 2, a backup that cannot be restored with 1; then nothing is changed.
 */
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { formatProblems } from "../sdk/problem.ts";
import { restoreBackup } from "./backups/restore.ts";
import { processInputs, readControlPlaneConfig } from "./config.ts";
import { silentLogger } from "./logger.ts";

const inputs = processInputs();
const [file = "", ...flags] = inputs.arguments;
const usage = "Usage: selvage restore FILE [flags of selvage control-plane, for example --data FOLDER]\n";
const result = readControlPlaneConfig({ ...inputs, arguments: file === "--help" ? ["--help"] : flags });
if (result.kind === "help" || file === "" || file.startsWith("--")) {
  process.stdout.write(usage);
  process.exitCode = result.kind === "help" ? 0 : 2;
} else if (result.kind === "invalid") {
  process.stderr.write(`The control plane's settings are not valid:\n${formatProblems(result.problems)}\n`);
  process.exitCode = 2;
} else {
  try {
    const { createdAt, revision, previous } = await restoreBackup({
      file: resolve(file),
      config: result.config,
      nowMs: Date.now(),
      uniqueId: randomUUID,
      logger: silentLogger,
    });
    const kept = previous === null ? "" : `; the store that was there is kept as ${previous}`;
    process.stdout.write(`restored the backup of ${createdAt}, now revision ${String(revision)}${kept}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
