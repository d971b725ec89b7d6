/** `selvage invoke`: runs one hook of a function on one node, without any domain or rule, and shows what came of it. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Option } from "commander";
import type { InvokeResult } from "../../desired-state.ts";
import { phases, type Phase } from "../../phase.ts";
import type { CliContext } from "../cli-context.ts";
import { CliError, exitCodes, refusal, ToldFailure } from "../exit-code.ts";
import { logLine } from "../log-line.ts";
import { collect, parseHeaderLine } from "../option-values.ts";
import { examples, type AddCommand } from "../session.ts";
import { printable } from "../text-table.ts";

interface InvokeOptions {
  readonly qualifier: string;
  readonly phase?: Phase;
  readonly method?: string;
  readonly path: string;
  readonly header?: readonly string[];
  readonly body?: string;
}

export const addInvoke: AddCommand = (program, open) => {
  program
    .command("invoke")
    .description("run a function once; exit code 1 when it fails")
    .argument("<function>", "name of the function")
    .option("--qualifier <name>", "version or alias", "latest")
    .addOption(new Option("--phase <phase>", "hook to run; default: fetch if there is one").choices(phases))
    .option("--method <method>", "default: GET, with --body POST")
    .option("--path <url>", "path with query, or an absolute URL", "/")
    .option("--header <line>", "header such as 'accept: text/html'; repeat for several", collect)
    .option("--body <text>", "body, @FILE for a file's content, - for standard input")
    .addHelpText(
      "after",
      examples(
        "invoke hello --path /greet?name=Ada",
        "invoke hello --body @order.json --header 'content-type: application/json'",
      ),
    )
    .action(async (name: string, options: InvokeOptions, command) => {
      const { client, output, context } = open(command);
      const body = options.body === undefined ? null : (await readBody(options.body, context)).toString("base64");
      const progress = output.progress(`running ${name}`);
      try {
        const result = await (
          await client()
        ).invoke(name, {
          qualifier: options.qualifier,
          ...(options.phase === undefined ? {} : { phase: options.phase }),
          request: {
            method: options.method ?? (body === null ? "GET" : "POST"),
            url: absoluteUrl(options.path),
            headers: (options.header ?? []).map(parseHeaderLine),
            body,
          },
        });
        progress.stop();
        for (const record of result.logs) output.note(logLine(record, output.colors));
        output.note(`${result.outcome.kind} in ${Math.round(result.durationMs)} ms`);
        output.result(result, outcomeText(result));
        if (result.outcome.kind === "failed") throw new ToldFailure(`${name} failed`);
      } finally {
        progress.stop();
      }
    });
};

function absoluteUrl(text: string): string {
  const url = URL.parse(text, "http://localhost/");
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
  throw new CliError(exitCodes.usage, `--path: received ${text}, allowed: a path or an http or https URL`);
}

async function readBody(text: string, context: CliContext): Promise<Buffer> {
  if (text === "-") return Buffer.from(await context.readStdin());
  if (!text.startsWith("@")) return Buffer.from(text);
  const file = text.slice(1);
  try {
    return await readFile(resolve(context.workingDirectory, file));
  } catch (error) {
    throw refusal("Cannot read the body", [{ path: file, message: (error as Error).message }]);
  }
}

function outcomeText({ outcome }: InvokeResult): string {
  switch (outcome.kind) {
    case "response": {
      const head = [`${outcome.status}`, ...outcome.headers.map(([name, value]) => `${name}: ${value}`)];
      return printable(`${head.join("\n")}\n\n${Buffer.from(outcome.body, "base64").toString()}`);
    }
    case "request": {
      const head = [`${outcome.method} ${outcome.url}`, ...outcome.headers.map(([name, value]) => `${name}: ${value}`)];
      return printable(head.join("\n"));
    }
    case "continue":
      return "the message goes on unchanged";
    case "failed":
      return printable(`${outcome.code} ${outcome.message}`);
    default:
      return outcome satisfies never;
  }
}
