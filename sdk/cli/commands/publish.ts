/** `selvage publish`: a project folder becomes a new version, and its aliases name it on every node. */
import { resolve } from "node:path";
import { Option } from "commander";
import { SelvageApiError } from "../../api-error.ts";
import type { PublishResult } from "../../api.ts";
import type { SelvageClient } from "../../client.ts";
import { writtenEgress } from "../../egress.ts";
import { writtenEventSettings } from "../../event-settings-parser.ts";
import type { Parsed } from "../../problem.ts";
import { readProject, readProjectEntry, type ProjectEntry, type ProjectSource } from "../../project-source.ts";
import { servicesText } from "../../service-target.ts";
import { FileDigests, publishProject, type PublishProgress, type PublishSettings } from "../../publish-project.ts";
import { refusal, ToldFailure } from "../exit-code.ts";
import { collect, parsePair, parseWaitSeconds } from "../option-values.ts";
import type { Progress } from "../progress.ts";
import { isComplete, rolloutText } from "../rollout-text.ts";
import { bundleWithRollup } from "../rollup-bundle.ts";
import { readSecret } from "../secret-value.ts";
import { examples, type AddCommand, type Session } from "../session.ts";
import { changeEnvironment } from "./env.ts";

interface PublishOptions {
  readonly alias?: readonly string[];
  readonly bundler?: "esbuild" | "rollup";
  readonly snapshot?: boolean;
  readonly var?: readonly string[];
  readonly secret?: readonly string[];
  readonly wait?: number;
  readonly name?: string;
  readonly description?: string;
}

export const addPublish: AddCommand = (program, open) => {
  program
    .command("publish")
    .description("publish a project folder (with selvage.json) as a new version")
    .argument("[directory]", "the project's folder", ".")
    .option("--alias <alias>", "alias to create or move to the new version; repeat for several", collect)
    .addOption(new Option("--bundler <bundler>", "default: what selvage.json says").choices(["esbuild", "rollup"]))
    .option("--snapshot", "make a startup snapshot; default: for larger bundles")
    .option("--no-snapshot", "make none: publishes faster, a large bundle starts slower")
    .option("--var <KEY=VALUE>", "set an environment variable before; repeat for several", collect)
    .option("--secret <KEY[=VALUE]>", "set a secret before; KEY alone: from the environment or standard input", collect)
    .option(
      "--wait <seconds>",
      "wait 0..30 s for all nodes; exit code 1 when some do not serve it by then",
      parseWaitSeconds,
    )
    .option("--name <version>", "name of the version; default: the date and time")
    .option("--description <text>", "what is new")
    .addHelpText(
      "after",
      examples(
        "publish --alias prod",
        "publish functions/gate --alias canary --wait 10",
        "publish --var GREETING=hi --secret API_KEY < key.txt",
      ),
    )
    .action(async (directory: string, options: PublishOptions, command) => {
      const session = open(command);
      const result = await publish(session, { directory, options });
      session.output.result(result, resultText(result));
      if (options.wait !== undefined && !isComplete(result.rollout)) {
        throw new ToldFailure(`published, but not on every node within ${options.wait} s`);
      }
    });
};

async function publish(
  session: Session,
  { directory, options }: { readonly directory: string; readonly options: PublishOptions },
): Promise<PublishResult> {
  const { output, context } = session;
  const folder = resolve(context.workingDirectory, directory);
  const progress = output.progress("reading the project");
  try {
    const entry = accepted(await readProjectEntry(folder), folder);
    const isRollup = (options.bundler ?? entry.file.bundler) === "rollup";
    const send = isRollup
      ? await prepareBundle(entry, { progress, context })
      : prepareTree(accepted(await readProject({ directory: folder }), folder), progress);
    const client = await session.client();
    await ensureFunction(client, entry.file);
    await setEnvironment(client, { project: entry, options, context });
    return await send(client, settingsOf(entry, options));
  } finally {
    progress.stop();
  }
}

/** Sends what was read. Reading comes first, so that a broken project changes nothing on the control plane. */
type Send = (client: SelvageClient, settings: PublishSettings) => Promise<PublishResult>;

function prepareTree(project: ProjectSource, progress: Progress): Send {
  const onProgress = (step: PublishProgress) => {
    showStep(progress, step);
  };
  return (client, settings) => publishProject(client, { project, settings, digests: new FileDigests(), onProgress });
}

async function prepareBundle(
  entry: ProjectEntry,
  { progress, context }: { readonly progress: Progress; readonly context: Session["context"] },
): Promise<Send> {
  progress.update("bundling with rollup");
  const { source, warnings } = await bundleWithRollup(entry, context);
  return async (client, settings) => {
    progress.update("building");
    const result = await client.publish(entry.file.name, { ...settings, source });
    return { ...result, warnings: [...warnings, ...result.warnings] };
  };
}

function accepted<T>(parsed: Parsed<T>, folder: string): T {
  if (!parsed.ok) throw refusal(`Cannot publish ${folder}`, parsed.problems);
  return parsed.value;
}

/** The first publish of a name creates the function. */
export async function ensureFunction(
  client: SelvageClient,
  { name, description }: { readonly name: string; readonly description: string },
): Promise<void> {
  try {
    await client.getFunction(name);
  } catch (error) {
    if (!(error instanceof SelvageApiError) || error.code !== "NOT_FOUND") throw error;
    await client.createFunction({ name, description });
  }
}

async function setEnvironment(
  client: SelvageClient,
  {
    project,
    options,
    context,
  }: { readonly project: ProjectEntry; readonly options: PublishOptions; readonly context: Session["context"] },
): Promise<void> {
  const variables = { ...project.file.variables, ...Object.fromEntries((options.var ?? []).map(parsePair)) };
  const secrets = new Map<string, string>();
  for (const text of options.secret ?? []) secrets.set(...(await readSecret(text, context)));
  if (Object.keys(variables).length === 0 && secrets.size === 0) return;
  const set = { variables, secrets: Object.fromEntries(secrets) };
  await changeEnvironment(client, { name: project.file.name, set });
}

function settingsOf({ file }: ProjectEntry, options: PublishOptions): PublishSettings {
  const snapshot = options.snapshot ?? file.snapshot;
  return {
    description: options.description ?? "",
    limits: file.limits,
    services: file.services,
    isolation: file.isolation,
    allowEval: file.allowEval,
    egress: writtenEgress(file.egress),
    ...(file.event === null ? {} : { event: writtenEventSettings(file.event) }),
    aliases: options.alias ?? [],
    ...(snapshot === null ? {} : { snapshot }),
    ...(options.name === undefined ? {} : { version: options.name }),
    ...(options.wait === undefined ? {} : { waitSeconds: options.wait }),
  };
}

function showStep(progress: Progress, step: PublishProgress): void {
  switch (step.kind) {
    case "hashing":
      progress.update(`reading ${step.files} files`);
      return;
    case "uploading":
      progress.update(`uploading ${Math.round(step.sentBytes / 1_024)} of ${Math.round(step.totalBytes / 1_024)} KiB`);
      return;
    case "building":
      progress.update("building");
      return;
    default:
      step satisfies never;
  }
}

function resultText({ version, rollout, timings, warnings }: PublishResult): string {
  const { bundleMs, evaluateMs, storeMs } = timings;
  const snapshot = version.snapshot.state === "failed" ? `; no snapshot: ${version.snapshot.reason}` : "";
  return [
    ...warnings.map((warning) => `warning: ${warning}`),
    `${version.function} ${version.version} (${version.hooks.join(", ")})${snapshot}`,
    ...(Object.keys(version.services).length === 0 ? [] : [`services: ${servicesText(version.services)}`]),
    ...(version.aliases.length === 0 ? [] : [`aliases: ${version.aliases.join(", ")}`]),
    `built in ${Math.round(bundleMs + evaluateMs + storeMs)} ms; ${rolloutText(rollout)}`,
  ].join("\n");
}
