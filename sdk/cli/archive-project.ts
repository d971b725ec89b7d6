/** What `selvage publish` is told of a ZIP or a URL: by the selvage.json at the ZIP's root, or by options. */
import type { ArchiveFile } from "../code-archive.ts";
import { parseProjectFile, projectFileName, type ProjectFile } from "../manifest-file.ts";
import type { Problem } from "../problem.ts";
import { isUrl, readArchiveFile, type ArchiveInput } from "./archive-input.ts";
import type { CliContext } from "./cli-context.ts";
import { CliError, exitCodes, refusal } from "./exit-code.ts";

export interface ArchiveProjectOptions {
  readonly function?: string;
  readonly entry?: string;
  readonly handler?: string;
  readonly bundler?: "esbuild" | "rollup";
}

/** Options win over the file. @throws CliError. */
export async function readArchiveProject(
  source: string,
  { options, context }: { readonly options: ArchiveProjectOptions; readonly context: CliContext },
): Promise<{ readonly file: ProjectFile; readonly input: ArchiveInput }> {
  const input: ArchiveInput = isUrl(source) ? { kind: "url", url: source } : await readArchiveFile(source, context);
  const written = input.kind === "url" ? undefined : input.files.find(({ path }) => path === projectFileName);
  const { function: name, entry, handler } = options;
  if (written === undefined && name === undefined) {
    const why = input.kind === "url" ? "a URL is not looked into here" : `there is no ${projectFileName} at its root`;
    throw new CliError(exitCodes.usage, `Cannot publish ${source}: ${why}: name the function with --function`);
  }
  const parsed = parseProjectFile({
    ...(written === undefined ? {} : readJson(written, source)),
    ...(name === undefined ? {} : { name }),
    ...(entry === undefined ? {} : { entry }),
    ...(handler === undefined ? {} : { event: { handler } }),
  });
  if (!parsed.ok) throw refusal(`Cannot publish ${source}`, parsed.problems.map(namingFile));
  if ((options.bundler ?? parsed.value.bundler) === "rollup") {
    throw refusal(`Cannot publish ${source}`, [
      { path: "bundler", message: "received rollup, allowed: a project folder for it" },
    ]);
  }
  return { file: parsed.value, input };
}

/** What is said of archives means nothing for a folder. @throws CliError. */
export function refuseArchiveOptions(options: ArchiveProjectOptions): void {
  const given = (["function", "entry", "handler"] as const).filter((key) => options[key] !== undefined);
  if (given.length === 0) return;
  const flags = given.map((key) => `--${key}`).join(", ");
  throw new CliError(exitCodes.usage, `${flags}: allowed: for a ZIP or a URL; of a folder ${projectFileName} says it`);
}

function namingFile({ path, message }: Problem): Problem {
  return { path: `${projectFileName}: ${path}`, message };
}

function readJson({ bytes }: ArchiveFile, source: string): object {
  try {
    const parsed = JSON.parse(new TextDecoder().decode(bytes)) as unknown;
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // Answered below.
  }
  throw refusal(`Cannot publish ${source}`, [{ path: projectFileName, message: "is no JSON object" }]);
}
