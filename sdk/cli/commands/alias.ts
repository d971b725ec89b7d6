/** `selvage alias`: names that rules bind and that are moved from version to version. */
import type { AliasChange } from "../../api.ts";
import { parseWaitSeconds } from "../option-values.ts";
import { rolloutText } from "../rollout-text.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addAlias: AddCommand = (program, open) => {
  const alias = program
    .command("alias")
    .description("list, set or delete a function's aliases")
    .addHelpText(
      "after",
      examples("alias list hello", "alias set hello prod v20260301-101500", "alias delete hello canary"),
    );

  alias
    .command("list")
    .description("list a function's aliases")
    .argument("<function>", "name of the function")
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      const { aliases } = await (await client()).getFunction(name);
      const rows = aliases.map((entry) => [entry.name, entry.version, entry.updatedAt, entry.previous[0] ?? "-"]);
      const header = ["ALIAS", "VERSION", "UPDATED", "BEFORE"];
      output.result(aliases, textTable(header, { rows, empty: "no aliases: selvage alias set" }));
    });

  alias
    .command("set")
    .description("create an alias or move it to another version")
    .argument("<function>", "name of the function")
    .argument("<alias>", "name of the alias")
    .argument("<version>", "version it shall name")
    .option("--wait <seconds>", "wait 0..30 s for nodes to serve it", parseWaitSeconds)
    .action(async (name: string, aliasName: string, version: string, options: WaitOptions, command) => {
      const { client, output } = open(command);
      const progress = output.progress("waiting for nodes");
      try {
        const input = { alias: aliasName, version, ...waiting(options) };
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

interface WaitOptions {
  readonly wait?: number;
}

function waiting({ wait }: WaitOptions): { readonly waitSeconds?: number } {
  return wait === undefined ? {} : { waitSeconds: wait };
}

/** What moving an alias did. */
export function aliasChangeText(name: string, { alias, rollout }: AliasChange): string {
  return `${name}: ${alias.name} names ${alias.version}; ${rolloutText(rollout)}`;
}
