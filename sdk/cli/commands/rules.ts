/** `selvage rules`: which functions run on a domain. Every change replaces the domain's rules in one step. */
import { Option, type Command } from "commander";
import type { DomainChange, RuleResource } from "../../api.ts";
import type { SelvageClient } from "../../client.ts";
import { formatProblems } from "../../problem.ts";
import { phases } from "../../phase.ts";
import type { Rule } from "../../rule.ts";
import { parseRules } from "../../rule-parser.ts";
import { CliError, exitCodes, refusal } from "../exit-code.ts";
import { parsePriority } from "../option-values.ts";
import { readInputFile } from "../read-input-file.ts";
import { rolloutText } from "../rollout-text.ts";
import { examples, type AddCommand, type OpenSession } from "../session.ts";
import { textTable } from "../text-table.ts";
import { bareRule } from "./domains-put.ts";

interface AddOptions {
  readonly phase: string;
  readonly function: string;
  readonly alias?: string;
  /** Not `--version`, which shows the tool's own. */
  readonly toVersion?: string;
  readonly priority?: number;
  readonly suffix?: string;
  readonly directory?: string;
  readonly path?: string;
  readonly stop?: true;
  readonly onError?: string;
  readonly disabled?: true;
}

export const addRules: AddCommand = (program, open) => {
  const rules = program
    .command("rules")
    .description("get, set, add or remove a domain's rules")
    .addHelpText(
      "after",
      examples(
        "rules get www.example.com",
        "rules set www.example.com rules.yaml",
        "rules add www.example.com --phase clientRequest --function gate --alias prod --directory /private",
        "rules remove www.example.com --phase clientRequest --priority 50",
      ),
    );

  rules
    .command("get")
    .description("list the rules in the order they run")
    .argument("<domain>", "host name of the domain")
    .action(async (domain: string, _options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).getRules(domain);
      output.result(list, rulesText(list));
    });

  rules
    .command("set")
    .description("replace all rules by those of a file (a list of rules, or an object with the key rules)")
    .argument("<domain>", "host name of the domain")
    .argument("<file>", "JSON or YAML file, - for standard input")
    .action(async (domain: string, file: string, _options, command) => {
      const { client, output, context } = open(command);
      const change = await replaceRules(await client(), { domain, input: unwrap(await readInputFile(file, context)) });
      output.result(change, changeText(change));
    });

  addAdd(rules, open);

  rules
    .command("remove")
    .description("remove the rule of a phase and priority")
    .argument("<domain>", "host name of the domain")
    .addOption(new Option("--phase <phase>", "its phase").choices(phases).makeOptionMandatory())
    .requiredOption("--priority <number>", "its priority", parsePriority)
    .action(async (domain: string, { phase, priority }: { phase: string; priority: number }, command) => {
      const { client, output } = open(command);
      const api = await client();
      const { rules: current, version } = await api.getDomain(domain);
      const rest = current.filter((rule) => rule.phase !== phase || rule.priority !== priority);
      if (rest.length === current.length) {
        throw new CliError(exitCodes.refused, `${domain} has no rule with phase ${phase} and priority ${priority}`);
      }
      const change = await replaceRules(api, { domain, input: rest.map(bareRule), version });
      output.result(change, changeText(change));
    });
};

function addAdd(rules: Command, open: OpenSession): void {
  rules
    .command("add")
    .description("add one rule; without --suffix, --directory and --path it matches everything")
    .argument("<domain>", "host name of the domain")
    .addOption(new Option("--phase <phase>", "when it runs").choices(phases).makeOptionMandatory())
    .requiredOption("--function <name>", "function to run")
    .option("--alias <alias>", "alias to run; default: prod, without --to-version")
    .option("--to-version <version>", "version to run; latest follows every publish")
    .option("--priority <number>", "1..100, larger runs first; default: the largest that is free", parsePriority)
    .addOption(
      new Option("--suffix <list>", "only paths with these suffixes, for example .jpg,.png").conflicts([
        "directory",
        "path",
      ]),
    )
    .addOption(
      new Option("--directory <list>", "only paths below these directories, for example /a,/b/c").conflicts("path"),
    )
    .option("--path <pattern>", "only this path, * is a wildcard, for example /img/*.jpg")
    .option("--stop", "end the phase after this rule")
    .addOption(new Option("--on-error <what>", "what a failing function means").choices(["fail", "continue"]))
    .option("--disabled", "store the rule without running it")
    .action(async (domain: string, options: AddOptions, command) => {
      const { client, output } = open(command);
      const api = await client();
      const { rules: current, version } = await api.getDomain(domain);
      const input = [...current.map(bareRule), newRule(options, current)];
      const change = await replaceRules(api, { domain, input, version });
      output.result(change, changeText(change));
    });
}

async function replaceRules(
  client: SelvageClient,
  { domain, input, version }: { readonly domain: string; readonly input: unknown; readonly version?: number },
): Promise<DomainChange> {
  const parsed = parseRules(input);
  if (!parsed.ok) throw refusal(`Cannot set the rules of ${domain}`, parsed.problems);
  return client.setRules(domain, { rules: parsed.value, expectedVersion: version });
}

/** Files may hold the list itself or what `GET …/rules` answers. */
function unwrap(input: unknown): unknown {
  const list: unknown = typeof input === "object" && input !== null && "rules" in input ? input.rules : input;
  return Array.isArray(list) ? list.map((rule: unknown) => bareRule(rule)) : list;
}

function newRule(options: AddOptions, current: readonly Rule[]): unknown {
  const { alias, toVersion, phase } = options;
  return {
    phase,
    ...matchOf(options),
    function: options.function,
    ...(toVersion === undefined
      ? { alias: alias ?? "prod" }
      : { version: toVersion, ...(alias === undefined ? {} : { alias }) }),
    priority: options.priority ?? largestFree(current, phase),
    enabled: options.disabled !== true,
    stop: options.stop === true,
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  };
}

function matchOf({ suffix, directory, path }: AddOptions): object {
  if (suffix !== undefined) return { matchType: "suffix", matchContent: suffix };
  if (directory !== undefined) return { matchType: "directory", matchContent: directory };
  return path === undefined ? { matchType: "all" } : { matchType: "path", matchContent: path };
}

function largestFree(rules: readonly Rule[], phase: string): number {
  const taken = new Set(rules.filter((rule) => rule.phase === phase).map((rule) => rule.priority));
  for (let priority = 100; priority >= 1; priority--) if (!taken.has(priority)) return priority;
  throw new CliError(
    exitCodes.refused,
    formatProblems([{ path: "priority", message: `phase ${phase} has no free one` }]),
  );
}

function rulesText(rules: readonly RuleResource[]): string {
  const sorted = rules.toSorted((a, b) => phases.indexOf(a.phase) - phases.indexOf(b.phase) || b.priority - a.priority);
  return textTable(["PHASE", "PRIORITY", "MATCH", "FUNCTION", "RUNS", "STOP", "ON ERROR", "ENABLED"], {
    rows: sorted.map((rule) => [
      rule.phase,
      String(rule.priority),
      rule.matchContent === undefined ? rule.matchType : `${rule.matchType} ${rule.matchContent}`,
      rule.function,
      rule.version === undefined ? `alias ${rule.alias ?? ""}` : `${rule.version}${rule.floating ? " (floating)" : ""}`,
      rule.stop ? "yes" : "no",
      rule.onError,
      rule.enabled ? "yes" : "no",
    ]),
    empty: "no rules: selvage rules add",
  });
}

function changeText({ domain, rollout }: DomainChange): string {
  return `${rulesText(domain.rules)}\n${rolloutText(rollout)}`;
}
