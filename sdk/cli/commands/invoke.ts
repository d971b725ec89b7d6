/** `selvage invoke`: runs one hook of a function on one node, without any domain or rule, and shows what came of it. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Option } from "commander";
import type { InvokeInput } from "../../api.ts";
import type { InvokeResult } from "../../desired-state.ts";
import { eventHeaders } from "../../event-answer.ts";
import { phases, type Phase } from "../../phase.ts";
import type { CliContext } from "../cli-context.ts";
import { CliError, exitCodes, refusal, ToldFailure } from "../exit-code.ts";
import { logLine } from "../log-line.ts";
import { collect, parseHeaderLine, parseMemory } from "../option-values.ts";
import { examples, type AddCommand } from "../session.ts";
import { printable } from "../text-table.ts";

interface InvokeOptions {
  readonly qualifier: string;
  readonly phase?: Phase;
  readonly method?: string;
  readonly path: string;
  readonly header?: readonly string[];
  readonly body?: string;
  readonly event?: string;
  readonly async?: true;
  readonly memory?: number;
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
    .option("--event <json>", "event of an event function, @FILE for a file's content, - for standard input")
    .option("--async", "with --event: accept it, print the request id and run it later (selvage calls show ID)")
    .option("--memory <MiB>", "with --event: size of the instance, one of those the function offers", parseMemory)
    .addHelpText(
      "after",
      examples(
        "invoke hello --path /greet?name=Ada",
        "invoke hello --body @order.json --header 'content-type: application/json'",
        `invoke resize --event '{"key":"value"}'`,
        "invoke resize --event @event.json --async",
      ),
    )
    .action(async (name: string, options: InvokeOptions, command) => {
      const { client, output, context } = open(command);
      const input = await readInput(options, context);
      if (options.async === true) {
        if (options.event === undefined) throw new CliError(exitCodes.usage, "--async needs --event");
        if (options.memory !== undefined) throw new CliError(exitCodes.usage, "--memory: not with --async");
        const { qualifier } = options;
        const accepted = await (await client()).calls.accept(name, { event: input.event, qualifier });
        output.result(accepted, accepted.requestId);
        return;
      }
      const progress = output.progress(`running ${name}`);
      try {
        const result = await (await client()).invoke(name, { qualifier: options.qualifier, ...input });
        progress.stop();
        for (const record of result.logs) output.note(logLine(record, output.colors));
        output.note(`${result.outcome.kind} in ${Math.round(result.durationMs)} ms`);
        output.result(result, outcomeText(result));
        if (hasFailed(result)) throw new ToldFailure(`${name} failed`);
      } finally {
        progress.stop();
      }
    });
};

type Input = Pick<InvokeInput, "event" | "memoryMiB" | "phase" | "request">;

async function readInput(options: InvokeOptions, context: CliContext): Promise<Input> {
  if (options.event !== undefined) {
    const beside = (["phase", "method", "header", "body"] as const).find((key) => options[key] !== undefined);
    if (beside !== undefined) throw new CliError(exitCodes.usage, `--event: received --${beside} beside it`);
    const size = options.memory === undefined ? {} : { memoryMiB: options.memory };
    return { event: parseEvent(await readContent(options.event, { context, what: "event" })), ...size };
  }
  if (options.memory !== undefined) throw new CliError(exitCodes.usage, "--memory needs --event");
  const { body: text, phase } = options;
  const body = text === undefined ? null : (await readContent(text, { context, what: "body" })).toString("base64");
  return {
    ...(phase === undefined ? {} : { phase }),
    request: {
      method: options.method ?? (body === null ? "GET" : "POST"),
      url: absoluteUrl(options.path),
      headers: (options.header ?? []).map(parseHeaderLine),
      body,
    },
  };
}

function parseEvent(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString()) as unknown;
  } catch (error) {
    throw new CliError(exitCodes.usage, `--event: not JSON: ${(error as Error).message}`);
  }
}

/** An event function says in its answer that it failed. */
function hasFailed({ outcome }: InvokeResult): boolean {
  if (outcome.kind !== "response") return outcome.kind === "failed";
  return outcome.headers.some(
    ([name, value]) => name.toLowerCase() === eventHeaders.isFunctionError && value === "true",
  );
}

function absoluteUrl(text: string): string {
  const url = URL.parse(text, "http://localhost/");
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
  throw new CliError(exitCodes.usage, `--path: received ${text}, allowed: a path or an http or https URL`);
}

async function readContent(
  text: string,
  { context, what }: { readonly context: CliContext; readonly what: string },
): Promise<Buffer> {
  if (text === "-") return Buffer.from(await context.readStdin());
  if (!text.startsWith("@")) return Buffer.from(text);
  const file = text.slice(1);
  try {
    return await readFile(resolve(context.workingDirectory, file));
  } catch (error) {
    throw refusal(`Cannot read the ${what}`, [{ path: file, message: (error as Error).message }]);
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
