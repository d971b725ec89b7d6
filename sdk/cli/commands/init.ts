/** `selvage init`: a new project folder with a function that works, its types beside it. Never overwrites a file. */
import { copyFile, lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Option } from "commander";
import { parseFunctionName } from "../../function-name.ts";
import type { Problem } from "../../problem.ts";
import { refusal } from "../exit-code.ts";
import { sdkFolder } from "../processes/program-files.ts";
import { examples, type AddCommand } from "../session.ts";

const TEMPLATES = ["client-request", "event", "fetch"] as const;

/** Copied beside the sources, so that a project type-checks on machines without Selvage. */
const TYPE_FILES: RegExp =
  /^(?:(?:edge-function|event-handler)\.ts|selvage-sdk\.ts|(?:globals|node-).*\.d\.ts|tsconfig\.author\.json)$/;

/** Files that are stored under another name, so that the template's own folder is not subject to them. */
const STORED_NAMES: ReadonlyMap<string, string> = new Map([
  ["gitignore", ".gitignore"],
  ["project-tsconfig.json", "tsconfig.json"],
]);

interface InitOptions {
  readonly template: (typeof TEMPLATES)[number];
  readonly name?: string;
}

export const addInit: AddCommand = (program, open) => {
  program
    .command("init")
    .description("create a project folder with a function in TypeScript")
    .argument("[directory]", "new or empty folder", ".")
    .addOption(new Option("--template <template>", "what to start from").choices(TEMPLATES).default("fetch"))
    .option("--name <function>", "name of the function; default: the folder's name")
    .addHelpText(
      "after",
      examples("init hello", "init functions/gate --template client-request", "init . --name hello"),
    )
    .action(async (directory: string, options: InitOptions, command) => {
      const { context, output } = open(command);
      const folder = resolve(context.workingDirectory, directory);
      const name = parseFunctionName(options.name ?? basename(folder));
      if (!name.ok) throw refusal("Cannot name the function; use --name", name.problems);
      const files = await planFiles(folder, { template: options.template, name: name.value });
      await refuseExisting(folder, files);
      for (const file of files) await file.write();
      const paths = files.map(({ path }) => relative(folder, path));
      const shown = relative(context.workingDirectory, folder) || ".";
      const next = shown === "." ? "selvage dev" : `cd ${shown} && selvage dev`;
      output.result({ name: name.value, folder, files: paths }, `created ${name.value} in ${shown}\n\nnext: ${next}`);
    });
};

interface PlannedFile {
  readonly path: string;
  readonly write: () => Promise<void>;
}

async function planFiles(
  folder: string,
  { template, name }: { readonly template: string; readonly name: string },
): Promise<readonly PlannedFile[]> {
  const from = join(sdkFolder, "templates", template);
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const sources = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const project = sources.map((source): PlannedFile => {
    const stored = relative(from, source);
    const path = join(folder, STORED_NAMES.get(stored) ?? stored);
    return { path, write: async () => writeNew(path, (await readFile(source, "utf8")).replaceAll("{{name}}", name)) };
  });
  const typeFiles = (await readdir(sdkFolder)).filter((file) => TYPE_FILES.test(file));
  const types = typeFiles.map((file): PlannedFile => {
    const path = join(folder, "types", file);
    return {
      path,
      write: async () => {
        await mkdir(dirname(path), { recursive: true });
        await copyFile(join(sdkFolder, file), path);
      },
    };
  });
  return [...project, ...types];
}

async function writeNew(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { flag: "wx" });
}

async function refuseExisting(folder: string, files: readonly PlannedFile[]): Promise<void> {
  const problems: Problem[] = [];
  for (const { path } of files) {
    const present = await lstat(path).catch(() => null);
    if (present !== null) problems.push({ path: relative(folder, path), message: "exists and is not overwritten" });
  }
  if (problems.length > 0) throw refusal(`Cannot create a project in ${folder}`, problems);
}
