/** `selvage purge` and `selvage purges`: what nodes hold in their caches is not served any more. */
import { Option } from "commander";
import type { PurgeInput, PurgeResource, PurgeTarget } from "../../purge.ts";
import { CliError, exitCodes, ToldFailure } from "../exit-code.ts";
import { collect, parseWait } from "../option-values.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

interface PurgeOptions {
  readonly directory?: true;
  readonly tag?: readonly string[];
  readonly all?: true;
  readonly domain?: string;
  readonly everyDomain?: true;
  readonly soft?: true;
  readonly wait?: number;
}

export const addPurge: AddCommand = (program, open) => {
  program
    .command("purge")
    .description(
      "purge caches by URL, directory, tag, or all; exit code 1 when a connected node did not confirm in time",
    )
    .argument("[url...]", "URLs as clients ask for them; https and http are the same here")
    .option("--directory", "the URLs end with / and mean everything below them")
    .option("--tag <tag>", "what an answer was tagged with; repeat for several", collect)
    .option("--all", "everything of --domain, or of --every-domain")
    .option("--domain <domain>", "with --tag or --all: only this domain")
    .addOption(new Option("--every-domain", "with --all: all domains").conflicts("domain"))
    .option("--soft", "mark as stale instead of removing: may still be served as stale answers may")
    .option("--wait <seconds>", "wait 0..30 s for connected nodes", parseWait)
    .addHelpText(
      "after",
      examples(
        "purge https://www.example.com/logo.png",
        "purge --directory https://www.example.com/img/ --soft",
        "purge --tag product-7 --domain www.example.com",
        "purge --all --domain www.example.com --wait 10s",
        "purges",
      ),
    )
    .action(async (urls: readonly string[], options: PurgeOptions, command) => {
      const { client, output } = open(command);
      const input = toInput(urls, options);
      const progress = output.progress("waiting for nodes");
      try {
        const purge = await (await client()).purge(input);
        progress.stop();
        output.result(purge, purgeText(purge));
        if (options.wait !== 0 && purge.nodesDone < purge.nodesConnected) {
          throw new ToldFailure("a node did not confirm in time");
        }
      } finally {
        progress.stop();
      }
    });

  program
    .command("purges")
    .description("list the newest purges and who did them")
    .addHelpText("after", examples("purges", "purges list --json"))
    .command("list", { isDefault: true })
    .description("list the newest purges")
    .action(async (_options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).listPurges();
      const rows = list.map((purge) => [
        String(purge.sequence),
        purge.createdAt,
        purge.mode,
        purge.type,
        targetsText(purge.targets),
        `${purge.nodesDone}/${purge.nodesConnected}`,
        purge.completeMs === null ? "-" : `${purge.completeMs} ms`,
      ]);
      const header = ["NUMBER", "CREATED", "MODE", "TYPE", "WHAT", "NODES", "TIME"];
      output.result(list, textTable(header, { rows, empty: "no purges: selvage purge URL" }));
    });
};

function toInput(urls: readonly string[], options: PurgeOptions): PurgeInput {
  const { directory, tag, all, domain, everyDomain, soft, wait } = options;
  const kinds = [urls.length > 0, tag !== undefined, all === true].filter(Boolean).length;
  if (kinds !== 1) throw new CliError(exitCodes.usage, "purge needs exactly one of: URLs, --tag, --all");
  if (directory === true && urls.length === 0) throw new CliError(exitCodes.usage, "--directory needs URLs");
  if (urls.length > 0 && domain !== undefined) throw new CliError(exitCodes.usage, "--domain goes with --tag or --all");
  if (all === true && domain === undefined && everyDomain !== true) {
    throw new CliError(exitCodes.usage, "--all needs --domain, or --every-domain");
  }
  if (everyDomain === true && all !== true) throw new CliError(exitCodes.usage, "--every-domain goes with --all");
  return {
    ...(urls.length > 0 ? { type: directory === true ? "directory" : "url", urls } : {}),
    ...(tag === undefined ? {} : { type: "tag", tags: tag }),
    ...(all === true ? { type: "all" } : {}),
    ...(domain === undefined ? {} : { domain }),
    mode: soft === true ? "soft" : "hard",
    ...(wait === undefined ? {} : { waitSeconds: wait }),
  } as PurgeInput;
}

/** For example `purged on 2 of 2 nodes in 84 ms`, and who did not. */
function purgeText({ mode, nodesConnected, nodesDone, completeMs, nodes }: PurgeResource): string {
  const verb = mode === "soft" ? "marked stale" : "purged";
  const away = nodes.filter(({ connected, doneMs }) => !connected && doneMs === null);
  const awayText = away.length === 0 ? "" : `\n  ${away.length} not connected: they purge before they serve again`;
  if (nodesConnected === 0) return `no node is connected${awayText}`;
  const time = completeMs === null ? "so far" : `in ${completeMs} ms`;
  const late = nodes.filter(({ connected, doneMs }) => connected && doneMs === null);
  const lateText = late.map(({ node }) => `\n  ${node}: has not confirmed`).join("");
  return `${verb} on ${nodesDone} of ${nodesConnected} nodes ${time}${lateText}${awayText}`;
}

function targetsText(targets: readonly PurgeTarget[]): string {
  const [first, ...others] = targets;
  if (first === undefined) return "";
  return `${targetText(first)}${others.length === 0 ? "" : ` and ${others.length} more`}`;
}

function targetText(target: PurgeTarget): string {
  const domain = target.domain ?? "every domain";
  switch (target.kind) {
    case "url":
      return `${domain}${target.url}`;
    case "directory":
      return `${domain}${target.path}`;
    case "tag":
      return `${target.tag} in ${domain}`;
    case "all":
      return domain;
  }
}
