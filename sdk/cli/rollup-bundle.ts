/**
 * Bundles a project with its own rollup configuration, in a process of its own: the configuration is the author's code.
 * The program is the bundler's; it is started by path and answers one JSON object on its standard output.
 */
import type { Source } from "../api.ts";
import type { ProjectSource } from "../project-source.ts";
import type { CliContext } from "./cli-context.ts";

export function bundleWithRollup(
  project: ProjectSource,
  context: CliContext,
): Promise<Extract<Source, { kind: "bundle" }>> {
  throw new Error(`${project.directory} ${context.nodeVersion}`);
}
