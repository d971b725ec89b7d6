/** Runs once before any test: builds the guest, so that tests see what the sources say however vitest was started. */
import { dirname } from "node:path";
import { buildGuest, buildIsolateHost, buildNodeModules } from "../bundler/build-guest.ts";
import { stopEsbuild } from "../bundler/esbuild.ts";

export async function setup(): Promise<void> {
  const options = { projectRoot: dirname(import.meta.dirname), processId: process.pid };
  await Promise.all([buildGuest(options), buildIsolateHost(options), buildNodeModules(options)]);
  await stopEsbuild();
}
