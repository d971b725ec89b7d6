/**
 * Where the programs are that the tool starts. They are started by path and never imported: the tool stays light, and the
 * folders stay apart.
 */
import { fileURLToPath } from "node:url";

/** The checkout's (or installation's) root. */
export const installRoot: string = fileURLToPath(new URL("../../..", import.meta.url)).replace(/[/\\]$/, "");

export const controlPlaneProgram: string = `${installRoot}/control-plane/main.ts`;
export const restoreProgram: string = `${installRoot}/control-plane/restore-main.ts`;
export const nodeProgram: string = `${installRoot}/edge-node/main.ts`;
export const rollupProgram: string = `${installRoot}/bundler/rollup-main.ts`;

/** Folder of the types and templates that `selvage init` copies. */
export const sdkFolder: string = `${installRoot}/sdk`;

/** isolated-vm refuses to load without it. */
export const nodeFlags: readonly string[] = ["--no-node-snapshot"];
