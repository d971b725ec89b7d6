/**
 * `selvage dev`: a private control plane and node on this machine that serve the project and take every save at once.
 *
 * With `--json` one object per line: {event: "ready" | "served" | "unchanged" | "failed" | "log", …}.
 */
import { join, resolve } from "node:path";
import { SelvageApiError } from "../../api-error.ts";
import type { PublishResult } from "../../api.ts";
import { readProjectFile } from "../../project-source.ts";
import { CliError, exitCodes, refusal } from "../exit-code.ts";
import { DevPublisher } from "../dev/dev-publisher.ts";
import { startDevFleet, type DevFleet } from "../dev/dev-fleet.ts";
import { watchProject } from "../dev/watch-project.ts";
import { logLine } from "../log-line.ts";
import { collect, parsePort } from "../option-values.ts";
import { parseOrigin } from "../origin-sources.ts";
import { runTogether } from "../processes/run-together.ts";
import { readSecret } from "../secret-value.ts";
import { examples, type AddCommand, type Session } from "../session.ts";

interface DevOptions {
  readonly port: number;
  readonly origin?: string;
  readonly secret?: readonly string[];
}

const GRACE_MS = 5_000;

export const addDev: AddCommand = (program, open) => {
  program
    .command("dev")
    .description("serve a project on this machine and reload it on every save")
    .argument("[directory]", "the project's folder", ".")
    .option("--port <port>", "edge port; a free one when it is taken", parsePort, 8080)
    .option("--origin <url>", "where requests go that no hook answers, for example http://127.0.0.1:3000")
    .option("--secret <KEY[=VALUE]>", "a secret; KEY alone: from the environment; repeat for several", collect)
    .addHelpText("after", examples("dev", "dev functions/gate --origin http://127.0.0.1:3000 --port 9000"))
    .action(async (directory: string, options: DevOptions, command) => {
      const session = open(command);
      const folder = resolve(session.context.workingDirectory, directory);
      const project = await readProjectFile(folder);
      if (!project.ok) throw refusal(`Cannot serve ${folder}`, project.problems);
      const origin = options.origin === undefined ? null : parseOrigin(options.origin).origin;
      const secrets = await readSecrets(session, options.secret ?? []);
      const progress = session.output.progress("starting a control plane and a node");
      const fleet = await startFleet(session, { folder, port: options.port }).finally(() => {
        progress.stop();
      });
      if (fleet === null) return;
      const { client } = fleet;
      const publisher = new DevPublisher({ client, context: session.context, directory: folder, origin, secrets });
      try {
        await serve(session, { fleet, publisher, folder });
      } finally {
        await fleet.stop();
      }
    });
};

async function readSecrets({ context }: Session, texts: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const secrets = new Map<string, string>();
  for (const text of texts) secrets.set(...(await readSecret(text, context)));
  return Object.fromEntries(secrets);
}

/** Null when the user stopped it meanwhile. */
async function startFleet(
  { context }: Session,
  { folder, port }: { readonly folder: string; readonly port: number },
): Promise<DevFleet | null> {
  try {
    return await startDevFleet({ folder: join(folder, ".selvage", "dev"), port }, context);
  } catch (error) {
    if (context.stop.aborted) return null;
    throw error;
  }
}

async function serve(
  session: Session,
  { fleet, publisher, folder }: { readonly fleet: DevFleet; readonly publisher: DevPublisher; readonly folder: string },
): Promise<void> {
  const { context, output } = session;
  const publishOnce = async () => {
    const startMs = context.monotonicMs();
    try {
      const outcome = await publisher.publish();
      const ms = Math.round(context.monotonicMs() - startMs);
      if (outcome.kind === "served") {
        tellServed(session, { result: outcome.result, ms });
        await publisher.prune(outcome.result.version);
      } else {
        output.item({ event: "unchanged" }, output.colors.dim("unchanged"));
      }
    } catch (error) {
      tellFailed(session, error);
    }
  };
  const watch = await watchProject({
    directory: folder,
    onChange: async (paths) => {
      if (paths.some((path) => path.endsWith("package.json"))) publisher.forgetDependencies();
      await publishOnce();
    },
  });
  await publishOnce();
  output.item({ event: "ready", url: fleet.edgeUrl, controlUrl: fleet.controlUrl }, `serving on ${fleet.edgeUrl}`);
  const logs = new AbortController();
  const followed = followLogs(session, { fleet, signal: AbortSignal.any([logs.signal, context.stop]) });
  const end = await runTogether(fleet.children, { stop: context.stop, graceMs: GRACE_MS });
  logs.abort();
  await Promise.all([followed, watch.close()]);
  if (end.kind === "ended") {
    const { child } = end;
    throw new CliError(exitCodes.failure, `the ${child.name} ended: ${child.describeExit()}\n${child.captured}`);
  }
}

async function followLogs(
  { output }: Session,
  { fleet, signal }: { readonly fleet: DevFleet; readonly signal: AbortSignal },
): Promise<void> {
  try {
    for await (const record of fleet.client.followLogs({}, signal)) {
      output.item({ event: "log", record }, logLine(record, output.colors));
    }
  } catch (error) {
    if (!signal.aborted) output.note(`logs are not shown any more: ${(error as Error).message}`);
  }
}

function tellServed(
  { output }: Session,
  { result, ms }: { readonly result: PublishResult; readonly ms: number },
): void {
  const { version, hooks } = result.version;
  const { warnings, timings } = result;
  const lines = warnings.map((warning) => `warning: ${warning}\n`).join("");
  const text = `${lines}${output.colors.green("served")} ${version} (${hooks.join(", ")}) in ${ms} ms`;
  output.item({ event: "served", version, hooks, ms, timings, warnings }, text);
}

function tellFailed({ output }: Session, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const problems = error instanceof SelvageApiError || error instanceof CliError ? error.problems : [];
  const details = problems.map((problem) => `\n  ${problem.path}: ${problem.message}`).join("");
  const text = `${output.colors.red("failed")} ${message}${details}\n  the version before goes on being served`;
  output.item({ event: "failed", message, problems }, text);
}
