/** `selvage quotas`: how much may be stored, and how much is. */
import { InvalidArgumentError } from "commander";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addQuotas: AddCommand = (program, open) => {
  const quotas = program
    .command("quotas")
    .description("list or change quotas")
    .addHelpText("after", examples("quotas", "quotas set functions 50000", "quotas reset functions"));

  quotas
    .command("list", { isDefault: true })
    .description("list quotas and what is used of them")
    .action(async (_options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).listQuotas();
      const rows = list.map(({ name, used, value, default: standard, unit, meaning }) => {
        const shown = unit === "count" ? String(value) : `${String(value)} ${unit}`;
        return [name, String(used), shown, value === standard ? "" : `default ${String(standard)}`, meaning];
      });
      output.result(list, textTable(["QUOTA", "USED", "ALLOWED", "CHANGED", "OF"], { rows, empty: "no quotas" }));
    });

  quotas
    .command("set")
    .description("change a quota (administrators); one below what is used takes nothing away")
    .argument("<name>", "quota")
    .argument("<value>", "what it allows", parseValue)
    .action(async (name: string, value: number, _options, command) => {
      const { client, output } = open(command);
      const quota = await (await client()).setQuota(name, value);
      output.result(quota, `${quota.name} allows ${String(quota.value)}, used ${String(quota.used)}`);
    });

  quotas
    .command("reset")
    .description("bring a quota's default back (administrators)")
    .argument("<name>", "quota")
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      await (await client()).resetQuota(name);
      output.result({ reset: name }, `${name} has its default`);
    });
};

function parseValue(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`received ${text}, allowed: an integer from 0.`);
}
