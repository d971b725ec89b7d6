/** `selvage publish`: a project folder, a ZIP of one or what is at a URL becomes a new version, and its aliases name it on every node. */
import { resolve } from "node:path";
import { Option } from "commander";
import { SelvageApiError } from "../../api-error.ts";
import type { PublishResult } from "../../api.ts";
import type { SelvageClient } from "../../client.ts";
import { dependenciesText } from "../../dependency.ts";
import { writtenEgress } from "../../egress.ts";
import { writtenEventSettings } from "../../event-settings-parser.ts";
import type { ProjectFile } from "../../manifest-file.ts";
import type { Parsed } from "../../problem.ts";
import { readProject, readProjectEntry, type ProjectEntry, type ProjectSource } from "../../project-source.ts";
import { servicesText } from "../../service-target.ts";
import { FileDigests, publishProject, type PublishProgress, type PublishSettings } from "../../publish-project.ts";
import { isFile, isUrl, placeArchive, type ArchiveInput } from "../archive-input.ts";
import { readArchiveProject, refuseArchiveOptions } from "../archive-project.ts";
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
  readonly function?: string;
  readonly entry?: string;
  readonly handler?: string;
}

export const addPublish: AddCommand = (program, open) => {
  program
    .command("publish")
    .description("publish a project folder (with selvage.json), a ZIP or a URL as a new version")
    .argument("[source]", "the project's folder, a ZIP of one, or the http(s) URL of a ZIP", ".")
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
    .option("--function <name>", "of a ZIP without selvage.json, or a URL: the function")
    .option("--entry <path>", "the same: its entry; default: index.ts, index.js, ...")
    .option("--handler <handler>", "the same: it is an event function, such as index.handler")
    .addHelpText(
      "after",
      examples(
        "publish --alias prod",
        "publish build/gate.zip",
        "publish https://code.example.com/gate.zip --function gate",
        "publish functions/gate --alias canary --wait 10",
        "publish --var GREETING=hi --secret API_KEY < key.txt",
      ),
    )
    .action(async (source: string, options: PublishOptions, command) => {
      const session = open(command);
      const result = await publish(session, { source, options });
      session.output.result(result, resultText(result));
      if (options.wait !== undefined && !isComplete(result.rollout)) {
        throw new ToldFailure(`published, but not on every node within ${options.wait} s`);
      }
    });
};

async function publish(
  session: Session,
  { source, options }: { readonly source: string; readonly options: PublishOptions },
): Promise<PublishResult> {
  const { output, context } = session;
  const progress = output.progress("reading the project");
  try {
    const { file, send } = await prepare(source, { options, progress, context });
    const client = await session.client();
    await ensureFunction(client, file);
    await setEnvironment(client, { file, options, context });
    return await send(client, settingsOf(file, options));
  } finally {
    progress.stop();
  }
}

interface Preparing {
  readonly options: PublishOptions;
  readonly progress: Progress;
  readonly context: Session["context"];
}

async function prepare(
  source: string,
  { options, progress, context }: Preparing,
): Promise<{ readonly file: ProjectFile; readonly send: Send }> {
  if (isUrl(source) || (await isFile(source, context))) {
    const { file, input } = await readArchiveProject(source, { options, context });
    return { file, send: sendArchive({ file, input }, progress) };
  }
  refuseArchiveOptions(options);
  const folder = resolve(context.workingDirectory, source);
  const entry = accepted(await readProjectEntry(folder), folder);
  const isRollup = (options.bundler ?? entry.file.bundler) === "rollup";
  const send = isRollup
    ? await prepareBundle(entry, { progress, context })
    : prepareTree(accepted(await readProject({ directory: folder }), folder), progress);
  return { file: entry.file, send };
}

function sendArchive(
  { file, input }: { readonly file: ProjectFile; readonly input: ArchiveInput },
  progress: Progress,
): Send {
  return async (client, settings) => {
    progress.update(input.kind === "url" ? "building" : "uploading");
    const place = await placeArchive(client, input);
    progress.update("building");
    return client.publish(file.name, {
      ...settings,
      source: { ...place, ...(file.entry === null ? {} : { entry: file.entry }) },
    });
  };
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
    file,
    options,
    context,
  }: { readonly file: ProjectFile; readonly options: PublishOptions; readonly context: Session["context"] },
): Promise<void> {
  const variables = { ...file.variables, ...Object.fromEntries((options.var ?? []).map(parsePair)) };
  const secrets = new Map<string, string>();
  for (const text of options.secret ?? []) secrets.set(...(await readSecret(text, context)));
  if (Object.keys(variables).length === 0 && secrets.size === 0) return;
  const set = { variables, secrets: Object.fromEntries(secrets) };
  await changeEnvironment(client, { name: file.name, set });
}

function settingsOf(file: ProjectFile, options: PublishOptions): PublishSettings {
  const snapshot = options.snapshot ?? file.snapshot;
  return {
    description: options.description ?? "",
    limits: file.limits,
    services: file.services,
    dependencies: file.dependencies,
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
    ...(Object.keys(version.dependencies).length === 0
      ? []
      : [`dependencies: ${dependenciesText(version.dependencies)}`]),
    ...(version.aliases.length === 0 ? [] : [`aliases: ${version.aliases.join(", ")}`]),
    `built in ${Math.round(bundleMs + evaluateMs + storeMs)} ms; ${rolloutText(rollout)}`,
  ].join("\n");
}
