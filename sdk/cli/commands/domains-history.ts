/** `selvage domains show`, `versions` and `rollback`: what a domain is, what it was, and back. */
import type { Command } from "commander";
import { stringify } from "yaml";
import type { DomainResource, DomainVersionResource } from "../../api.ts";
import { toDomainInput } from "../../domain-document.ts";
import { parseVersionNumber, parseWaitSeconds } from "../option-values.ts";
import type { OpenSession } from "../session.ts";
import { textTable } from "../text-table.ts";
import { bareRule, domainChangeText } from "./domains-put.ts";

export function addShow(domains: Command, open: OpenSession): void {
  domains
    .command("show")
    .alias("get")
    .description(
      "show one domain as the document that `domains put` takes; secrets are masked, a mask put back keeps them",
    )
    .argument("<domain>", "host name of the domain")
    // Not `--version`, which shows the tool's own.
    .option("--at <version>", "as it was in this version", parseVersionNumber)
    .option("--secrets", "show secrets (administrators only)")
    .action(async (domain: string, options: { at?: number; secrets?: true }, command) => {
      const { client, output } = open(command);
      const api = await client();
      const secrets = options.secrets === undefined ? {} : { secrets: true };
      const resource =
        options.at === undefined
          ? await api.getDomain(domain, secrets)
          : await api.getDomainVersion(domain, { version: options.at, ...secrets });
      output.result(resource, documentText(resource));
    });
}

export function addVersionsOf(domains: Command, open: OpenSession): void {
  domains
    .command("versions")
    .description("list a domain's versions, newest first; the newest is served")
    .argument("<domain>", "host name of the domain")
    .action(async (domain: string, _options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).listDomainVersions(domain);
      const rows = list.map(({ version, createdAt, author, comment }) => [
        String(version),
        createdAt,
        author.name,
        comment,
      ]);
      output.result(list, textTable(["VERSION", "CREATED", "BY", "COMMENT"], { rows, empty: "no versions" }));
    });
}

interface RollbackOptions {
  readonly to?: number;
  readonly comment?: string;
  readonly wait?: number;
}

export function addRollbackOf(domains: Command, open: OpenSession): void {
  domains
    .command("rollback")
    .description("make an earlier version the newest again, configuration and rules together")
    .argument("<domain>", "host name of the domain")
    .option("--to <version>", "this version instead of the one before", parseVersionNumber)
    .option("--comment <text>", "what the new version is for")
    .option("--wait <seconds>", "wait 0..30 s for nodes to serve it", parseWaitSeconds)
    .action(async (domain: string, { to, comment, wait }: RollbackOptions, command) => {
      const { client, output } = open(command);
      const change = await (
        await client()
      ).rollbackDomain(domain, {
        ...(to === undefined ? {} : { version: to }),
        ...(comment === undefined ? {} : { comment }),
        ...(wait === undefined ? {} : { waitSeconds: wait }),
      });
      output.result(change, domainChangeText(change, output));
    });
}

function documentText({ config, rules }: DomainResource | DomainVersionResource): string {
  const document = toDomainInput({ config, rules });
  return stringify(rules.length === 0 ? document : { ...document, rules: rules.map(bareRule) });
}
