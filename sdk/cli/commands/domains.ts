/** `selvage domains`: host names, their origins and their configuration. */
import { Option, type Command } from "commander";
import { stringify } from "yaml";
import { SelvageApiError } from "../../api-error.ts";
import type { SelvageClient } from "../../client.ts";
import type { CliContext } from "../cli-context.ts";
import { CliError, exitCodes } from "../exit-code.ts";
import { collect } from "../option-values.ts";
import { originSources, parseOrigin } from "../origin-sources.ts";
import { readInputFile } from "../read-input-file.ts";
import { rolloutText } from "../rollout-text.ts";
import { examples, type AddCommand, type OpenSession } from "../session.ts";
import { textTable } from "../text-table.ts";
import { addRollbackOf, addShow, addVersionsOf } from "./domains-history.ts";
import { addKeys } from "./domains-keys.ts";
import { addDiff, addPut, checkDocument } from "./domains-put.ts";

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
    .description("list, show, change, compare and roll back domains")
    .addHelpText(
      "after",
      examples(
        "domains set www.example.com --origin http://10.0.0.5:8000 --backup http://10.0.0.6:8000",
        "domains show www.example.com > domain.yaml",
        "domains diff www.example.com -f domain.yaml",
        'domains put www.example.com -f domain.yaml --comment "longer lifetimes"',
        "domains versions www.example.com",
        "domains rollback www.example.com",
        "domains keys url_auth",
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

  addShow(domains, open);
  addPut(domains, open);
  addDiff(domains, open);
  addVersionsOf(domains, open);
  addRollbackOf(domains, open);
  addKeys(domains, open);
  addSet(domains, open);

  domains
    .command("delete")
    .description("delete a domain with its rules and versions")
    .argument("<domain>", "host name of the domain")
    .action(async (domain: string, _options, command) => {
      const { client, output } = open(command);
      await (await client()).deleteDomain(domain);
      output.result({ deleted: domain }, `deleted domain ${domain}`);
    });
};

function addSet(domains: Command, open: OpenSession): void {
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
      const base = file === undefined ? await current(api, domain) : await fromFile(file, context);
      const document = checkDocument(domain, applyOptions(base.config, options));
      const change = await api.setDomain(domain, document, { expectedVersion: base.version });
      output.result(change, `${stringify(change.domain.config)}${rolloutText(change.rollout)}`);
    });
}

interface Base {
  readonly config: unknown;
  /** What is changed must still be this; undefined: whatever is there is replaced. */
  readonly version: number | "none" | undefined;
}

async function fromFile(file: string, context: CliContext): Promise<Base> {
  return { config: await readInputFile(file, context), version: undefined };
}

async function current(client: SelvageClient, domain: string): Promise<Base> {
  try {
    const { config, version } = await client.getDomain(domain);
    return { config, version };
  } catch (error) {
    if (error instanceof SelvageApiError && error.code === "NOT_FOUND") return { config: {}, version: "none" };
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
