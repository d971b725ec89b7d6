/** `npm run build`: process entry of the build step. */
import { dirname } from "node:path";
import { buildGuest, buildIsolateHost, buildNodeModules } from "./build-guest.ts";

try {
  const options = { projectRoot: dirname(import.meta.dirname), processId: process.pid };
  const builds = [buildGuest(options), buildIsolateHost(options), buildNodeModules(options)];
  for (const report of await Promise.all(builds)) {
    if (report.rebuilt) process.stdout.write(`built ${report.path}\n`);
  }
  // esbuild's child would keep this process alive.
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
