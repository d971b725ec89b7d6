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
  const came = (): string => colors.green(`+ ${name}:${valueText(values.after)}`);
  const went = (): string => colors.red(`- ${name}:${valueText(values.before)}`);
  if (!("before" in values)) return came();
  if (!("after" in values)) return went();
  if (isWide(values.before) || isWide(values.after)) return `${went()}\n${came()}`;
  const [before, after] = [colors.red(valueText(values.before)), colors.green(valueText(values.after))];
  return `${colors.yellow(`~ ${name}:`)}${before} →${after}`;
}

/** Whether it takes lines of its own. */
function isWide(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** After a blank on the same line, or as indented YAML below. */
function valueText(value: unknown): string {
  if (!isWide(value)) return ` ${printable(JSON.stringify(value))}`;
  const lines = printable(stringify(value)).trimEnd().split("\n");
  return `\n${lines.map((line) => `    ${line}`).join("\n")}`;
}
