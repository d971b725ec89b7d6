/** `selvage domains put` and `diff`: a whole document from a file. */
import type { Command } from "commander";
import type { DomainChange } from "../../api.ts";
import { parseDomainInput, toDomainInput } from "../../domain-document.ts";
import { domainDiffText } from "../domain-diff-text.ts";
import { CliError, exitCodes, refusal, ToldFailure } from "../exit-code.ts";
import { parseVersionNumber, parseWaitSeconds } from "../option-values.ts";
import type { Output } from "../output.ts";
import { readInputFile } from "../read-input-file.ts";
import { rolloutText } from "../rollout-text.ts";
import type { OpenSession, Session } from "../session.ts";

interface PutOptions {
  readonly file: string;
  readonly comment?: string;
  readonly expect?: number;
  readonly dryRun?: true;
  readonly wait?: number;
}

export function addPut(domains: Command, open: OpenSession): void {
  domains
    .command("put")
    .description("replace a domain by the document of a file; its rules stay unless the document has rules")
    .argument("<domain>", "exact host name, or *.example.com")
    .requiredOption("-f, --file <file>", "JSON or YAML file with the whole document, - for standard input")
    .option("--comment <text>", "what the new version is for")
    .option("--expect <version>", "only if the domain is at this version", parseVersionNumber)
    .option("--dry-run", "check and show what would change")
    .option("--wait <seconds>", "wait 0..30 s for nodes to serve it", parseWaitSeconds)
    .action(async (domain: string, options: PutOptions, command) => {
      const session = open(command);
      const document = await readDocument(session, { domain, file: options.file });
      const change = await (
        await session.client()
      ).setDomain(domain, document, {
        comment: options.comment,
        expectedVersion: options.expect,
        dryRun: options.dryRun,
        waitSeconds: options.wait,
      });
      session.output.result(change, domainChangeText(change, session.output));
    });
}

interface DiffOptions {
  readonly file?: string;
  readonly from?: number;
  readonly to?: number;
  readonly exitCode?: true;
}

export function addDiff(domains: Command, open: OpenSession): void {
  domains
    .command("diff")
    .description("what a document would change, or what differs between two versions")
    .argument("<domain>", "host name of the domain")
    .option("-f, --file <file>", "document to compare with what is served, - for standard input")
    .option("--from <version>", "compare from this version", parseVersionNumber)
    .option("--to <version>", "to this version; default: what is served", parseVersionNumber)
    .option("--exit-code", "end with 1 when there are differences")
    .action(async (domain: string, options: DiffOptions, command) => {
      const session = open(command);
      const { output } = session;
      const differences = await findDifferences(session, { domain, options });
      const text = domainDiffText(differences, { colors: output.colors, empty: "no differences" });
      output.result({ differences }, text);
      if (options.exitCode === true && differences.length > 0) {
        throw new ToldFailure(`there are differences: ${differences.length}`);
      }
    });
}

async function findDifferences(
  session: Session,
  { domain, options }: { readonly domain: string; readonly options: DiffOptions },
): ReturnType<Awaited<ReturnType<Session["client"]>>["diffDomain"]> {
  const { file, from, to } = options;
  if ((file === undefined) === (from === undefined) || (file !== undefined && to !== undefined)) {
    throw new CliError(
      exitCodes.usage,
      "received no document and no version, or both, allowed: -f FILE or --from VERSION",
    );
  }
  if (file === undefined) return (await session.client()).diffDomainVersions(domain, { from: from ?? 1, to });
  const document = await readDocument(session, { domain, file });
  return (await session.client()).diffDomain(domain, document);
}

/** What a change did, for people. */
export function domainChangeText(change: DomainChange, { colors }: Output): string {
  const { domain, changes, dryRun, rollout } = change;
  if (changes.length === 0) return `nothing changes: ${domain.config.domain} stays at version ${domain.version}`;
  const text = domainDiffText(changes, { colors, empty: "" });
  const version = `${domain.config.domain} version ${domain.version}`;
  return dryRun ? `${text}\ndry run: would be ${version}` : `${text}\n${version}: ${rolloutText(rollout)}`;
}

/** The document of a file, checked before anything is sent; keys left out are filled in. */
export async function readDocument(
  { context }: Pick<Session, "context">,
  { domain, file }: { readonly domain: string; readonly file: string },
): Promise<Readonly<Record<string, unknown>>> {
  return checkDocument(domain, await readInputFile(file, context));
}

/** @throws CliError with every problem. */
export function checkDocument(domain: string, input: unknown): Readonly<Record<string, unknown>> {
  const parsed = parseDomainInput(withoutRemarks(input), domain, { secrets: ["clear", "masked"] });
  if (!parsed.ok) throw refusal(`Cannot set ${domain}`, parsed.problems);
  const { config, rules } = parsed.value;
  return rules === null ? { ...config } : { ...toDomainInput({ config, rules: [] }), rules };
}

/** Rules as they are listed carry `floating`, the control plane's remark. */
function withoutRemarks(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("rules" in input) || !Array.isArray(input.rules)) return input;
  return { ...input, rules: input.rules.map(bareRule) };
}

/** A listed rule as it is sent. */
export function bareRule(rule: unknown): unknown {
  if (typeof rule !== "object" || rule === null) return rule;
  return Object.fromEntries(Object.entries(rule).filter(([key]) => key !== "floating"));
}
