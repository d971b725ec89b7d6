/** `selvage domains`: host names, their origins and their configuration. */
import { Option } from "commander";
import { stringify } from "yaml";
import { SelvageApiError } from "../../api-error.ts";
import type { SelvageClient } from "../../client.ts";
import { parseDomain } from "../../domain-parser.ts";
import { CliError, exitCodes, refusal } from "../exit-code.ts";
import { collect } from "../option-values.ts";
import { originSources, parseOrigin } from "../origin-sources.ts";
import { readInputFile } from "../read-input-file.ts";
import { rolloutText } from "../rollout-text.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

interface SetOptions {
  readonly origin?: readonly string[];
  readonly backup?: readonly string[];
  readonly hostHeader?: string;
  readonly enable?: true;
  readonly disable?: true;
}

export const addDomains: AddCommand = (program, open) => {
  const domains = program
    .command("domains")
    .description("list, get, set or delete domains")
    .addHelpText(
      "after",
      examples(
        "domains set www.example.com --origin http://10.0.0.5:8000 --backup http://10.0.0.6:8000",
        "domains set www.example.com domain.yaml",
        "domains get www.example.com",
        "domains delete www.example.com",
      ),
    );

  domains
    .command("list", { isDefault: true })
    .description("list all domains")
    .action(async (_options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).listDomains();
      const rows = list.map(({ config, rules }) => [
        config.domain,
        config.enabled ? "yes" : "no",
        config.sources.map(({ origin_addr }) => origin_addr).join(","),
        String(rules.length),
      ]);
      const header = ["DOMAIN", "ENABLED", "ORIGINS", "RULES"];
      output.result(list, textTable(header, { rows, empty: "no domains: selvage domains set" }));
    });

  domains
    .command("get")
    .description("show one domain as the file that `domains set` takes")
    .argument("<domain>", "host name of the domain")
    .action(async (domain: string, _options, command) => {
      const { client, output } = open(command);
      const resource = await (await client()).getDomain(domain);
      output.result(resource, stringify(resource.config));
    });

  domains
    .command("set")
    .description("create or change a domain: from a file, or by options on top of what it is")
    .argument("<domain>", "exact host name, or *.example.com")
    .argument("[file]", "JSON or YAML file with the whole configuration, - for standard input")
    .option("--origin <url>", "origin such as http://10.0.0.5:8000; repeat for several; replaces the origins", collect)
    .option("--backup <url>", "origin used when the others fail; repeat for several", collect)
    .option("--host-header <name>", "Host header and TLS name towards the origins; default: the client's")
    .addOption(new Option("--enable", "serve it").conflicts("disable"))
    .option("--disable", "answer 404 for it")
    .action(async (domain: string, file: string | undefined, options: SetOptions, command) => {
      const { client, output, context } = open(command);
      const api = await client();
      const base = file === undefined ? await currentConfig(api, domain) : await readInputFile(file, context);
      const parsed = parseDomain(applyOptions(base, options), domain);
      if (!parsed.ok) throw refusal(`Cannot set ${domain}`, parsed.problems);
      const { domain: _domain, ...config } = parsed.value;
      const change = await api.setDomain(domain, config);
      output.result(change, `${stringify(change.domain.config)}${rolloutText(change.rollout)}`);
    });

  domains
    .command("delete")
    .description("delete a domain with its rules")
    .argument("<domain>", "host name of the domain")
    .action(async (domain: string, _options, command) => {
      const { client, output } = open(command);
      await (await client()).deleteDomain(domain);
      output.result({ deleted: domain }, `deleted domain ${domain}`);
    });
};

async function currentConfig(client: SelvageClient, domain: string): Promise<unknown> {
  try {
    return (await client.getDomain(domain)).config;
  } catch (error) {
    if (error instanceof SelvageApiError && error.code === "NOT_FOUND") return {};
    throw error;
  }
}

/** What is not an object stays as it is: the parser refuses it. */
function applyOptions(base: unknown, options: SetOptions): unknown {
  if (typeof base !== "object" || base === null || Array.isArray(base)) return base;
  const urls = (options.origin ?? []).map(parseOrigin);
  const backups = (options.backup ?? []).map(parseOrigin);
  const hasOrigins = urls.length + backups.length > 0;
  if (!hasOrigins && options.hostHeader !== undefined) {
    throw new CliError(exitCodes.usage, "--host-header needs --origin");
  }
  return {
    ...base,
    ...(hasOrigins ? originSources(urls, { backups, hostName: options.hostHeader }) : {}),
    ...(options.enable === true ? { enabled: true } : {}),
    ...(options.disable === true ? { enabled: false } : {}),
  };
}
