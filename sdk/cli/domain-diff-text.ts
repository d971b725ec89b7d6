/** Differences between domain documents for people: `+` what came, `-` what went, `~` what changed. */
import { stringify } from "yaml";
import type { DomainDifference } from "../domain-diff.ts";
import type { Colors } from "./output.ts";
import { printable } from "./text-table.ts";

/** One difference after another; `empty` when there are none. */
export function domainDiffText(
  differences: readonly DomainDifference[],
  { colors, empty }: { readonly colors: Colors; readonly empty: string },
): string {
  if (differences.length === 0) return empty;
  return differences.map((difference) => differenceText(difference, colors)).join("\n");
}

function differenceText({ path, ...values }: DomainDifference, colors: Colors): string {
  const name = printable(path);
  if (!("before" in values)) return colors.green(`+ ${name}: ${valueText(values.after)}`);
  if (!("after" in values)) return colors.red(`- ${name}: ${valueText(values.before)}`);
  const before = colors.red(valueText(values.before));
  return `${colors.yellow(`~ ${name}:`)} ${before} → ${colors.green(valueText(values.after))}`;
}

/** On one line, or as indented YAML when it is an object or a list of objects. */
function valueText(value: unknown): string {
  if (typeof value !== "object" || value === null) return printable(JSON.stringify(value));
  const lines = printable(stringify(value)).trimEnd().split("\n");
  return `\n${lines.map((line) => `    ${line}`).join("\n")}`;
}
