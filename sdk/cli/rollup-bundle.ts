/**
 * Bundles a project with its own rollup configuration, in a process of its own: the configuration is the author's code.
 * The program is the bundler's; it is started by path and answers one line of JSON on its standard output.
 */
import { execFile } from "node:child_process";
import type { Source } from "../api.ts";
import { publishLimits } from "../limits.ts";
import type { Problem } from "../problem.ts";
import type { ProjectEntry } from "../project-source.ts";
import type { CliContext } from "./cli-context.ts";
import { CliError, exitCodes, refusal } from "./exit-code.ts";
import { rollupProgram } from "./processes/program-files.ts";

export interface RollupBundle {
  readonly source: Extract<Source, { kind: "bundle" }>;
  readonly warnings: readonly string[];
}

/** The author's plugins may do more than bundling. */
const ROLLUP_MS = 120_000;
/** A bundle and its map, escaped as JSON. */
const ANSWER_BYTES_MAX = 8 * publishLimits.bundleBytesMax;
/** What a publish request holds beside code and map, bytes. */
const REQUEST_REST_BYTES = 65_536;

type RollupAnswer =
  | { readonly ok: true; readonly code: string; readonly sourceMap: string; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** @throws CliError with every problem of the project. */
export async function bundleWithRollup(project: ProjectEntry, context: CliContext): Promise<RollupBundle> {
  const answer = await runRollup(project, context);
  if (!answer.ok) throw refusal(`Cannot bundle ${project.file.name} with rollup`, answer.problems);
  const { code, sourceMap, warnings } = answer;
  const room = publishLimits.requestBytesMax - REQUEST_REST_BYTES;
  if (jsonBytes(code) > room) {
    const message = `the bundle takes ${jsonBytes(code)} bytes of a request, allowed: at most ${room}`;
    throw refusal(`Cannot publish ${project.file.name}`, [{ path: project.entry, message }]);
  }
  if (sourceMap !== "" && jsonBytes(code) + jsonBytes(sourceMap) <= room) {
    return { source: { kind: "bundle", code, sourceMap }, warnings };
  }
  const left = sourceMap === "" ? [] : ["the source map is too large to be published: stacks will show the bundle"];
  return { source: { kind: "bundle", code, sourceMap: null }, warnings: [...warnings, ...left] };
}

function runRollup({ directory, entry }: ProjectEntry, context: CliContext): Promise<RollupAnswer> {
  const words = [rollupProgram, "--root", directory, "--entry", entry];
  const options = {
    cwd: directory,
    env: { ...context.environment },
    timeout: ROLLUP_MS,
    maxBuffer: ANSWER_BYTES_MAX,
    signal: context.stop,
  };
  return new Promise((resolve, reject) => {
    execFile(context.nodePath, words, options, (error, stdout, stderr) => {
      const answer = parseAnswer(stdout);
      if (answer !== null) resolve(answer);
      else
        reject(new CliError(exitCodes.failure, `rollup failed: ${stderr.trim() || (error?.message ?? "no answer")}`));
    });
  });
}

function parseAnswer(stdout: string): RollupAnswer | null {
  try {
    return JSON.parse(stdout) as RollupAnswer;
  } catch {
    return null;
  }
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
