/** `selvage logs`: what functions wrote and how they failed. With `--follow` one record per line until interrupted. */
import { Option } from "commander";
import type { LogQuery } from "../../client.ts";
import type { LogRecord } from "../../desired-state.ts";
import { logLine } from "../log-line.ts";
import { parseLimit } from "../option-values.ts";
import { examples, type AddCommand } from "../session.ts";

interface LogOptions {
  readonly follow?: true;
  readonly level?: LogRecord["level"];
  readonly requestId?: string;
  readonly limit?: number;
}

export const addLogs: AddCommand = (program, open) => {
  program
    .command("logs")
    .description("show log lines and errors of functions, oldest first")
    .argument("[function]", "only this function's")
    .option("-f, --follow", "go on with new records as they come (with --json one object per line)")
    .addOption(new Option("--level <level>", "least severe level").choices(["debug", "info", "warn", "error"]))
    .option("--request-id <id>", "only this request's")
    .option("--limit <number>", "newest records, 1..10000", parseLimit)
    .addHelpText(
      "after",
      examples("logs hello --follow", "logs --level error --limit 20", "logs --request-id ID --json"),
    )
    .action(async (name: string | undefined, { follow, ...rest }: LogOptions, command) => {
      const { client, output, context } = open(command);
      const query: LogQuery = { ...(name === undefined ? {} : { function: name }), ...rest };
      const api = await client();
      if (follow !== true) {
        const records = await api.listLogs(query);
        const sorted = records.toSorted((a, b) => a.time - b.time);
        output.result(sorted, sorted.map((record) => logLine(record, output.colors)).join("\n"));
        return;
      }
      for await (const record of api.followLogs(query, context.stop)) {
        output.item(record, logLine(record, output.colors));
      }
    });
};
