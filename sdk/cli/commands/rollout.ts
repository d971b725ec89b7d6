/** `selvage rollout` and `selvage rollouts`: an alias goes to a new version in steps, and back when that one is worse. */
import { Option } from "commander";
import type { GreySticky } from "../../alias-grey.ts";
import type { SelvageClient } from "../../client.ts";
import { stagedRolloutStates, type StagedRolloutResource, type StagedRolloutState } from "../../staged-rollout.ts";
import { CliError, exitCodes } from "../exit-code.ts";
import { parseCondition, parseSeconds, parseSteps, parseSticky } from "../option-values.ts";
import type { Output } from "../output.ts";
import { pause } from "../../client/pause.ts";
import { projectFunctionName } from "../project-function.ts";
import { examples, type AddCommand } from "../session.ts";
import { printable, textTable } from "../text-table.ts";

interface RolloutOptions {
  readonly function?: string;
  readonly alias: string;
  readonly to?: string;
  readonly every: number;
  readonly abortIf?: readonly string[];
  readonly sticky?: GreySticky;
  readonly detach?: true;
}

const LOOK_MS = 1_000;

export const addRollout: AddCommand = (program, open) => {
  program
    .command("rollout")
    .description("move an alias to a new version in steps, and back by itself when that one is worse than the old one")
    .argument("<steps>", "growing percentages, the last one 100, such as 1,5,25,100", parseSteps)
    .option("--function <name>", "the function; default: that of selvage.json in this folder")
    .option("--alias <alias>", "the alias to move", "prod")
    .option("--to <version>", "the new version; default: the one published last")
    .option("--every <time>", "how long each step lasts: 60s, 5m, 1h", parseSeconds, 60)
    .option(
      "--abort-if <condition>",
      "error-rate>N%, p99>N% or p99>Nms over the old version's (quote it, or write : for >); repeatable; default error-rate>1%",
      parseCondition,
    )
    .option("--sticky <key>", "cookie:NAME or header:NAME, by which a client keeps its version", parseSticky)
    .option("--detach", "do not wait for the end")
    .addHelpText(
      "after",
      examples(
        "rollout 1,5,25,100 --every 60s --abort-if 'error-rate>1%'",
        "rollout 10,50,100 --function hello --to v2 --every 5m --abort-if p99:50% --sticky cookie:session",
      ),
    )
    .action(async (steps: readonly number[], options: RolloutOptions, command) => {
      const { client, output, context } = open(command);
      const name = options.function ?? (await projectFunctionName(context.workingDirectory));
      const api = await client();
      const begun = await api.rollouts.begin(name, {
        alias: options.alias,
        steps,
        everySeconds: options.every,
        ...(options.to === undefined ? {} : { to: options.to }),
        ...(options.abortIf === undefined ? {} : { abortIf: options.abortIf }),
        ...(options.sticky === undefined ? {} : { sticky: options.sticky }),
      });
      const ended = options.detach === true ? begun : await follow(api, { begun, output, stop: context.stop });
      output.result(ended, rolloutLine(ended));
      if (ended.state === "aborted" || ended.state === "superseded") {
        throw new CliError(exitCodes.failure, `rollout ${ended.id} is ${ended.state}: ${ended.reason}`);
      }
    });
  addRollouts(program, open);
};

const addRollouts: AddCommand = (program, open) => {
  const rollouts = program
    .command("rollouts")
    .description("list, show or cancel rollouts in steps")
    .addHelpText("after", examples("rollouts list --state running", "rollouts show ID", "rollouts cancel ID"));
  rollouts
    .command("list")
    .description("list rollouts, newest first")
    .argument("[function]", "only this function's")
    .addOption(new Option("--state <state>", "only those in it").choices(stagedRolloutStates))
    .action(async (name: string | undefined, { state }: { state?: StagedRolloutState }, command) => {
      const { client, output } = open(command);
      const found = await (await client()).rollouts.list({ function: name, state });
      const rows = found.map((rollout) => [
        rollout.id,
        `${rollout.function}:${rollout.alias}`,
        `${rollout.old.version} to ${rollout.new.version}`,
        rollout.state,
        `${rollout.steps[rollout.step] ?? 0}%`,
        rollout.reason,
      ]);
      const header = ["ID", "ALIAS", "VERSIONS", "STATE", "STEP", "REASON"];
      output.result(found, textTable(header, { rows, empty: "no rollouts: selvage rollout" }));
    });
  rollouts
    .command("show")
    .description("show one rollout")
    .argument("<id>", "its id")
    .action(async (id: string, _options, command) => {
      const { client, output } = open(command);
      const rollout = await (await client()).rollouts.get(id);
      output.result(rollout, rolloutLine(rollout));
    });
  rollouts
    .command("cancel")
    .description("end a rollout and take its alias back to the old version")
    .argument("<id>", "its id")
    .action(async (id: string, _options, command) => {
      const { client, output } = open(command);
      const rollout = await (await client()).rollouts.cancel(id);
      output.result(rollout, rolloutLine(rollout));
    });
};

/** Tells each step, until the rollout has ended or nobody wants to know any more. */
async function follow(
  api: SelvageClient,
  {
    begun,
    output,
    stop,
  }: { readonly begun: StagedRolloutResource; readonly output: Output; readonly stop: AbortSignal },
): Promise<StagedRolloutResource> {
  let shown = begun;
  output.note(rolloutLine(begun));
  const progress = output.progress(progressText(begun));
  try {
    while (shown.state === "running" && !stop.aborted) {
      await pause(LOOK_MS, stop);
      if (stop.aborted) break;
      const now = await api.rollouts.get(shown.id);
      progress.update(progressText(now));
      if (now.step !== shown.step && now.state === "running") output.note(rolloutLine(now));
      shown = now;
    }
  } finally {
    progress.stop();
  }
  if (stop.aborted) output.note(`it goes on without you: selvage rollouts show ${begun.id}`);
  return shown;
}

function rolloutLine(rollout: StagedRolloutResource): string {
  const { alias, function: name, old, new: fresh, reason, state, step, steps } = rollout;
  const side = ({ version, invocations, errors, p99Ms }: typeof old): string =>
    `${version}: ${invocations} invocations, ${errors} errors${p99Ms === null ? "" : `, p99 ${p99Ms} ms`}`;
  const why = reason === "" ? "" : `: ${reason}`;
  return printable(
    `${name}: ${alias} from ${old.version} to ${fresh.version}: ${state} at ${steps[step] ?? 0}%${why} (${side(old)}; ${side(fresh)})`,
  );
}

function progressText({ new: fresh, step, steps }: StagedRolloutResource): string {
  return printable(
    `${steps[step] ?? 0}% get ${fresh.version}: ${fresh.invocations} invocations, ${fresh.errors} errors`,
  );
}
