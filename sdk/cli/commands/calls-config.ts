/** `selvage calls config`: how a function's asynchronous calls are treated. */
import type { Command } from "commander";
import { SelvageApiError } from "../../api-error.ts";
import { defaultAsyncConfig, parseAsyncConfig } from "../../async-config-parser.ts";
import type { AsyncConfig, AsyncConfigResource, CallDestination } from "../../calls.ts";
import type { SelvageClient } from "../../client.ts";
import { refusal } from "../exit-code.ts";
import { examples, type OpenSession } from "../session.ts";
import { textTable } from "../text-table.ts";

interface SetOptions {
  readonly qualifier?: string;
  readonly retries?: string;
  readonly maxAge?: string;
  readonly onSuccess?: string;
  readonly onFailure?: string;
}

export function addCallsConfig(calls: Command, open: OpenSession): void {
  const config = calls
    .command("config")
    .description("list, set or unset how a function's asynchronous calls are treated")
    .addHelpText(
      "after",
      examples(
        "calls config list resize",
        "calls config set resize --retries 3 --max-age 600",
        "calls config set resize --qualifier live --on-success function:notify@live --on-failure https://a.example/hook",
        "calls config set resize --on-failure none",
        "calls config unset resize --qualifier live",
      ),
    );

  config
    .command("list")
    .description("list what was set; everything else has one retry and a day")
    .argument("<function>", "name of the function")
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      const configs = await (await client()).calls.listConfigs(name);
      output.result(configs, configsText(configs));
    });

  config
    .command("set")
    .description("set for calls accepted from now on; what is not named stays as it is")
    .argument("<function>", "name of the function")
    .option("--qualifier <name>", "only calls to this alias, version or latest; default: the whole function")
    .option("--retries <count>", "further attempts after a failed one, 0..3")
    .option("--max-age <seconds>", "not tried any more after this time, 1..86400")
    .option("--on-success <destination>", "function:NAME[@QUALIFIER], queue:NAME, an http or https URL, or none")
    .option("--on-failure <destination>", "the same")
    .action(async (name: string, options: SetOptions, command) => {
      const { client, output } = open(command);
      const set = await setConfig(await client(), name, options);
      output.result(set, configsText([set]));
    });

  config
    .command("unset")
    .description("back to what holds otherwise")
    .argument("<function>", "name of the function")
    .option("--qualifier <name>", "of this alias, version or latest; default: of the whole function")
    .action(async (name: string, { qualifier }: Pick<SetOptions, "qualifier">, command) => {
      const { client, output } = open(command);
      await (await client()).calls.deleteConfig({ function: name, qualifier });
      output.result({}, `unset for ${name}${qualifier === undefined ? "" : `@${qualifier}`}`);
    });
}

async function setConfig(client: SelvageClient, name: string, options: SetOptions): Promise<AsyncConfigResource> {
  const target = { function: name, qualifier: options.qualifier };
  const { retries, maxAgeSeconds, onSuccess, onFailure } = await currentConfig(client, target);
  const parsed = parseAsyncConfig({
    retries: options.retries === undefined ? retries : numberOf(options.retries),
    maxAgeSeconds: options.maxAge === undefined ? maxAgeSeconds : numberOf(options.maxAge),
    onSuccess: options.onSuccess === undefined ? onSuccess : destinationOf(options.onSuccess),
    onFailure: options.onFailure === undefined ? onFailure : destinationOf(options.onFailure),
  });
  if (!parsed.ok) throw refusal(`Cannot set the calls of ${name}`, parsed.problems);
  return client.calls.setConfig(target, parsed.value);
}

async function currentConfig(
  client: SelvageClient,
  target: Parameters<SelvageClient["calls"]["getConfig"]>[0],
): Promise<AsyncConfig> {
  try {
    return await client.calls.getConfig(target);
  } catch (error) {
    // What is wrong with the function itself is said when it is set.
    if (error instanceof SelvageApiError && error.status === 404) return defaultAsyncConfig;
    throw error;
  }
}

/** A text that is no number stays one and is refused as such. */
function numberOf(text: string): unknown {
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}

function destinationOf(text: string): unknown {
  if (text === "none") return null;
  const [, kind, rest = ""] = /^(function|queue):(.*)$/s.exec(text) ?? [];
  if (kind === "queue") return { kind, queue: rest };
  if (kind === undefined) return { kind: "http", url: text };
  const [name, qualifier] = rest.split("@");
  return { kind, function: name, ...(qualifier === undefined ? {} : { qualifier }) };
}

function configsText(configs: readonly AsyncConfigResource[]): string {
  const rows = configs.map(({ qualifier, retries, maxAgeSeconds, onSuccess, onFailure }) => [
    qualifier ?? "(function)",
    String(retries),
    `${maxAgeSeconds} s`,
    destinationText(onSuccess),
    destinationText(onFailure),
  ]);
  return textTable(["FOR", "RETRIES", "MAX AGE", "ON SUCCESS", "ON FAILURE"], { rows, empty: "nothing was set" });
}

function destinationText(destination: CallDestination | null): string {
  switch (destination?.kind) {
    case undefined:
      return "-";
    case "function":
      return `function:${destination.function}@${destination.qualifier}`;
    case "http":
      return destination.url;
    case "queue":
      return `queue:${destination.queue}`;
  }
}
