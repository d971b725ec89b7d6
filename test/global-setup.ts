/** Runs once before any test: builds the guest, so that tests see what the sources say however vitest was started. */
import { dirname } from "node:path";
import { buildGuest } from "../bundler/build-guest.ts";
import { stopEsbuild } from "../bundler/esbuild.ts";

export async function setup(): Promise<void> {
  await buildGuest({ projectRoot: dirname(import.meta.dirname), processId: process.pid });
  await stopEsbuild();
}
