/**
 * `selvage env`: a function's plain variables and secrets. Changes take effect with the next published version.
 *
 * The control plane replaces the whole environment at once; stored secrets are kept by naming them with null.
 */
import type { EnvironmentInput, EnvironmentResource } from "../../api.ts";
import { parseEnvironment } from "../../environment-parser.ts";
import type { SelvageClient } from "../../client.ts";
import { refusal } from "../exit-code.ts";
import { parsePair } from "../option-values.ts";
import { readSecret } from "../secret-value.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addEnv: AddCommand = (program, open) => {
  const env = program
    .command("env")
    .description("list, set or unset a function's environment variables and secrets")
    .addHelpText(
      "after",
      examples(
        "env list hello",
        "env set hello GREETING=hi",
        "env set hello API_KEY --secret < key.txt",
        "env unset hello GREETING",
      ),
    );

  env
    .command("list")
    .description("list variables with values and secrets without")
    .argument("<function>", "name of the function")
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      const environment = await (await client()).getEnvironment(name);
      output.result(environment, environmentText(environment));
    });

  env
    .command("set")
    .description("set variables (KEY=VALUE) or, with --secret, secrets (KEY=VALUE, or KEY from environment or stdin)")
    .argument("<function>", "name of the function")
    .argument("<pairs...>", "KEY=VALUE, or KEY with --secret")
    .option("--secret", "store encrypted; the value is never shown again")
    .action(async (name: string, pairs: readonly string[], options: { secret?: true }, command) => {
      const { client, output, context } = open(command);
      const given = options.secret
        ? { variables: {}, secrets: Object.fromEntries(await readSecrets(pairs, context)) }
        : { variables: Object.fromEntries(pairs.map(parsePair)), secrets: {} };
      const environment = await changeEnvironment(await client(), { name, set: given });
      output.result(environment, `set ${pairs.length} for ${name}, effective with its next version`);
    });

  env
    .command("unset")
    .description("remove variables and secrets")
    .argument("<function>", "name of the function")
    .argument("<keys...>", "their names")
    .action(async (name: string, keys: readonly string[], _options, command) => {
      const { client, output } = open(command);
      const environment = await changeEnvironment(await client(), { name, unset: keys });
      output.result(environment, `removed ${keys.join(", ")} from ${name}, effective with its next version`);
    });
};

interface EnvironmentChange {
  readonly name: string;
  readonly set?: {
    readonly variables: Readonly<Record<string, string>>;
    readonly secrets: Readonly<Record<string, string>>;
  };
  readonly unset?: readonly string[];
}

/** Reads, merges and replaces the environment. A key set as variable stops being a secret, and the other way round. */
export async function changeEnvironment(
  client: SelvageClient,
  change: EnvironmentChange,
): Promise<EnvironmentResource> {
  const { variables = {}, secrets = {} } = change.set ?? {};
  const current = await client.getEnvironment(change.name);
  const missing = (change.unset ?? []).filter((key) => !(key in current.variables) && !current.secrets.includes(key));
  if (missing.length > 0) {
    const problems = missing.map((path) => ({ path, message: "is neither a variable nor a secret of this function" }));
    throw refusal(`Cannot remove from ${change.name}`, problems);
  }
  const input: EnvironmentInput = {
    variables: { ...without(current.variables, [...Object.keys(secrets), ...(change.unset ?? [])]), ...variables },
    secrets: {
      ...without(Object.fromEntries(current.secrets.map((key) => [key, null])), [
        ...Object.keys(variables),
        ...(change.unset ?? []),
      ]),
      ...secrets,
    },
  };
  const parsed = parseEnvironment(input);
  if (!parsed.ok) throw refusal(`Cannot set the environment of ${change.name}`, parsed.problems);
  return client.setEnvironment(change.name, parsed.value);
}

function without<T>(values: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));
}

async function readSecrets(
  pairs: readonly string[],
  context: Parameters<typeof readSecret>[1],
): Promise<readonly (readonly [string, string])[]> {
  const secrets: (readonly [string, string])[] = [];
  for (const pair of pairs) secrets.push(await readSecret(pair, context));
  return secrets;
}

function environmentText({ variables, secrets }: EnvironmentResource): string {
  const rows = [
    ...Object.entries(variables).map(([key, value]) => [key, value]),
    ...secrets.map((key) => [key, "(secret)"]),
  ];
  return textTable(["KEY", "VALUE"], { rows, empty: "no variables and no secrets" });
}
