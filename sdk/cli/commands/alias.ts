/** `selvage alias`: names that rules bind and that are moved from version to version. */
import { InvalidArgumentError } from "commander";
import { greyText, type AliasGrey, type GreyRule, type GreySticky } from "../../alias-grey.ts";
import { parseRuleText } from "../../alias-grey-parser.ts";
import type { AliasChange } from "../../api.ts";
import { CliError, exitCodes } from "../exit-code.ts";
import { parsePercent, parseSticky, parseWaitSeconds } from "../option-values.ts";
import { rolloutText } from "../rollout-text.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addAlias: AddCommand = (program, open) => {
  const alias = program
    .command("alias")
    .description("list, set or delete a function's aliases")
    .addHelpText(
      "after",
      examples(
        "alias list hello",
        "alias set hello prod v20260301-101500",
        "alias set hello prod v1 --grey v2 --weight 5 --sticky cookie:session",
        'alias set hello prod v1 --grey v2 --when "x-beta = 1"',
        "alias delete hello canary",
      ),
    );

  alias
    .command("list")
    .description("list a function's aliases")
    .argument("<function>", "name of the function")
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      const { aliases } = await (await client()).getFunction(name);
      const rows = aliases.map(({ name: alias, version, grey, updatedAt, previous }) => [
        alias,
        version,
        grey === null ? "-" : greyText(grey),
        updatedAt,
        previous[0] ?? "-",
      ]);
      const header = ["ALIAS", "VERSION", "GREY", "UPDATED", "BEFORE"];
      output.result(aliases, textTable(header, { rows, empty: "no aliases: selvage alias set" }));
    });

  alias
    .command("set")
    .description("create an alias or move it to another version; with --grey some requests get that one instead")
    .argument("<function>", "name of the function")
    .argument("<alias>", "name of the alias")
    .argument("<version>", "version it shall name")
    .option("--grey <version>", "version that some requests get; without it a grey release ends")
    .option("--weight <percent>", "how many of the requests, 0..100", parsePercent)
    .option("--sticky <key>", "cookie:NAME or header:NAME, by which a client keeps its version", parseSticky)
    .option("--when <rule>", '"NAME = VALUE", "NAME in A,B" or "cookie NAME = VALUE"; repeatable', collectRule)
    .option("--any", "one --when that fits is enough")
    .option("--wait <seconds>", "wait 0..30 s for nodes to serve it", parseWaitSeconds)
    .action(async (name: string, aliasName: string, version: string, options: SetOptions, command) => {
      const { client, output } = open(command);
      const grey = greyOf(options);
      const progress = output.progress("waiting for nodes");
      try {
        const input = { alias: aliasName, version, grey, ...waiting(options) };
        const change = await (await client()).setAlias(name, input);
        output.result(change, aliasChangeText(name, change));
      } finally {
        progress.stop();
      }
    });

  alias
    .command("delete")
    .description("delete an alias that no rule names")
    .argument("<function>", "name of the function")
    .argument("<alias>", "name of the alias")
    .action(async (name: string, aliasName: string, _options, command) => {
      const { client, output } = open(command);
      await (await client()).deleteAlias(name, aliasName);
      output.result({ deleted: aliasName }, `deleted alias ${aliasName} of ${name}`);
    });
};

interface SetOptions {
  readonly wait?: number;
  readonly grey?: string;
  readonly weight?: number;
  readonly sticky?: GreySticky;
  readonly when?: readonly GreyRule[];
  readonly any?: boolean;
}

/** @throws CliError for options that do not go together. */
function greyOf({ grey: version, weight, sticky, when, any }: SetOptions): AliasGrey | null {
  if (version === undefined) {
    if (weight === undefined && sticky === undefined && when === undefined && any === undefined) return null;
    throw new CliError(exitCodes.usage, "--weight, --sticky, --when and --any go with --grey VERSION");
  }
  if ((weight === undefined) === (when === undefined)) {
    throw new CliError(exitCodes.usage, "--grey: allowed with exactly one of --weight and --when");
  }
  if (when !== undefined && sticky !== undefined) throw new CliError(exitCodes.usage, "--sticky: goes with --weight");
  if (when === undefined && any !== undefined) throw new CliError(exitCodes.usage, "--any: goes with --when");
  return when === undefined
    ? { by: "weight", version, weight: weight ?? 0, sticky: sticky ?? null }
    : { by: "rules", version, combine: any === true ? "any" : "all", rules: when };
}

function collectRule(text: string, previous: readonly GreyRule[] | undefined): readonly GreyRule[] {
  const rule = parseRuleText(text);
  if (typeof rule === "string") throw new InvalidArgumentError(`${rule}.`);
  return [...(previous ?? []), rule];
}

function waiting({ wait }: SetOptions): { readonly waitSeconds?: number } {
  return wait === undefined ? {} : { waitSeconds: wait };
}

/** What moving an alias did. */
export function aliasChangeText(name: string, { alias, rollout }: AliasChange): string {
  const grey = alias.grey === null ? "" : `, and ${greyText(alias.grey)}`;
  return `${name}: ${alias.name} names ${alias.version}${grey}; ${rolloutText(rollout)}`;
}
