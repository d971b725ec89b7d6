/** `selvage rollback`: an alias goes back to what it named before. */
import { parseWaitSeconds } from "../option-values.ts";
import { examples, type AddCommand } from "../session.ts";
import { aliasChangeText } from "./alias.ts";

export const addRollback: AddCommand = (program, open) => {
  program
    .command("rollback")
    .description("move an alias back to the version it named before")
    .argument("<function>", "name of the function")
    .argument("[alias]", "name of the alias", "prod")
    .option("--to <version>", "to this version instead of the one before")
    .option("--wait <seconds>", "wait 0..30 s for nodes to serve it", parseWaitSeconds)
    .addHelpText("after", examples("rollback hello", "rollback hello canary --to v20260301-101500"))
    .action(async (name: string, alias: string, options: { to?: string; wait?: number }, command) => {
      const { client, output } = open(command);
      const progress = output.progress("waiting for nodes");
      try {
        const change = await (
          await client()
        ).rollback(name, {
          alias,
          ...(options.to === undefined ? {} : { version: options.to }),
          ...(options.wait === undefined ? {} : { waitSeconds: options.wait }),
        });
        output.result(change, aliasChangeText(name, change));
      } finally {
        progress.stop();
      }
    });
};
